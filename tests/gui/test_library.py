"""The library through the real window: what is listed, found, noted, opened and removed."""

import csv
import shutil
import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QLineEdit, QMessageBox, QPlainTextEdit, QPushButton, QTableView

from tests.engine.done_runs import config_of, done_run
from tests.engine.many_runs import many_runs, touch
from vpns_engine.index import RunIndex, index_file
from vpns_engine.marks import Marks, read_marks, write_marks
from vpns_engine.run_columns import COLUMNS
from vpns_engine.run_rows import read_row
from vpns_engine.specs.run import RunConfig
from vpns_gui import preload
from vpns_gui.controllers import library_table
from vpns_gui.controllers.library_rows import Found, Item
from vpns_gui.settings import Settings
from vpns_gui.views.library import LibraryView

SECONDS = 20_000


@pytest.fixture(autouse=True)
def _no_libraries(monkeypatch):
    monkeypatch.setattr(preload, "load_libraries", lambda: None)


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch):
    monkeypatch.setattr(library_table, "LOOK_MS", 50)


def place(name):
    return next(number for number, column in enumerate(COLUMNS) if column.name == name)


class Library:
    """The tab as a person uses it."""

    def __init__(self, studio, qtbot):
        self.studio, self.qtbot, self.view = studio, qtbot, studio.window.library
        self.table = self.find(QTableView, "libraryTable")
        studio.window.tabs.setCurrentWidget(self.view)

    def find(self, kind, name):
        found = self.studio.window.findChild(kind, name)
        assert found is not None, name
        return found

    def until(self, wanted):
        self.qtbot.waitUntil(wanted, timeout=SECONDS)

    def cells(self, name):
        model = self.table.model()
        return [model.index(row, place(name)).data() for row in range(model.rowCount())]

    def wait_for(self, *names):
        self.until(lambda: sorted(self.cells("name")) == sorted(names))

    def choose(self, *names):
        model, selection = self.table.model(), self.table.selectionModel()
        selection.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for name in names:
            index = model.index(self.cells("name").index(name), 0)
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            selection.select(index, flags)

    def press(self, name):
        self.qtbot.mouseClick(self.find(QPushButton, name), Qt.MouseButton.LeftButton)

    def type(self, text):
        field = self.find(QLineEdit, "libraryFilter")
        field.clear()
        self.qtbot.keyClicks(field, text)
        self.qtbot.keyClick(field, Qt.Key.Key_Return)


@pytest.fixture
def made(runs):
    """Write three runs; give their folders by name."""
    found = {}
    for seed, (name, method) in enumerate((("alpha", "vpns"), ("beta", "omp"), ("gamma", "random"))):
        accuracy = 0.5 + 0.1 * seed
        store = done_run(
            runs, config_of(0.9, name=name, method=method, seed=seed), lambda _density, _stage, found=accuracy: found
        )
        touch(store, started=1.75e9 + seed)
        found[name] = store.folder
    return found


@pytest.fixture
def library(made, studio, qtbot):
    found = Library(studio, qtbot)
    found.wait_for(*made)
    return found


def test_that_an_empty_folder_says_what_will_appear(studio, qtbot, runs):
    library = Library(studio, qtbot)
    library.until(lambda: "No runs yet" in library.view._stack.note.text)
    assert str(runs) in library.view._stack.note.text and library.view.is_empty


def test_that_runs_are_listed_newest_first_with_what_came_out(library):
    assert library.cells("name") == ["gamma", "beta", "alpha"]
    assert library.cells("method") == ["Random", "OMP", "VPNs"] and library.cells("state") == ["Finished"] * 3
    assert library.cells("plain") == ["70.0", "60.0", "50.0"] and library.cells("prompted") == ["–", "–", "60.0"]
    assert library.find(QLabel, "libraryCount").text().startswith("3 runs · ")


def test_that_a_click_on_a_title_sorts_and_another_one_turns_it_round(library):
    header = library.table.horizontalHeader()
    where = QPoint(header.sectionViewportPosition(place("plain")) + 5, header.height() // 2)
    for wanted in (["alpha", "beta", "gamma"], ["gamma", "beta", "alpha"]):
        library.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)
        assert library.cells("name") == wanted


def test_that_words_state_and_tag_choose_what_is_shown(library, made):
    library.type("omp 90")
    library.wait_for("beta")
    library.type("nothing like it")
    library.until(lambda: library.cells("name") == [])
    assert not library.table.isVisible() and not library.view.is_empty
    assert library.find(QLabel, "libraryCount").text().startswith("0 of 3 runs")
    library.qtbot.keyClick(library.find(QLineEdit, "libraryFilter"), Qt.Key.Key_Escape)
    library.wait_for(*made)
    write_marks(made["gamma"], Marks(tags=("paper",)))
    tags = library.find(QComboBox, "libraryTags")
    library.until(lambda: tags.findData("paper") > 0)
    tags.setCurrentIndex(tags.findData("paper"))
    library.wait_for("gamma")
    states = library.find(QComboBox, "libraryStates")
    states.setCurrentIndex(states.findData("failed"))
    library.until(lambda: library.cells("name") == [])


def test_that_a_tag_that_is_gone_does_not_hide_all_runs(library, made):
    write_marks(made["gamma"], Marks(tags=("paper",)))
    tags = library.find(QComboBox, "libraryTags")
    library.until(lambda: tags.findData("paper") > 0)
    tags.setCurrentIndex(tags.findData("paper"))
    library.wait_for("gamma")
    write_marks(made["gamma"], Marks())
    library.wait_for(*made)
    assert tags.currentText() == "All tags"


def test_that_changes_of_other_programs_are_seen_and_what_was_chosen_stays(library, made, runs):
    library.choose("beta")
    new = done_run(runs, config_of(0.9, name="delta"))
    library.wait_for("alpha", "beta", "gamma", "delta")
    shutil.rmtree(made["alpha"])
    library.wait_for("beta", "gamma", "delta")
    touch(new, status="failed", message="no space left")
    library.until(lambda: "Failed" in library.cells("state"))
    assert library.studio.session.chosen == (made["beta"],)
    row = library.cells("name").index("delta")
    assert "no space left" in library.table.model().index(row, 0).data(Qt.ItemDataRole.ToolTipRole)


def test_that_several_runs_can_be_chosen_and_the_session_says_which(library, made):
    told = []
    library.studio.session.chosen_changed.connect(told.append)
    library.choose("alpha", "gamma")
    assert set(library.studio.session.chosen) == {made["alpha"], made["gamma"]} and told[-1] == library.studio.session.chosen
    library.table.horizontalHeader().sortIndicatorChanged.emit(place("name"), Qt.SortOrder.AscendingOrder)
    assert set(library.studio.session.chosen) == {made["alpha"], made["gamma"]}
    rows = {index.row() for index in library.table.selectionModel().selectedIndexes()}
    assert {library.cells("name")[row] for row in rows} == {"alpha", "gamma"}
    assert library.find(QLabel, "libraryCount").text().endswith("2 chosen")


def test_that_a_double_click_opens_a_run_and_shows_it(library, made):
    index = library.table.model().index(library.cells("name").index("beta"), 0)
    where = library.table.visualRect(index).center()
    library.qtbot.mouseClick(library.table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    library.qtbot.mouseDClick(library.table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    library.until(lambda: library.studio.session.store is not None)
    assert library.studio.session.store.folder == made["beta"]
    library.until(lambda: library.studio.window.tabs.currentWidget() is library.studio.window.curves_page)
    row = library.cells("name").index("beta")
    assert library.table.model().index(row, 0).data(Qt.ItemDataRole.FontRole).bold()


def test_that_everything_is_reached_by_keys(library, made):
    keys, field = Qt.Key, library.find(QLineEdit, "libraryFilter")
    field.setFocus()
    library.qtbot.keyClick(field, keys.Key_Down)
    assert library.table.hasFocus() and library.studio.session.chosen == (made["gamma"],)
    library.qtbot.keyClick(library.table, keys.Key_Down)
    assert library.studio.session.chosen == (made["beta"],)
    library.qtbot.keyClick(library.table, keys.Key_Return)
    library.until(lambda: library.studio.session.store is not None)
    assert library.studio.session.store.folder == made["beta"]
    library.studio.window.tabs.setCurrentWidget(library.view)
    library.table.setFocus()
    library.qtbot.keyClick(library.table, keys.Key_Delete)
    assert library.find(QMessageBox, "question").isVisible()
    library.find(QMessageBox, "question").reject()
    library.qtbot.keyClick(library.table, keys.Key_Tab)
    assert not library.table.hasFocus()
    names = {action.objectName() for action in library.table.actions()}
    assert {f"library_{name}" for name in ("open", "resume", "use_settings", "reveal", "clear", "remove")} <= names


def test_that_the_settings_of_an_old_run_come_into_the_form(library):
    library.choose("beta")
    library.press("library_use_settings_button")
    library.until(lambda: library.studio.window.setup.config is not None and library.studio.window.setup.config.name == "beta")
    assert isinstance(library.studio.window.setup.config, RunConfig) and library.studio.window.setup.config.method == "omp"


def test_that_the_folder_of_a_run_is_shown(library, made, monkeypatch):
    shown = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))
    library.choose("gamma")
    library.press("library_reveal_button")
    assert shown == [str(made["gamma"])]


def test_that_only_what_can_go_on_offers_to(library, made, runs):
    done_run(runs, config_of(0.9, name="cut"), levels=0)
    library.wait_for(*made, "cut")
    resume = library.find(QAction, "library_resume")
    library.choose("alpha")
    assert not resume.isEnabled()
    library.choose("cut")
    assert resume.isEnabled()
    asked = []
    library.studio.library_table.resume_requested.disconnect()
    library.studio.library_table.resume_requested.connect(asked.append)
    library.press("library_resume_button")
    assert [folder.parent for folder in asked] == [runs]
    library.choose("cut", "alpha")
    assert not resume.isEnabled() and library.find(QAction, "library_remove").isEnabled()


def test_that_runs_are_removed_only_after_a_question(library, made):
    library.studio.library.open(made["alpha"])
    library.until(lambda: library.studio.session.store is not None)
    library.choose("alpha", "beta")
    library.press("library_remove_button")
    box = library.find(QMessageBox, "question")
    assert box.text() == "Remove 2 runs?" and "alpha" in box.informativeText() and "beta" in box.informativeText()
    library.qtbot.mouseClick(box.findChild(QPushButton, "refuse"), Qt.MouseButton.LeftButton)
    assert made["alpha"].exists()
    library.press("library_remove_button")
    boxes = [found for found in library.studio.window.findChildren(QMessageBox, "question") if found.isVisible()]
    library.qtbot.mouseClick(boxes[0].findChild(QPushButton, "accept"), Qt.MouseButton.LeftButton)
    library.until(lambda: "Removed 2 runs" in library.studio.window.log.text)
    assert not made["alpha"].exists() and not made["beta"].exists() and made["gamma"].exists()
    library.wait_for("gamma")
    assert library.studio.session.store is None and library.studio.session.chosen == ()


def test_that_a_run_that_is_worked_on_is_not_removed(library, made, runs):
    store = done_run(runs, config_of(0.9, name="busy"))
    touch(store, **vars(store.read_info().taken_by_this_process()))
    library.wait_for(*made, "busy")
    library.until(lambda: "Running · 100 %" in library.cells("state"))
    library.choose("busy", "alpha")
    library.press("library_remove_button")
    box = library.find(QMessageBox, "question")
    library.qtbot.mouseClick(box.findChild(QPushButton, "accept"), Qt.MouseButton.LeftButton)
    library.until(lambda: not made["alpha"].exists())
    library.until(lambda: "is being worked on: not removed" in library.studio.window.log.text)
    assert store.folder.exists()


def test_that_tags_and_note_are_kept_in_the_run(library, made):
    library.choose("beta")
    library.qtbot.keyClicks(library.find(QLineEdit, "tags"), "good, for the paper,")
    library.find(QPlainTextEdit, "note").setPlainText("Two lines,\nboth kept.")
    library.choose("alpha")  # what was typed belongs to beta
    wanted = Marks(tags=("good", "for the paper"), note="Two lines,\nboth kept.")
    library.until(lambda: read_marks(made["beta"]) == wanted)
    assert read_marks(made["alpha"]) == Marks() and library.find(QLineEdit, "tags").text() == ""
    library.until(lambda: "good, for the paper" in library.cells("tags"))
    library.choose("beta")
    assert library.find(QPlainTextEdit, "note").toPlainText() == wanted.note


def test_that_tags_of_several_runs_are_changed_without_losing_those_of_each(library, made):
    write_marks(made["alpha"], Marks(tags=("common", "own"), note="mine"))
    write_marks(made["beta"], Marks(tags=("common",)))
    library.until(lambda: set(library.cells("tags")) == {"common, own", "common", "–"})
    library.choose("alpha", "beta")
    tags = library.find(QLineEdit, "tags")
    assert tags.text() == "common" and not library.find(QPlainTextEdit, "note").isEnabled()
    tags.selectAll()
    library.qtbot.keyClicks(tags, "new")
    library.qtbot.keyClick(tags, Qt.Key.Key_Return)
    library.until(lambda: read_marks(made["beta"]).tags == ("new",) and "new" in read_marks(made["alpha"]).tags)
    assert read_marks(made["alpha"]) == Marks(tags=("own", "new"), note="mine") and read_marks(made["gamma"]) == Marks()


def test_that_what_is_typed_is_kept_where_the_window_closes_at_once(library, made):
    library.choose("gamma")
    library.find(QPlainTextEdit, "note").setPlainText("typed at the very last moment")
    library.studio.window.close()
    assert read_marks(made["gamma"]).note == "typed at the very last moment"


def test_that_a_tag_that_is_too_long_is_told_and_nothing_is_written(library, made):
    library.choose("gamma")
    field = library.find(QLineEdit, "tags")
    field.setText("x" * 31)
    library.qtbot.keyClick(field, Qt.Key.Key_Return)
    library.until(lambda: "31 characters: 30 at most" in library.studio.window.log.text)
    assert read_marks(made["gamma"]) == Marks()


def test_that_damaged_runs_are_listed_and_say_why_when_opened(library, made):
    (made["alpha"] / "config.json").write_text("{")
    library.until(lambda: "Damaged" in library.cells("state"))
    name = library.cells("name")[library.cells("state").index("Damaged")]
    library.choose(name)
    library.press("library_open_button")
    library.until(lambda: library.studio.window.findChild(QMessageBox, "warning") is not None)
    assert "config.json" in library.find(QMessageBox, "warning").informativeText()
    assert library.studio.window.tabs.currentWidget() is library.view
    library.find(QMessageBox, "warning").close()


def test_that_the_table_is_saved_as_it_is_shown(library, tmp_path):
    library.type("9")
    library.choose("gamma")
    library.press("saveLibrary")
    dialog = library.find(QFileDialog, "saveDialog")
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile("runs.csv")
    dialog.accept()
    library.until((tmp_path / "runs.csv").exists)
    with (tmp_path / "runs.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["Name"] for line in lines] == library.cells("name") and lines[0]["Test %"] == "70"


def test_that_an_empty_table_is_not_saved(library):
    library.type("nothing like it")
    library.until(lambda: library.cells("name") == [])
    library.press("saveLibrary")
    assert "nothing to save" in library.find(QMessageBox, "warning").informativeText()
    library.find(QMessageBox, "warning").close()


def test_that_the_next_window_lists_from_the_index_and_a_damaged_one_loses_nothing(library, made, runs):
    library.until(lambda: not library.studio.library_table._reader.busy)
    assert index_file(runs).exists()
    index_file(runs).write_bytes(b"not an index")
    write_marks(made["alpha"], Marks(tags=("still here",)))
    library.until(lambda: "still here" in library.cells("tags"))
    assert sorted(library.cells("name")) == ["alpha", "beta", "gamma"]


def test_that_nothing_is_read_while_another_tab_is_looked_at(library, runs):
    library.studio.window.tabs.setCurrentIndex(0)
    library.until(lambda: not library.studio.library_table._reader.busy)
    done_run(runs, config_of(0.9, name="later"))
    looks = []
    library.studio.library_table._reader.busy_changed.connect(looks.append)
    with library.qtbot.assertNotEmitted(library.studio.library_table._reader.found, wait=500):
        pass
    assert looks == [] and "later" not in library.cells("name")
    library.studio.window.tabs.setCurrentWidget(library.view)
    library.wait_for("alpha", "beta", "gamma", "later")


def test_that_another_folder_of_runs_can_be_shown(library, tmp_path):
    other = tmp_path / "other"
    done_run(other, config_of(0.9, name="elsewhere"))
    library.studio.library_table.set_runs(other)
    library.wait_for("elsewhere")
    assert library.studio.session.chosen == ()


def test_that_the_filter_field_keeps_what_it_is_not_asked_for(library):
    field = library.find(QLineEdit, "libraryFilter")
    assert not library.view.eventFilter(field, QEvent(QEvent.Type.FocusIn))
    library.qtbot.keyClick(field, Qt.Key.Key_A)
    assert field.text() == "a"


def test_that_the_width_of_a_column_is_remembered(library, qtbot):
    header = library.table.horizontalHeader()
    with qtbot.waitSignal(library.view.columns_changed):
        header.resizeSection(place("tags"), 333)
    with qtbot.waitSignal(library.view.columns_changed):
        header.moveSection(header.visualIndex(place("size")), 1)
    again = LibraryView()
    qtbot.addWidget(again)
    again.set_columns(library_table.HEADS, library_table.WIDTHS, library_table.STATE_COLUMN)
    again.restore_columns(Settings(again).kept(library_table._COLUMNS_KEPT))
    found = again.findChild(QTableView, "libraryTable").horizontalHeader()
    assert found.sectionSize(place("tags")) == 333 and found.visualIndex(place("size")) == 1


def test_that_the_window_closes_at_once_while_very_many_runs_are_read(studio, qtbot, runs):
    many_runs(runs, 1500)
    library = Library(studio, qtbot)
    library.until(lambda: len(library.cells("name")) > 0)
    reader = studio.library_table._reader
    assert reader.busy and "reading" in library.find(QLabel, "libraryCount").text()
    with RunIndex(runs) as index:
        before = len(index.rows())
    reader.close()
    with RunIndex(runs) as index:
        assert before <= len(index.rows()) < 1500


def test_that_ten_thousand_rows_are_sorted_filtered_and_chosen_without_a_pause(studio, qtbot, runs):
    library = Library(studio, qtbot)
    row = read_row(done_run(runs, config_of(0.9)).folder)
    rows = [replace(row, folder=runs / f"made_{seed}", seed=seed, began=1.75e9 - seed) for seed in range(10_000)]
    table = studio.library_table
    table._reader.close()
    table._take(Found(table._runs, tuple(map(Item.of, rows)), (), 10_000, 10_000))
    begun = time.process_time()
    library.type("seed 77")
    library.until(lambda: len(library.cells("name")) < 10_000)
    library.type("")
    library.table.selectAll()
    library.table.sortByColumn(place("seed"), Qt.SortOrder.DescendingOrder)
    assert time.process_time() - begun < 3 and len(studio.session.chosen) == 10_000
    assert library.cells("seed")[:2] == ["9999", "9998"]


def test_that_notes_that_cannot_be_written_are_told_and_not_shown(library, made):
    library.choose("beta")
    for name in ("notes.json", "notes.damaged.json"):  # neither can be written, nor made way for
        (made["beta"] / name).mkdir()
        (made["beta"] / name / "full").touch()
    library.find(QPlainTextEdit, "note").setPlainText("lost")
    library.choose("alpha")
    library.until(lambda: "were not kept" in library.studio.window.log.text)
    library.choose("beta")
    library.until(lambda: library.find(QPlainTextEdit, "note").toPlainText() == "")


def test_that_notes_of_a_run_that_was_removed_meanwhile_are_told(library, made):
    library.choose("beta")
    shutil.rmtree(made["beta"])
    library.find(QPlainTextEdit, "note").setPlainText("too late")
    library.choose("alpha")
    library.until(lambda: "were not kept" in library.studio.window.log.text)
    library.wait_for("alpha", "gamma")
    assert not made["beta"].exists()


def test_that_a_folder_of_runs_that_cannot_be_read_says_why_and_comes_back(studio, qtbot, runs):
    library = Library(studio, qtbot)
    library.until(lambda: "No runs yet" in library.view._stack.note.text)
    runs.rmdir()
    runs.write_text("a file in the place of the folder")
    library.until(lambda: "cannot be listed" in library.view._stack.note.text)
    assert str(runs) in library.view._stack.note.text
    runs.unlink()
    done_run(runs, config_of(0.9, name="back"))
    studio.library_table.look()
    library.wait_for("back")
