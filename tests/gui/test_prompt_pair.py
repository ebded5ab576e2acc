"""Two prompts side by side: any two epochs, sparsities and runs, and their difference."""

import shutil

import numpy as np
import pytest

from tests.gui.made_runs import MadeRun, config
from vpns_engine.artifacts import read_arrays, write_arrays
from vpns_engine.store import RunStore
from vpns_gui.views.prompt_pair import NamedPrompt, PromptPairView


def made(seed, canvas=16, size=0.05):
    values = (np.random.default_rng(seed).standard_normal((3, canvas, canvas)) * size).astype(np.float32)
    return NamedPrompt(values, values, f"seed {seed}")


@pytest.fixture
def view(qtbot):
    view = PromptPairView()
    qtbot.addWidget(view)
    view.resize(920, 440)
    view.show()
    return view


def test_that_both_and_the_difference_have_one_scale(view):
    one, other = made(1, size=0.2), made(2, size=0.001)
    view.set_prompts(one, other)
    factor = view.controls.factor
    peak = max(np.abs(t.mean(axis=0)).max() for t in (one.added, one.added - other.added))
    assert factor * peak <= 1 < 2 * factor * peak
    view.set_prompts(one, one)
    assert view.pictures[0].image == view.pictures[1].image != view.pictures[2].image
    ground = view.pictures[2].image
    assert len({ground.pixel(x, y) for x in range(16) for y in range(16)}) == 1
    assert [label.whole for label in view.labels[:2]] == ["seed 1", "seed 1"]


def test_that_numbers_are_those_of_the_two_tensors(view):
    one, other = made(1), made(2)
    view.set_prompts(one, other)
    cosine = (one.added * other.added).sum() / np.linalg.norm(one.added) / np.linalg.norm(other.added)
    distance = np.linalg.norm(one.added - other.added) * 255
    assert (
        f"Cosine similarity {cosine:.3f}" in view.numbers.text()
        and f"L2 of the difference {distance:.1f}/255" in view.numbers.text()
    )
    zero = NamedPrompt(np.zeros_like(one.added), np.zeros_like(one.added), "zero")
    view.set_prompts(one, zero)
    assert "Cosine similarity unknown" in view.numbers.text()


def test_that_a_pixel_is_read_in_both_and_in_the_difference(view):
    one, other = made(1), made(2)
    view.set_prompts(one, other)
    view.pictures[1].pointed_at.emit((3, 5))
    text = view.pixel.text()
    for title, value in (
        ("A ", one.added[0, 5, 3]),
        ("B ", other.added[0, 5, 3]),
        ("A − B ", (one.added - other.added)[0, 5, 3]),
    ):
        assert f"{title}{'+' if value > 0 else '−'}{abs(value) * 255:.1f}/255" in text


def test_that_other_canvases_are_said_in_one_line(view):
    view.set_prompts(made(1), made(2, canvas=32))
    text = view.numbers.text()
    assert "16 px" in text and "32 px" in text and "\n" not in text and "no difference" in text
    assert view.pictures[0].image.width() == 16 and view.pictures[1].image.width() == 32 and view.pictures[2].image is None
    view.pictures[1].pointed_at.emit((20, 20))  # outside of A
    assert "B " in view.pixel.text() and "A " not in view.pixel.text()


def test_that_a_sigmoids_tensor_is_compared_without_pixels(view):
    one = made(1, size=3)
    other = NamedPrompt(one.delta, (1 / (1 + np.exp(-one.delta))).astype(np.float32), "sigmoid")
    view.set_prompts(one, other)
    assert "/255" in view.numbers.text()
    view.controls.what.setCurrentIndex(view.controls.what.findData("delta"))
    assert "/255" not in view.numbers.text() and "Cosine similarity 1.000" in view.numbers.text()


def test_that_without_two_prompts_it_says_what_to_choose(view):
    view.set_prompts(made(1), None)
    assert view._stack.is_empty and "Choose a run" in view._stack.note.text
    view.set_note("prompt_0001.safetensors cannot be read")
    assert "cannot be read" in view._stack.note.text
    view.set_prompts(made(1), made(2))
    assert not view._stack.is_empty


@pytest.fixture
def two_runs(runs, finished_run):
    """Give a real run, and a copy of it in which every prompt is turned around."""
    folders = [runs / finished_run.folder.name, runs / f"{finished_run.folder.name}_turned"]
    for folder in folders:
        shutil.copytree(finished_run.folder, folder)
    for path in folders[1].rglob("prompt_*.safetensors"):
        write_arrays(path, {name: -array for name, array in read_arrays(path).items()})
    return [RunStore.open(folder) for folder in folders]


def open_pair(studio, store, qtbot):
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(store.folder)
    studio.window.tabs.setCurrentWidget(studio.window.prompt)
    studio.window.prompt.show_pair(True)


def test_that_two_real_runs_are_compared_and_a_follows_the_slider(studio, two_runs, qtbot):
    one, other = two_runs
    open_pair(studio, one, qtbot)
    pair = studio.window.prompt.pair
    assert pair._stack.is_empty
    studio.session.choose_moment(studio.session.moments[-2])
    studio.prompt_pair.b.choose_run(other.folder)
    qtbot.waitUntil(lambda: not pair._stack.is_empty)
    studio.prompt_pair.b.choose_place(len(studio.session.moments) - 2)
    qtbot.waitUntil(lambda: "Cosine similarity -1.000" in pair.numbers.text())
    studio.session.choose_moment(studio.session.moments[1])
    qtbot.waitUntil(lambda: "Search 1 / 2" in pair.labels[0].whole and "Cosine similarity -1.000" not in pair.numbers.text())
    seed = one.config.seed
    assert pair.labels[0].whole == f"seed {seed}, 98 %, Search 1 / 2"


def test_that_a_damaged_prompt_is_told_where_it_would_be(studio, two_runs, qtbot):
    one, other = two_runs
    for path in other.folder.rglob("prompt_*.safetensors"):
        path.write_bytes(b"cut")
    open_pair(studio, one, qtbot)
    studio.prompt_pair.b.choose_run(other.folder)
    note = studio.window.prompt.pair._stack.note
    qtbot.waitUntil(lambda: "cannot be read" in note.text)


def test_that_a_run_without_a_prompt_has_none_to_choose(studio, runs, two_runs, qtbot):
    control = MadeRun(runs, config(method="control")).write()
    open_pair(studio, two_runs[0], qtbot)
    studio.prompt_pair.b.choose_run(control.folder)
    pair = studio.window.prompt.pair
    qtbot.waitUntil(lambda: pair.b.level.count() > 0)
    assert pair.b.moment.count() == 0 and pair._stack.is_empty
    qtbot.waitUntil(lambda: "B has no prompt" in pair._stack.note.text and "Control" in pair._stack.note.text)


def test_that_all_runs_of_the_folder_are_offered_as_soon_as_the_page_is_seen(studio, two_runs, qtbot):
    open_pair(studio, two_runs[0], qtbot)
    choice = studio.window.prompt.pair.b.run
    qtbot.waitUntil(lambda: choice.count() == 2)
