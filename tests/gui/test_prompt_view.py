"""The prompt view and its pictures."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from vpns_engine.bundled import resource
from vpns_gui.views import prompt_pictures
from vpns_gui.views.prompt import PromptView


def ring(canvas=16, pad=2, seed=3, size=0.06):
    random = np.random.default_rng(seed)
    added = (random.standard_normal((3, canvas, canvas)) * size).astype(np.float32)
    added[:, pad:-pad, pad:-pad] = 0
    return added


def digits(count=8):
    with np.load(resource("demo/digits.npz")) as file:
        key = next(name for name in file.files if file[name].ndim == 3)
        small = file[key][:count].astype(np.float32)
    big = np.kron(small / small.max() * 255, np.ones((1, 2, 2))).astype(np.uint8)
    return np.repeat(big[:, None], 3, axis=1)


@pytest.fixture
def view(qtbot):
    view = PromptView()
    qtbot.addWidget(view)
    view.resize(1300, 850)
    view.show()
    return view


def colour_at(picture, x, y):
    return picture.image.pixelColor(x, y).getRgb()[:3]


def test_that_sign_is_seen_and_zero_is_the_ground():
    values = np.array([[-1, -0.5, 0, 0.5, 1]], np.float32)
    for dark in (False, True):
        colours = prompt_pictures.diverging(values, dark=dark)[0].astype(int)
        assert colours[0][2] > colours[0][0] and colours[4][0] > colours[4][2]
        assert abs(colours[2][0] - colours[2][2]) <= 12
        assert (colours[1] != colours[3]).any()


def test_that_amplification_scales_and_the_bar_says_so(view):
    added = np.zeros((3, 16, 16), np.float32)
    added[:, 0, 0] = 8 / 255
    view.set_prompt(added, added, "ring")
    view.alone.amplify.setValue(0)
    faint = colour_at(view.alone.picture, 0, 0)
    assert view.alone.scale.labels[0] == "+255/255"
    view.alone.amplify.setValue(5)
    strong = colour_at(view.alone.picture, 0, 0)
    assert view.alone.scale.labels[0] == "+8.0/255"
    assert strong == tuple(prompt_pictures.diverging(np.ones((1, 1)), dark=False)[0, 0])
    assert faint != strong


def test_that_the_scale_is_chosen_until_a_person_chooses(view):
    view.set_prompt(ring(size=0.001), ring(size=0.001), "")
    assert view.alone.amplify.value() == 6
    view.set_prompt(ring(size=0.2), ring(size=0.2), "")
    assert view.alone.amplify.value() <= 1
    view.alone.amplify.setValue(3)
    view.set_prompt(ring(size=0.001), ring(size=0.001), "")
    assert view.alone.amplify.value() == 3


def test_that_channels_are_apart(view):
    added = np.zeros((3, 16, 16), np.float32)
    added[0, 0, 0], added[1, 0, 0] = 0.5, -0.5
    view.set_prompt(added, added, "")
    view.alone.amplify.setValue(1)
    seen = {}
    for index in range(view.alone.channel.count()):
        view.alone.channel.setCurrentIndex(index)
        seen[view.alone.channel.itemData(index)] = colour_at(view.alone.picture, 0, 0)
    assert seen["colour"] == (255, 0, 128)
    assert seen["mean"] == seen["blue"] == tuple(prompt_pictures.diverging(np.zeros((1, 1)), dark=False)[0, 0])
    assert seen["red"][0] > seen["red"][2] and seen["green"][2] > seen["green"][0]


def test_that_examples_are_padded_added_and_clipped():
    images = np.full((1, 3, 4, 4), 250, np.uint8)
    added = np.zeros((3, 7, 7), np.float32)
    added[:, 0, 0], added[0, 3, 3], added[1, 3, 3] = 0.5, 0.5, -0.5
    before, after = prompt_pictures.before_after(images, added)
    assert before.shape == after.shape == (1, 7, 7, 3)
    assert before[0, 2, 2, 0] == 250 and before[0, 1, 1, 0] == 0 and before[0, 5, 5, 0] == 250 and before[0, 6, 6, 0] == 0
    assert tuple(after[0, 0, 0]) == (128, 128, 128)
    assert tuple(after[0, 3, 3]) == (255, 122, 250)


def test_that_examples_are_shown_in_pairs(view):
    view.set_samples(digits(), [f"digit {i}" for i in range(8)])
    view.set_prompt(ring(), ring(), "pad")
    assert view._grid.num_pairs == 8 and view._grid.isVisible()
    before, after = view._grid.pair(0)
    assert before.pixelColor(8, 8) == after.pixelColor(8, 8)
    assert before != after


def test_that_the_slider_asks_for_epochs_and_follows_the_newest(view, qtbot):
    asked = []
    view.prompt_requested.connect(asked.append)
    view.set_prompts(["Search 1 / 30"])
    view.set_prompt(ring(), ring(), "")
    view.set_prompts(["Search 1 / 30", "Search 2 / 30"])
    view.set_prompts(["Search 1 / 30", "Search 2 / 30"])
    assert asked == [0, 1]
    qtbot.keyClick(view._slider.slider, Qt.Key.Key_Left)
    assert asked == [0, 1, 0] and view._slider.label.text() == "Search 1 / 30"
    view.set_prompts(["Search 1 / 30", "Search 2 / 30", "Search 3 / 30"])
    assert asked == [0, 1, 0] and view.index == 0


def test_that_a_pixel_can_be_read(view):
    added = ring()
    view.set_prompt(added, added, "")
    area = view.alone.picture.place()
    pixel = view.alone.picture.pixel_at(QPointF(area.x() + 1, area.y() + 1))
    assert pixel == (0, 0)
    view.alone.picture.pointed_at.emit(pixel)
    assert f"{abs(added[0, 0, 0]) * 255:.1f}/255" in view.alone.pixel.text()


def test_that_numbers_are_those_of_the_prompt(view):
    added = ring()
    view.set_prompt(added, added, "")
    assert f"L2 norm {np.linalg.norm(added):.3g}" in view.alone.numbers.text()
    assert "336 of 768" in view.alone.numbers.text()


def test_that_empty_states_say_what_will_come(view):
    view.set_prompts([])
    assert view._stack.is_empty and "first epoch of the search" in view._stack.note.text
    view.set_prompt(ring(), ring(), "")
    assert not view._stack.is_empty
    view.set_no_prompt()
    assert view._stack.is_empty and "no prompt in this run" in view._stack.note.text


def test_that_a_run_without_samples_says_so(view):
    view.set_prompt(ring(), ring(), "")
    view.set_samples(None)
    assert view._no_examples.isVisible() and not view._grid.isVisible()


def test_that_the_slider_opens_at_its_home_unless_a_person_chose(view, qtbot):
    asked = []
    view.prompt_requested.connect(asked.append)
    view.set_prompts(["Tune 1 / 3", "Tune 2 / 3, saved", "Tune 3 / 3"], 1)
    assert asked == [1] and view.index == 1
    view.set_prompts(["Tune 1 / 3", "Tune 2 / 3", "Tune 3 / 3", "Tune 4 / 4"])
    assert view.index == 3
    qtbot.keyClick(view._slider.slider, Qt.Key.Key_Home)
    view.set_prompts(["Tune 1 / 3", "Tune 2 / 3, saved", "Tune 3 / 3"], 1)
    assert view.index == 0
