"""Tables and pictures as files."""

import csv
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox, QPushButton, QTableWidget, QWidget

from tests.gui.made_runs import MadeRun, config
from tests.gui.views_data import history
from vpns_engine.errors import EngineError
from vpns_gui.controllers.saver import _choices, write_file
from vpns_gui.drawing import SCALE, picture_of
from vpns_gui.views.curves import CurvesView
from vpns_gui.views.text_table import fill_table, text_table, texts_of, whole_table

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def curves(qtbot):
    view = CurvesView()
    qtbot.addWidget(view)
    view.resize(900, 640)
    view.set_history(history(), 0)
    with qtbot.waitExposed(view):
        view.show()
    return view


def _image(data):
    image = QImage()
    assert image.loadFromData(data)
    return image


def _ask(studio, qtbot):
    studio.window.menus.save_shown.trigger()
    qtbot.waitUntil(lambda: studio.window.findChild(QFileDialog, "saveDialog") is not None)
    return studio.window.findChild(QFileDialog, "saveDialog")


def _save(studio, qtbot, path, words=None):
    """Answer the dialog as a person does; gives the file's bytes once it is there."""
    dialog = _ask(studio, qtbot)
    if words is not None:
        (chosen,) = [one for one in dialog.nameFilters() if one.startswith(words)]
        dialog.selectNameFilter(chosen)
    dialog.selectFile(str(path))
    saved = lambda notice: notice.text.startswith("Saved")  # noqa: E731
    with qtbot.waitSignal(studio.notices.posted, check_params_cb=saved, timeout=20_000):
        dialog.accept()
    return path.read_bytes()


def _shown(studio, qtbot, store, tab):
    studio.library.open(store.folder)
    qtbot.waitUntil(lambda: studio.session.store is not None, timeout=20_000)
    studio.window.tabs.setCurrentWidget(tab)


def test_that_a_png_has_twice_the_size_and_is_no_blank(curves):
    image = _image(picture_of(curves.picture, ".png"))
    assert (image.width(), image.height()) == (SCALE * curves.picture.width(), SCALE * curves.picture.height())
    assert len({image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}) > 5


def test_that_an_svg_holds_lines_and_letters_and_no_pictures_of_marks(curves):
    data = picture_of(curves.picture, ".svg")
    root = ElementTree.fromstring(data)
    texts = {"".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")}
    assert {"Accuracy", "Loss", "epochs"} <= texts
    assert len(list(root.iter(f"{SVG}polyline"))) + len(list(root.iter(f"{SVG}path"))) > 100
    assert len(list(root.iter(f"{SVG}image"))) < 8  # borders that the style paints
    assert QSvgRenderer(data).isValid()


def test_that_buttons_are_left_out_and_come_back_where_they_were(curves):
    button = curves.findChild(QPushButton, "zoomTop")
    place = button.geometry()
    texts = "".join(ElementTree.fromstring(picture_of(curves.picture, ".svg")).itertext())
    assert "Zoom to the top" not in texts
    assert button.isVisible() and button.geometry() == place


def test_that_the_plots_look_as_before_once_they_were_saved(curves):
    before = curves.grab().toImage()
    picture_of(curves.picture, ".svg")
    assert curves.grab().toImage() == before


def test_that_what_is_too_large_for_a_picture_is_refused(qtbot):
    tall = QWidget()
    qtbot.addWidget(tall)
    tall.resize(100, 16_384)
    with pytest.raises(EngineError, match="at most 32,767 px"):
        picture_of(tall, ".png")
    tall.resize(0, 10)
    with pytest.raises(EngineError, match="nothing to draw"):
        picture_of(tall, ".png")


def test_that_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(EngineError, match="file"):
        write_file(tmp_path / "file" / "picture.png", b"")


def test_that_a_whole_table_is_copied_with_all_its_rows(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    table = text_table(("Name", "Test %\nno prompt"), "t", parent)
    fill_table(table, [(f"run {number}", f"{number}.5") for number in range(200)], first_number=1)
    table.resize(90, 60)
    whole = whole_table(table)
    assert whole.height() >= 200 * table.rowHeight(0) and whole.item(199, 1).text() == "199.5"
    assert texts_of(table) == (["Name", "Test % no prompt"], [[f"run {n}", f"{n}.5"] for n in range(200)])
    image = _image(picture_of(whole, ".png"))
    bottom = {image.pixel(x, image.height() - 20) for x in range(image.width())}
    assert len(bottom) > 3  # letters of the last row


def test_that_hidden_columns_are_not_written(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    table = text_table(("one", "two"), "t", parent)
    fill_table(table, [("1", "2")], first_number=0)
    table.setColumnHidden(0, True)
    assert texts_of(table) == (["two"], [["2"]])


def test_that_the_curves_of_a_run_are_saved_as_a_table(studio, qtbot, runs, tmp_path):
    store = MadeRun(runs, config()).write()
    _shown(studio, qtbot, store, studio.window.curves_page)
    qtbot.waitUntil(lambda: not studio.plots.curves.is_empty)
    path = tmp_path / "curves.csv"
    _save(studio, qtbot, path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0.0", "1.0", "2.0", "3.0", "4.0"]
    assert [float(row["Accuracy: Validation, no prompt"]) for row in rows] == pytest.approx([50, 60, 70, 60, 70])


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_that_the_ending_decides_what_is_written(studio, qtbot, runs, tmp_path, ending):
    store = MadeRun(runs, config()).write()
    _shown(studio, qtbot, store, studio.window.curves_page)
    qtbot.waitUntil(lambda: not studio.plots.curves.is_empty)
    data = _save(studio, qtbot, tmp_path / f"curves{ending}")
    assert data.startswith(b"\x89PNG") if ending == ".png" else b"<svg" in data


def test_that_without_an_ending_the_choice_in_the_dialog_decides(studio, qtbot, runs, tmp_path):
    store = MadeRun(runs, config()).write()
    _shown(studio, qtbot, store, studio.window.curves_page)
    qtbot.waitUntil(lambda: not studio.plots.curves.is_empty)
    dialog = _ask(studio, qtbot)
    dialog.selectNameFilter(next(words for words in dialog.nameFilters() if words.startswith("Drawing")))
    dialog.filterSelected.emit(dialog.selectedNameFilter())
    dialog.selectFile(str(tmp_path / "drawn"))
    dialog.accept()
    qtbot.waitUntil(lambda: (tmp_path / "drawn.svg").exists(), timeout=20_000)


def test_that_an_unknown_ending_gets_the_right_one_behind_it_and_overwrites_nothing(studio, qtbot, runs, tmp_path):
    store = MadeRun(runs, config()).write()
    _shown(studio, qtbot, store, studio.window.curves_page)
    qtbot.waitUntil(lambda: not studio.plots.curves.is_empty)
    refused = []
    studio.saving.refused.connect(refused.append)
    for _ in range(2):
        dialog = _ask(studio, qtbot)
        dialog.selectNameFilter(next(words for words in dialog.nameFilters() if words.startswith("Curves")))
        dialog.selectFile(str(tmp_path / "run.2026"))
        dialog.accept()
        qtbot.waitUntil(lambda: studio.window.findChild(QFileDialog, "saveDialog") is None)
        qtbot.waitUntil(lambda: (tmp_path / "run.2026.csv").exists(), timeout=20_000)
    assert len(refused) == 1 and "is there already" in refused[0]
    assert [path.name for path in tmp_path.glob("run.2026*")] == ["run.2026.csv"]


def test_that_each_table_of_a_page_can_be_saved(studio, qtbot, runs, tmp_path):
    store = MadeRun(runs, config()).write()
    _shown(studio, qtbot, store, studio.window.results)
    table = studio.window.findChild(QTableWidget, "accuracies")
    qtbot.waitUntil(lambda: table.rowCount() > 0, timeout=20_000)
    accuracies = _save(studio, qtbot, tmp_path / "a.csv", "Accuracies").decode()
    assert "Tuned" in accuracies and accuracies.count("\n") >= table.rowCount() + 1
    studio.window.tabs.setCurrentWidget(studio.window.classes_page)
    mapping = studio.window.findChild(QTableWidget, "mapping")
    qtbot.waitUntil(lambda: mapping.rowCount() > 0 and mapping.isVisible(), timeout=20_000)
    saved = _save(studio, qtbot, tmp_path / "m.csv", mapping.accessibleName()).decode()
    assert saved.splitlines()[1].startswith("0,O,")


def test_that_the_comparison_is_saved_page_by_page(studio, qtbot, runs, tmp_path):
    stores = [MadeRun(runs, config(seed=seed)).write() for seed in (1, 2)]
    studio.session.choose_runs(tuple(store.folder for store in stores))
    studio.window.tabs.setCurrentWidget(studio.window.compare_page)
    view = studio.plots.compare
    qtbot.waitUntil(lambda: not view.is_empty, timeout=20_000)
    numbers = _save(studio, qtbot, tmp_path / "n.csv").decode()
    assert re.search(r"held-out,\"VPNs, pad 2 px\",Tuned,90\.0,1 2,2,87\.5,0\.0,80\.0,0\.0,", numbers)
    drawn = _save(studio, qtbot, tmp_path / "n.svg").decode()
    assert "sparsity, %" in drawn and "VPNs, pad 2 px" in drawn
    view._pages.setCurrentIndex(1)
    epochs = _save(studio, qtbot, tmp_path / "c.csv", "Curves").decode().splitlines()
    assert epochs[0].startswith("run,label,epoch,") and len(epochs) == 1 + 2 * 5
    view._pages.setCurrentIndex(2)
    picture = _image(_save(studio, qtbot, tmp_path / "t.png"))
    assert picture.height() == SCALE * view.picture.height()


def test_that_a_page_with_nothing_on_it_says_so(studio, qtbot):
    studio.window.tabs.setCurrentWidget(studio.window.compare_page)
    studio.window.menus.save_shown.trigger()
    qtbot.waitUntil(lambda: studio.window.findChild(QMessageBox, "warning") is not None)
    box = studio.window.findChild(QMessageBox, "warning")
    assert "nothing to save" in box.informativeText()
    box.close()


def test_that_a_full_or_forbidden_place_leaves_the_window_alive(studio, qtbot, runs, tmp_path):
    store = MadeRun(runs, config()).write()
    _shown(studio, qtbot, store, studio.window.results)
    qtbot.waitUntil(lambda: studio.window.findChild(QTableWidget, "accuracies").rowCount() > 0, timeout=20_000)
    choices = studio.saving._savable()
    (tmp_path / "file").write_text("x")
    studio.saving._saver._save(tmp_path / "file" / "a.csv", _choices(choices), "Accuracies as a table (*.csv)")
    qtbot.waitUntil(lambda: studio.window.findChild(QMessageBox, "warning") is not None, timeout=20_000)
    box = studio.window.findChild(QMessageBox, "warning")
    assert "could not be saved" in box.text()
    box.close()
    assert studio.window.findChild(QLabel, "runTitle") is not None


def test_that_a_file_is_named_after_the_run_it_is_of(studio, qtbot, runs):
    store = MadeRun(runs, config()).write()
    _shown(studio, qtbot, store, studio.window.masks_page)
    qtbot.waitUntil(lambda: bool(studio.plots.masks.rows))
    dialog = _ask(studio, qtbot)
    assert Path(dialog.selectedFiles()[0]).name.startswith(f"{store.folder.name}_masks")
    dialog.reject()
    qtbot.waitUntil(lambda: studio.window.findChild(QFileDialog, "saveDialog") is None)
    studio.window.tabs.setCurrentWidget(studio.window.library)
    qtbot.waitUntil(lambda: studio.library_table.savable() is not None)
    dialog = _ask(studio, qtbot)
    assert Path(dialog.selectedFiles()[0]).name == "runs.csv"
    dialog.reject()
