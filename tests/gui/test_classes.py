"""The classes view on a real finished run: states, matrix, accuracies, mapping and the images that go wrong."""

import shutil

import numpy as np
import pytest

from tests.gui.made_runs import MadeRun, config
from vpns_engine.kept_predictions import read_kept
from vpns_engine.predictions import confusion
from vpns_engine.specs.phase import DENSE
from vpns_engine.store import RunStore
from vpns_gui.views.classes import ACCURACY, CONFUSION, MAPPING


@pytest.fixture
def opened(studio, runs, finished_run):
    """Give the window with a copy of a finished run open and its classes on screen."""
    folder = runs / finished_run.folder.name
    shutil.copytree(finished_run.folder, folder)
    studio.library.open(folder)
    studio.window.tabs.setCurrentWidget(studio.window.classes_page)
    return studio


@pytest.fixture
def view(opened, qtbot):
    view = opened.plots.classes
    qtbot.waitUntil(lambda: view.confusion.matrix.picture is not None, timeout=20_000)
    return view


def kept(studio, stage, level=None):
    """Read what the run kept of a state."""
    session = studio.session
    return read_kept(session.store, session.history, session.level if level is None else level, stage)


def choose(view, text: str) -> None:
    """Choose a tested state by a part of its name."""
    index = next(index for index in range(view.state.count()) if text in view.state.itemText(index))
    view.state.setCurrentIndex(index)
    view.state.activated.emit(index)


def total_of(view) -> np.ndarray:
    return view.confusion.matrix.picture.counts_TT


def test_that_the_tuned_state_is_shown_first_and_its_matrix_is_what_the_run_kept(opened, view):
    found = kept(opened, "finetune")
    assert view.state.currentText() == "98 % sparsity: Tuned"
    assert (total_of(view) == confusion(found.labels_N, found.view("plain").best_N, 10)).all()
    tested = opened.session.history.levels[1].test("finetune")
    assert f"{tested.accuracy * 100:.1f} % right without the prompt" in view.summary
    assert f"{tested.accuracy_prompted * 100:.1f} % with it" in view.summary


def test_that_before_tuning_dense_and_prompted_can_be_compared(opened, view, qtbot):
    for text, stage, level in (("untuned", "search", None), ("Dense, mapped", "map", DENSE)):
        choose(view, text)
        found = kept(opened, stage, level)
        wanted = confusion(found.labels_N, found.view("plain").best_N, 10)
        qtbot.waitUntil(lambda wanted=wanted: (total_of(view) == wanted).all(), timeout=10_000)
    assert not view.prompt.isVisible()  # the dense reference has none
    choose(view, "98 % sparsity: Tuned")
    qtbot.waitUntil(view.prompt.isVisible)
    view.prompt.setCurrentIndex(1)
    view.prompt.activated.emit(1)
    found = kept(opened, "finetune")
    wanted = confusion(found.labels_N, found.view("prompted").best_N, 10)
    qtbot.waitUntil(lambda: (total_of(view) == wanted).all())


def test_that_the_wrong_images_come_most_confident_first_a_page_at_a_time(opened, view, qtbot):
    sheet, found = view.sheet, kept(opened, "finetune")
    qtbot.waitUntil(lambda: len(sheet.thumbs.thumbs) > 0, timeout=10_000)
    plain = found.view("plain")
    shown = [thumb.number for thumb in sheet.thumbs.thumbs]
    wrong = np.flatnonzero(plain.best_N != found.labels_N)
    assert f"most confident first: {len(wrong):,}" in sheet.text and len(shown) == min(48, len(wrong))
    confidences = plain.confidence_N[shown]
    assert (np.diff(confidences) <= 0).all() and confidences[0] == plain.confidence_N[wrong].max()
    first = sheet.thumbs.thumbs[0]
    assert first.lines[0] == str(found.labels_N[first.number]) and first.lines[1] == f"→ {plain.best_N[first.number]}"
    sheet.findChild(object, "sheetNext").click()
    qtbot.waitUntil(lambda: bool(sheet.thumbs.thumbs) and sheet.thumbs.thumbs[0].number != first.number)
    assert plain.confidence_N[sheet.thumbs.thumbs[0].number] <= confidences[-1]


def test_that_a_cell_lists_its_images_and_the_button_goes_back_to_all(view, qtbot):
    counts = total_of(view).copy()
    np.fill_diagonal(counts, 0)
    true, predicted = map(int, np.unravel_index(counts.argmax(), counts.shape))
    view.confusion.matrix.picked.emit((true, predicted))
    assert view.sheet.text.startswith(f"{true}, taken for {predicted}: {counts.max()}")
    qtbot.waitUntil(lambda: len(view.sheet.thumbs.thumbs) == counts.max())
    assert {thumb.lines[:2] for thumb in view.sheet.thumbs.thumbs} == {(str(true), f"→ {predicted}")}
    view.sheet.findChild(object, "sheetAll").click()
    assert view.sheet.text.startswith("Wrong images, most confident first")


def test_that_the_accuracies_of_the_classes_are_sorted_by_a_click_and_a_class_lists_its_wrong_images(view):
    view.parts.setCurrentIndex(ACCURACY)
    rows = view.accuracies.rows
    assert len(rows) == 10 and sum(row.num_images for row in rows) == total_of(view).sum()
    assert rows[3].plain == pytest.approx(total_of(view)[3, 3] / total_of(view)[3].sum())
    view.accuracies.sortByColumn(2, view.accuracies.horizontalHeader().sortIndicatorOrder().AscendingOrder)
    worst = min(range(10), key=lambda index: rows[index].plain)
    assert rows[int(view.accuracies.model().index(0, 0).data())].plain == rows[worst].plain
    view.accuracies.choose(worst)
    assert view.sheet.text.startswith(f"Wrong images of {worst}: ")


def test_that_an_image_is_shown_with_the_prompt_from_here(opened, view, qtbot):
    qtbot.waitUntil(lambda: len(view.sheet.thumbs.thumbs) > 2, timeout=10_000)
    thumb = view.sheet.thumbs.thumbs[2]
    view.sheet.thumbs.setCurrentIndex(view.sheet.thumbs.model().index(2, 0))
    assert "Without the prompt: " in view.sheet.text and "With it: " in view.sheet.text
    with qtbot.waitSignal(opened.on_images.shown, timeout=20_000) as shown:
        view.sheet.findChild(object, "sheetOpen").click()
    assert opened.window.tabs.currentWidget() is opened.window.prompt
    seen, found = shown.args[0].seen, kept(opened, "finetune")
    assert seen.label == found.labels_N[thumb.number]
    assert int(seen.plain_T.argmax()) == found.view("plain").best_N[thumb.number]
    assert float(seen.plain_T.max()) == pytest.approx(float(found.view("plain").confidence_N[thumb.number]), abs=1e-5)


def forget_predictions(store_folder) -> None:
    """Make a run look like one of before predictions were kept."""
    for path in store_folder.rglob("predictions*"):
        path.unlink()
    events = store_folder / "events.jsonl"
    events.write_bytes(events.read_bytes().replace(b'"predictions_path":"artifacts', b'"predictions_pith":"artifacts'))


def test_that_a_run_without_predictions_is_examined_at_a_button_and_remembers_it(studio, runs, finished_run, qtbot):
    folder = runs / finished_run.folder.name
    shutil.copytree(finished_run.folder, folder)
    forget_predictions(folder)
    studio.library.open(folder)
    studio.window.tabs.setCurrentWidget(studio.window.classes_page)
    view = studio.plots.classes
    qtbot.waitUntil(view.ask.read.isVisible, timeout=10_000)
    assert view.parts.currentIndex() == MAPPING and not view.parts.isTabEnabled(CONFUSION)
    view.ask.read.click()
    qtbot.waitUntil(lambda: view.confusion.matrix.picture is not None, timeout=60_000)
    assert view.parts.currentIndex() == CONFUSION
    assert total_of(view).sum() == studio.session.history.started.num_test
    assert kept(studio, "finetune") is not None
    assert studio.session.history.levels[1].test("finetune").accuracy == kept(studio, "finetune").accuracy("plain")


def test_that_reading_can_be_called_off_and_loses_nothing(studio, runs, finished_run, qtbot):
    folder = runs / finished_run.folder.name
    shutil.copytree(finished_run.folder, folder)
    forget_predictions(folder)
    studio.library.open(folder)
    studio.window.tabs.setCurrentWidget(studio.window.classes_page)
    view = studio.plots.classes
    qtbot.waitUntil(view.ask.read.isVisible, timeout=10_000)
    view.ask.read.click()
    assert view.ask.cancel.isVisible()
    view.ask.cancel.click()
    assert view.ask.read.isVisible() and "stopped" in view.ask.note.text
    examining = studio.plots.class_images._examining
    qtbot.waitUntil(lambda: not examining.busy, timeout=30_000)
    assert view.confusion.matrix.picture is None and not list(folder.rglob("predictions*"))


def test_that_damaged_predictions_are_told_in_a_line_and_can_be_read_anew(studio, runs, finished_run, qtbot):
    folder = runs / finished_run.folder.name
    shutil.copytree(finished_run.folder, folder)
    for path in folder.rglob("predictions*"):
        path.write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    studio.library.open(folder)
    studio.window.tabs.setCurrentWidget(studio.window.classes_page)
    ask = studio.plots.classes.ask
    qtbot.waitUntil(lambda: "predictions.safetensors" in ask.note.text, timeout=10_000)
    assert ask.read.isVisible()


def test_that_a_run_without_a_prompt_shows_no_column_of_it(studio, runs, finished_control_run, qtbot):
    folder = runs / finished_control_run.folder.name
    shutil.copytree(finished_control_run.folder, folder)
    studio.library.open(folder)
    studio.window.tabs.setCurrentWidget(studio.window.classes_page)
    view = studio.plots.classes
    qtbot.waitUntil(lambda: view.confusion.matrix.picture is not None, timeout=20_000)
    assert not view.prompt.isVisible() and view.accuracies.isColumnHidden(3)
    assert "without" not in view.summary
    qtbot.waitUntil(lambda: len(view.sheet.thumbs.thumbs) > 0, timeout=10_000)
    view.sheet.thumbs.setCurrentIndex(view.sheet.thumbs.model().index(0, 0))
    assert not view.sheet.findChild(object, "sheetOpen").isVisible()


def test_that_another_level_shows_its_own_state_of_the_same_kind(opened, view, qtbot):
    choose(view, "untuned")
    opened.session.choose_level(0)
    qtbot.waitUntil(lambda: view.state.currentText() == "90 % sparsity: Mask now, untuned")
    found = kept(opened, "search", 0)
    wanted = confusion(found.labels_N, found.view("plain").best_N, 10)
    qtbot.waitUntil(lambda: (total_of(view) == wanted).all())


def test_that_closing_the_run_leaves_a_note_of_what_will_be_here(opened, view, qtbot):
    opened.session.close()
    qtbot.waitUntil(lambda: view.is_empty)


def test_that_a_made_up_run_that_cannot_be_examined_says_why(studio, runs, qtbot):
    store: RunStore = MadeRun(runs, config()).write()
    studio.library.open(store.folder)
    studio.window.tabs.setCurrentWidget(studio.window.classes_page)
    view = studio.plots.classes
    qtbot.waitUntil(view.ask.read.isVisible, timeout=10_000)
    assert view.mapping.table.item(4, 1).text() == "q"
    view.ask.read.click()
    qtbot.waitUntil(lambda: view.ask.note.text.startswith("This cannot be shown"), timeout=30_000)


def test_that_a_run_that_has_only_begun_says_what_will_be_there(studio, runs, qtbot):
    begun = MadeRun(runs, config()).write(levels=0, end="stopped")
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(begun.folder)
    studio.window.tabs.setCurrentWidget(studio.window.classes_page)
    studio.plots.class_images._fill()  # as the next tick of the window would
    assert studio.plots.classes.is_empty and studio.plots.classes.state.count() == 0
