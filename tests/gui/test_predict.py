"""Predict: a run or an export on a folder of pictures of one's own, through the window."""

import csv
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QPersistentModelIndex, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QLineEdit, QPushButton

from vpns_engine.bundled import resource
from vpns_engine.cli import main
from vpns_engine.csv_files import csv_text
from vpns_engine.export import export_run
from vpns_engine.predicting import open_subject, predict_folder
from vpns_gui.controllers.predict import TOP, PredictController, StateKey
from vpns_gui.controllers.thumbnails import thumbnails
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.models.picture_cache import MOST_KEPT, PictureCache
from vpns_gui.models.predicted_table import (
    CHANGED,
    COLUMNS,
    FILE,
    PLAIN,
    PLAIN_SURE,
    PROMPTED,
    PredictedRow,
    PredictedTable,
    cells_of,
    header,
    tip_of,
)
from vpns_gui.views.predict import SHEET, PredictView

NUM_PICTURES = 40


@pytest.fixture
def pictures(tmp_path):
    """Write scanned digits as PNG files, with a broken and an empty one, one further down, and what is no picture."""
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    with np.load(resource("demo/digits.npz")) as found:
        scans = found["images"][:NUM_PICTURES]
    for number, scan in enumerate(scans):
        Image.fromarray((scan * (255 / scan.max())).astype(np.uint8)).save(folder / f"scan_{number:03d}.png")
    shutil.copy(folder / "scan_000.png", folder / "more" / "inner.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (folder / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("not looked at")
    return folder


@pytest.fixture
def opened(studio, runs, finished_run, qtbot):
    """Open a finished run and turn to Predict."""
    studio.library.open(shutil.copytree(finished_run.folder, runs / finished_run.folder.name))
    qtbot.waitUntil(lambda: studio.session.store is not None, timeout=20_000)
    studio.window.tabs.setCurrentWidget(studio.window.predict_page)
    return studio.window.predict


def press(view, qtbot, name):
    qtbot.mouseClick(view.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def predict(studio, view, qtbot, folder):
    """Choose a folder and press Predict; wait until it is over."""
    view.findChild(QLineEdit, "predictFolder").setText(str(folder))
    view.pictures_typed.emit(str(folder))
    press(view, qtbot, "predictStart")
    qtbot.waitUntil(lambda: not studio.predict._work.busy, timeout=60_000)


def shown(view, column):
    model = view.rows
    return [model.index(row, column).data() for row in range(model.rowCount())]


def drop(view, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    dropped = QDropEvent(
        QPointF(20, 20), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        QEvent.Type.Drop,
    )  # fmt: skip
    view.dropEvent(dropped)


def test_that_the_open_run_predicts_a_folder_as_the_engine_does(studio, opened, pictures, qtbot):
    start = opened.findChild(QPushButton, "predictStart")
    assert opened.is_empty and not start.isEnabled() and "folder of pictures" in start.toolTip()
    chosen = opened.subject.currentText()
    assert chosen.startswith("This run, sparsity 98 %: Tuned") and opened.subject.count() == 4
    predict(studio, opened, qtbot, pictures)
    store = studio.session.store
    wanted = list(predict_folder(open_subject(store.folder, level=1, stage="finetune"), pictures, top=TOP))
    rows = opened.rows.rows
    assert [row.name for row in rows] == [found.path.name for found in wanted] and len(rows) == NUM_PICTURES + 2
    assert [(row.plain, row.prompted) for row in rows] == [(found.plain, found.prompted) for found in wanted]
    assert {row.name for row in rows if row.problem} == {"broken.jpg", "empty.png"}
    changed = sum(found.changed for found in wanted)
    count = opened.findChild(ElidedLabel, "predictCount").whole
    assert count == f"{NUM_PICTURES + 2} pictures · {changed} changed by the prompt · 2 could not be read"
    assert "98 % sparsity" in opened.note and start.isVisible()


def test_that_the_level_that_is_looked_at_is_offered_first_until_another_is_chosen(studio, opened):
    studio.session.choose_level(0)
    assert opened.subject.currentText().startswith("This run, sparsity 90 %: Tuned")
    opened.subject_requested.emit(StateKey(studio.session.store.folder, 1, "search"))
    studio.session.choose_level(1)
    assert opened.subject.currentText().startswith("This run, sparsity 98 %: Mask now")


def test_that_an_export_is_dropped_and_tried_and_written_as_the_command_does(
    studio, opened, pictures, qtbot, tmp_path, finished_run
):
    folder = tmp_path / "exported"
    export_run(finished_run, folder, level=0, stage="finetune", report=lambda _text, _done: None)
    studio.window.tabs.setCurrentIndex(0)
    drop(opened, folder)
    assert studio.window.tabs.currentWidget() is studio.window.predict_page
    assert opened.subject.currentText().endswith("exported")
    drop(opened, pictures)
    assert opened.folder.text() == str(pictures)
    opened.inner.setChecked(True)
    predict(studio, opened, qtbot, pictures)
    assert len(opened.rows.rows) == NUM_PICTURES + 3 and "exported" in opened.note
    line = ["predict", str(folder), str(pictures), "--recursive", "--top", str(TOP), "--csv", str(tmp_path / "c.csv")]
    assert main(line) == 0
    with (tmp_path / "c.csv").open(newline="", encoding="utf-8") as file:
        by_command = list(csv.DictReader(file))
    by_window = list(csv.DictReader(csv_text(*studio.predict.rows()).splitlines()))
    assert by_window[0].keys() == by_command[0].keys()
    for one, two in zip(by_window, by_command, strict=True):
        for name in one:
            if name.startswith(("confidence", "prompted_confidence")) and one[name]:
                assert float(one[name]) == pytest.approx(float(two[name]), abs=1e-5)
            else:
                assert one[name] == two[name], name


def test_that_a_run_without_a_prompt_has_no_columns_for_it(studio, opened, pictures, qtbot, finished_omp_run):
    studio.predict.take(finished_omp_run.folder)
    predict(studio, opened, qtbot, pictures)
    assert len(opened.rows.rows) == NUM_PICTURES + 2
    assert opened.table.isColumnHidden(PROMPTED) and opened.table.isColumnHidden(CHANGED)
    assert "prompt" not in opened.findChild(ElidedLabel, "predictCount").whole
    assert studio.predict.rows()[0] == header(TOP, has_prompt=False)


def test_that_rows_are_found_and_sorted(studio, opened, pictures, qtbot):
    predict(studio, opened, qtbot, pictures)
    names = shown(opened, FILE)
    opened.table.sortByColumn(PLAIN_SURE, Qt.SortOrder.DescendingOrder)
    sure = [opened.rows.row(number).plain[0][1] for number in range(NUM_PICTURES + 2) if opened.rows.row(number).plain]
    assert sure == sorted(sure, reverse=True) and len(sure) == NUM_PICTURES
    opened.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    assert shown(opened, FILE) == names
    which = opened.findChild(QComboBox, "predictWhich")
    which.setCurrentIndex(which.findData("broken"))
    assert shown(opened, FILE) == ["broken.jpg", "empty.png"] and all(text.startswith("! ") for text in shown(opened, PLAIN))
    assert opened.findChild(ElidedLabel, "predictCount").whole.startswith("2 of 42 shown")
    which.setCurrentIndex(which.findData("changed"))
    assert set(shown(opened, CHANGED)) <= {"changed"}
    which.setCurrentIndex(0)
    opened.findChild(QLineEdit, "predictFilter").setText("SCAN_00 png")
    qtbot.waitUntil(lambda: opened.rows.num_shown == 10, timeout=5000)


def test_that_only_pictures_on_screen_are_read_for_the_contact_sheet(studio, opened, pictures, qtbot):
    predict(studio, opened, qtbot, pictures)
    qtbot.waitUntil(lambda: len(opened.pictures._images) >= 4, timeout=20_000)
    assert pictures / "scan_039.png" not in opened.pictures._images
    opened.pages.setCurrentIndex(SHEET)
    assert opened.sheet.isVisible() and not opened.table.isVisible()
    opened.sheet.scrollToBottom()
    qtbot.waitUntil(lambda: pictures / "scan_039.png" in opened.pictures._images, timeout=20_000)
    image = opened.pictures.image(pictures / "scan_039.png")
    assert (image.width(), image.height()) == (8, 8) and not image.isNull()


def test_that_a_prediction_is_cancelled_and_what_was_done_stays(studio, opened, tmp_path, pictures, qtbot):
    many = tmp_path / "many"
    many.mkdir()
    for number in range(4000):
        (many / f"{number:05d}.png").hardlink_to(pictures / f"scan_{number % NUM_PICTURES:03d}.png")
    opened.folder.setText(str(many))
    opened.pictures_typed.emit(str(many))
    press(opened, qtbot, "predictStart")
    qtbot.waitUntil(lambda: len(opened.rows.rows) > 0, timeout=60_000)
    begun = time.perf_counter()
    press(opened, qtbot, "predictCancel")
    qtbot.waitUntil(lambda: not studio.predict._work.busy, timeout=20_000)
    assert time.perf_counter() - begun < 5
    assert 0 < len(opened.rows.rows) < 4000 and opened.note.startswith("Cancelled; what was done stays.")
    assert opened.findChild(QPushButton, "predictStart").isEnabled()


@pytest.mark.parametrize("what", ["no folder", "no pictures", "no run"])
def test_that_what_cannot_be_predicted_is_one_line(studio, opened, tmp_path, pictures, qtbot, what):
    folder = tmp_path / "nothing"
    if what == "no pictures":
        folder.mkdir()
    if what == "no run":
        folder, state = pictures, next(studio.session.store.folder.rglob("state*.safetensors"))
        for path in state.parent.parent.rglob("state*.safetensors"):
            path.unlink()
    predict(studio, opened, qtbot, folder)
    note = opened.findChild(QLabel, "predictNote")
    assert opened.is_empty and note.isVisible() and note.text() and "\n" not in note.text()
    assert {"no folder": "is not there", "no pictures": "no pictures in", "no run": "state"}[what] in note.text().casefold()


def test_that_folders_are_chosen_and_remembered(studio, opened, pictures, qtbot, finished_omp_run):
    press(opened, qtbot, "predictFindFolder")
    dialog = studio.window.findChild(QFileDialog, "predictFolderDialog")
    dialog.fileSelected.emit(str(pictures))
    dialog.reject()
    assert opened.folder.text() == str(pictures) and opened.start.isEnabled()
    press(opened, qtbot, "predictFindSubject")
    dialog = studio.window.findChild(QFileDialog, "predictSubjectDialog")
    dialog.fileSelected.emit(str(finished_omp_run.folder))
    dialog.reject()
    assert opened.subject.currentText().endswith(finished_omp_run.folder.name)
    later = PredictView()
    qtbot.addWidget(later)
    again = PredictController(studio.session, later, studio._settings, later)
    assert later.subject.itemText(later.subject.count() - 1).endswith(finished_omp_run.folder.name)
    again._work.close()


def test_that_the_menu_leads_to_the_page(studio, opened):
    studio.window.tabs.setCurrentIndex(0)
    studio.window.menus.predict.trigger()
    assert studio.window.tabs.currentWidget() is studio.window.predict_page and opened.folder.hasFocus()


def rows_of(count, first=0):
    classes = ("cat", "dog", "bird")
    return [
        PredictedRow(
            path=Path(f"/none/{number:06d}.png"),
            name=f"{number:06d}.png",
            plain=((classes[number % 3], 0.5 + number % 50 / 100), (classes[(number + 1) % 3], 0.2)),
            prompted=((classes[number % 3 if number % 7 else (number + 1) % 3], 0.9),),
        )
        for number in range(first, first + count)
    ]


@pytest.mark.parametrize("column", [-1, PLAIN_SURE])
def test_that_ten_thousand_pictures_do_not_hold_the_window_up(qtbot, column):
    view = PredictView()
    qtbot.addWidget(view)
    view.resize(930, 480)
    view.clear(has_prompt=True)
    view.show()
    view.table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    late, last, batches = [], [time.perf_counter()], [rows_of(250, 250 * number) for number in range(40)]

    def tick():
        now = time.perf_counter()
        late.append(now - last[0])
        last[0] = now
        if batches:
            view.append(batches.pop(0))

    clock = QTimer(view, interval=10, timeout=tick)
    clock.start()
    qtbot.waitUntil(lambda: not batches, timeout=60_000)
    clock.stop()
    assert view.rows.rowCount() == 10_000
    assert np.percentile(late, 90) < 0.25  # a batch is sorted in, laid out and drawn
    view.pages.setCurrentIndex(SHEET)
    view.sheet.scrollToBottom()
    view.grab()
    # no more pictures were asked for than there is room for
    assert 0 < len(view.pictures._wanted) < 200


def test_that_a_chosen_row_stays_chosen_while_rows_come():
    model = PredictedTable()
    model.append(rows_of(10))
    model.sort(FILE, Qt.SortOrder.DescendingOrder)
    kept = QPersistentModelIndex(model.index(3, 0))
    name = kept.data()
    model.append(rows_of(10, 10))
    assert kept.isValid() and kept.data() == name and kept.row() == 13
    model.set_filter("nothing like it", "all")
    assert model.rowCount() == 0 and not kept.isValid()


def test_that_cells_say_what_is_known():
    row = rows_of(1)[0]
    assert row.changed and "With the prompt: dog 90.0 %" in tip_of(row)
    broken = PredictedRow(row.path, "x\n.png", problem="empty")
    assert not broken.changed and "Could not be read: empty" in tip_of(broken)
    assert cells_of(broken, 2, has_prompt=True) == ["x\n.png", None, None, None, None, None, None, None, None, None, "empty"]
    assert len(cells_of(row, 2, has_prompt=True)) == len(header(2, has_prompt=True))
    assert len(cells_of(row, 2, has_prompt=False)) == len(header(2, has_prompt=False)) and len(COLUMNS) == 6


def test_that_pictures_are_small_and_broken_ones_are_empty(tmp_path, pictures):
    Image.new("RGB", (4000, 2000), (200, 10, 10)).save(tmp_path / "large.jpg")
    found = thumbnails([tmp_path / "large.jpg", pictures / "broken.jpg", tmp_path / "gone.png"], 100)
    large = found[tmp_path / "large.jpg"]
    assert (large.width(), large.height()) == (100, 50) and large.pixelColor(5, 5).red() > 150
    assert found[pictures / "broken.jpg"].isNull() and found[tmp_path / "gone.png"].isNull()


def test_that_the_cache_keeps_and_wants_so_many_and_the_latest_first(tmp_path):
    cache = PictureCache()
    paths = [tmp_path / str(number) for number in range(MOST_KEPT + 5)]
    for path in paths:
        assert cache.image(path) is None
    wanted = cache.take_wanted(10)
    assert wanted == paths[:-11:-1] and len(cache.take_wanted(10_000)) < 200
    cache.put({path: QImage(1, 1, QImage.Format.Format_RGB888) for path in paths})
    assert cache.image(paths[0]) is None and cache.image(paths[-1]) is not None
    cache.clear()
    assert cache.image(paths[-1]) is None
