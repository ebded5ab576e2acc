"""The prompt by itself: picture, scale, histogram, spectrum, numbers; and the empty states of its tab."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

from vpns_gui import theme
from vpns_gui.views import prompt_pictures
from vpns_gui.views.prompt import PromptView
from vpns_gui.views.prompt_alone import PromptAlone
from vpns_gui.views.prompt_analysis import ready


def ring(canvas=16, pad=2, seed=3, size=0.06):
    random = np.random.default_rng(seed)
    added = (random.standard_normal((3, canvas, canvas)) * size).astype(np.float32)
    added[:, pad:-pad, pad:-pad] = 0
    return added


def sigmoid(values):
    return (1 / (1 + np.exp(-values))).astype(np.float32)


@pytest.fixture
def view(qtbot):
    view = PromptView()
    qtbot.addWidget(view)
    view.resize(1300, 850)
    view.show()
    return view


@pytest.fixture
def plain_app(qapp):
    before = QApplication.palette()
    yield qapp
    qapp.setProperty("vpns_dark", None)
    qapp.setPalette(before)


def shown(view, delta, added=None, region="ring", **more):
    view.set_prompt(ready(delta, delta if added is None else added, region=region, **more))
    return view.alone


def colour_at(picture, x, y):
    return picture.image.pixelColor(x, y).getRgb()[:3]


def choose(alone, channel):
    alone.controls.channel_box.setCurrentIndex(alone.controls.channel_box.findData(channel))


def test_that_sign_is_seen_and_zero_is_the_ground():
    values = np.array([[-1, -0.5, 0, 0.5, 1]], np.float32)
    for dark in (False, True):
        colours = prompt_pictures.diverging(values, dark=dark)[0].astype(int)
        assert colours[0][2] > colours[0][0] and colours[4][0] > colours[4][2]
        assert abs(colours[2][0] - colours[2][2]) <= 12
        assert (colours[1] != colours[3]).any()


def test_that_amplitudes_differ_in_lightness_ever_farther_from_the_ground():
    for dark in (False, True):
        colours = prompt_pictures.sequential(np.linspace(0, 1, 30)[None], dark=dark)[0] @ [0.299, 0.587, 0.114]
        steps = np.diff(colours)
        assert (steps > 0).all() if dark else (steps < 0).all()


def test_that_amplification_scales_and_the_bar_says_so(view):
    added = np.zeros((3, 16, 16), np.float32)
    added[:, 0, 0] = 8 / 255
    alone = shown(view, added)
    alone.controls.amplify.setValue(0)
    faint = colour_at(alone.picture, 0, 0)
    assert alone.scale.labels[0] == "+255/255"
    alone.controls.amplify.setValue(5)
    strong = colour_at(alone.picture, 0, 0)
    assert alone.scale.labels[0] == "+8.0/255"
    assert strong == tuple(prompt_pictures.diverging(np.ones((1, 1)), dark=False)[0, 0])
    assert faint != strong


def test_that_the_scale_is_chosen_until_a_person_chooses(view):
    alone = shown(view, ring(size=0.001))
    assert alone.controls.factor == 64
    shown(view, ring(size=0.2))
    assert alone.controls.factor <= 2
    alone.controls.amplify.setValue(3)
    shown(view, ring(size=0.001))
    assert alone.controls.factor == 8


def test_that_epochs_stay_comparable_and_another_run_begins_anew(view):
    alone = shown(view, ring(size=0.2))
    large = alone.controls.factor
    shown(view, ring(size=0.001))
    assert alone.controls.factor == large
    view.set_prompt(None)
    shown(view, ring(size=0.001))
    assert alone.controls.factor == 64


def test_that_channels_are_apart(view):
    added = np.zeros((3, 16, 16), np.float32)
    added[0, 0, 0], added[1, 0, 0] = 0.5, -0.5
    alone = shown(view, added)
    alone.controls.amplify.setValue(1)
    seen = {}
    for channel in prompt_pictures.CHANNELS:
        choose(alone, channel)
        seen[channel] = colour_at(alone.picture, 0, 0)
    assert seen["colour"] == (255, 0, 128)
    assert seen["mean"] == seen["blue"] == tuple(prompt_pictures.diverging(np.zeros((1, 1)), dark=False)[0, 0])
    assert seen["red"][0] > seen["red"][2] and seen["green"][2] > seen["green"][0]


def test_that_a_tensor_before_a_sigmoid_is_not_given_the_unit_of_pixels(view):
    delta = ring(size=2)
    alone = shown(view, delta, np.where(delta != 0, sigmoid(delta), 0).astype(np.float32), formula="added = sigmoid(delta)")
    assert "/255" in alone.numbers.text() and alone.scale.labels[0].endswith("/255")
    alone.controls.what.setCurrentIndex(alone.controls.what.findData("delta"))
    assert "/255" not in alone.numbers.text() + "".join(alone.scale.labels) and "sigmoid(delta)" in alone.numbers.text()
    assert (
        alone.controls.full == pytest.approx(8 / alone.controls.factor) and alone.controls.full >= np.abs(delta.mean(0)).max()
    )
    assert "/255" not in "".join(alone.histogram.bins)


def test_that_a_pixel_can_be_read(view):
    added = ring()
    alone = shown(view, added)
    area = alone.picture.place()
    pixel = alone.picture.pixel_at(QPointF(area.x() + 1, area.y() + 1))
    assert pixel == (0, 0)
    alone.picture.pointed_at.emit(pixel)
    assert f"{abs(added[0, 0, 0]) * 255:.1f}/255" in alone.pixel.text()
    alone.picture.pointed_at.emit(None)
    assert "Point at" in alone.pixel.text()


def test_that_a_picture_is_read_by_keyboard_and_goes_on_being_read_from_epoch_to_epoch(view, qtbot):
    added = ring()
    alone = shown(view, added)
    view.activateWindow()
    alone.picture.setFocus()
    qtbot.waitUntil(alone.picture.hasFocus)
    for _ in range(20):
        qtbot.keyClick(alone.picture, Qt.Key.Key_Left)
    qtbot.keyClick(alone.picture, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert alone.pixel.text().startswith("Pixel 0, 0: ") and f"{abs(added[0, 0, 0]) * 255:.1f}/255" in alone.pixel.text()
    assert alone.picture.accessibleDescription() == alone.pixel.text()
    shown(view, added * 2)
    assert f"{abs(added[0, 0, 0]) * 510:.1f}/255" in alone.pixel.text()
    view.switch.setFocus()
    assert "Point at" in alone.pixel.text()


def test_that_numbers_are_those_of_the_prompt(view):
    added = ring()
    images = np.zeros((2, 3, 16, 16), np.uint8)
    alone = shown(view, added, examples_N3SS=images)
    text, used = alone.numbers.text(), added[added != 0]
    assert f"L2 {np.linalg.norm(added) * 255:.1f}/255" in text and f"L∞ {np.abs(added).max() * 255:.1f}/255" in text
    assert f"Smallest −{-used.min() * 255:.1f}/255, largest +{used.max() * 255:.1f}/255" in text
    assert "336 of 768" in text and f"{np.mean(used < 0):.0%} of them end at the clamp".replace("%", " %") in text


def test_that_the_histogram_tells_the_bin_under_the_pointer(view, qtbot):
    added = np.zeros((3, 16, 16), np.float32)
    added[0, 0, :5], added[0, 1, :3] = 0.02, -0.01
    alone = shown(view, added)
    choose(alone, "red")
    said = []
    alone.histogram.pointed_at.connect(said.append)
    area = alone.histogram._area()
    for x in range(area.left(), area.right()):
        qtbot.mouseMove(alone.histogram, QPoint(x, area.center().y()))
    counted = [words for words in dict.fromkeys(said) if words and ": 0 values" not in words]
    assert any(words.endswith(": 5 values") for words in counted) and any(words.endswith(": 3 values") for words in counted)
    assert set(counted) <= set(alone.histogram.bins)


def test_that_the_spectrum_tells_the_wave_under_the_pointer(view):
    y, x = np.mgrid[:16, :16]
    added = np.broadcast_to((0.1 * np.cos(2 * np.pi * 4 * x / 16)).astype(np.float32), (3, 16, 16))
    alone = shown(view, np.ascontiguousarray(added))
    alone.spectrum.picture.pointed_at.emit((8 + 4, 8))
    assert alone.pixel.text() == f"Wave 4 across, 0 down per canvas (length 4 px): {0.05 * 255:.2g}/255"
    alone.spectrum.picture.pointed_at.emit((8, 8))
    assert alone.pixel.text().startswith("No wave: mean ")
    assert "Strongest: Wave" in alone.spectrum.picture.accessibleName() and y.size


def test_that_pictures_stand_side_by_side_where_there_is_room(qtbot):
    alone = PromptAlone()
    qtbot.addWidget(alone)
    alone.resize(900, 500)
    alone.show()
    alone.set_prompt(ready(ring(), ring()))
    assert alone.panels.all_seen and not alone.switch.isVisible() and alone.histogram.isVisible() and alone.spectrum.isVisible()
    alone.resize(440, 440)
    assert (
        not alone.panels.all_seen and alone.switch.isVisible() and alone.picture.isVisible() and not alone.histogram.isVisible()
    )
    alone.switch.setCurrentIndex(2)
    assert alone.spectrum.isVisible() and not alone.picture.isVisible()
    alone.resize(460, 900)
    assert alone.panels.all_seen and alone.histogram.y() > alone.picture.parentWidget().geometry().bottom()


def test_that_pictures_take_the_colours_of_the_theme(view, plain_app, qtbot):
    alone = shown(view, ring())
    light = [picture.image.copy() for picture in (alone.picture, alone.spectrum.picture)]
    theme.apply(plain_app, theme.DARK)
    qtbot.waitUntil(lambda: alone.picture.image != light[0] and alone.spectrum.picture.image != light[1])
    theme.apply(plain_app, theme.LIGHT)
    qtbot.waitUntil(lambda: alone.picture.image == light[0])


def test_that_every_picture_has_its_figures(view):
    added = ring()
    alone = shown(view, added)
    header, rows = alone._rows()
    assert header[2] == "red (of 255)" and len(rows) == 256
    assert list(rows[17]) == pytest.approx([1, 1, *(added[:, 1, 1] * 255)], rel=1e-5)
    assert len(rows[3:6]) == 3 and rows[-3:][-1][:2] == [15, 15]
    with pytest.raises(IndexError):
        rows[256]
    waves = alone.spectrum._rows()[1]
    assert waves[0][:2] == [-8, -8] and max(row[2] for row in waves) == pytest.approx(
        float(alone._analysis().spectra["mean"].max()) * 255, rel=1e-5
    )
    assert sum(row[2] for row in alone.histogram._rows()[1]) == np.count_nonzero(added.mean(axis=0))


def test_that_a_prompt_of_zeros_and_one_of_a_single_value_are_drawn(view):
    flat = np.zeros((3, 16, 16), np.float32)
    alone = shown(view, flat)
    assert "0 of 768" in alone.numbers.text() and alone.picture.image is not None
    view.grab()
    flat[:] = 0.25
    for channel in prompt_pictures.CHANNELS:
        shown(view, flat)
        choose(alone, channel)
        view.grab()
    assert "768 of 768" in alone.numbers.text()


def test_that_the_difference_on_images_has_the_scale_of_the_prompt(view):
    alone = shown(view, ring())
    given = []
    view.on_images.set_scale = lambda factor, channel: given.append((factor, channel))
    alone.controls.amplify.setValue(2)
    choose(alone, "blue")
    assert given[-1] == (4, "blue")


def test_that_empty_states_say_what_will_come(view):
    view.set_prompt(None)
    assert view.is_empty and "first epoch of the search" in view.note
    shown(view, ring())
    assert not view.is_empty and view.region.whole == "ring"
    for said, words in (
        (view.set_no_prompt, "no prompt in this run"),
        (view.set_not_kept, "not kept"),
        (view.set_not_here, "this epoch"),
    ):
        said()
        assert view.is_empty and words in view.note
    shown(view, ring())
    view.set_prompt(None)
    assert "first epoch of the search" in view.note


def test_that_a_switch_turns_to_the_comparison(view, qtbot):
    shown(view, ring())
    qtbot.keyClick(view.switch, Qt.Key.Key_Right)
    assert view.shows_pair and view.pair.isVisible() and not view.alone.isVisible() and not view.region.isVisible()
    view.show_pair(False)
    assert view.alone.isVisible() and view.region.isVisible()
