"""Choosing the folder of runs and moving the runs, through the real window."""

import threading

import pytest
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLabel, QLineEdit, QPushButton

from tests.engine.done_runs import config_of, done_run
from tests.gui.made_runs import MadeRun, config
from vpns_engine import moving
from vpns_engine.folders import runs_folder, set_runs_folder
from vpns_engine.store import RunLibrary

WAIT_MS = 20_000


@pytest.fixture
def filled(studio, qtbot, runs, monkeypatch):
    """Give the window with two runs, the newer of them open, and a folder of runs that a setting names."""
    monkeypatch.delenv("VPNS_RUNS")
    set_runs_folder(runs)
    done_run(runs, config_of(0.9))
    newest = MadeRun(runs, config()).write().folder
    studio.library.open(newest)
    qtbot.waitUntil(lambda: studio.session.store is not None, timeout=WAIT_MS)
    return studio


def asked(studio) -> QDialog:
    studio.window.menus.runs_folder.trigger()
    return studio.window.findChild(QDialog, "runsFolderDialog")


def save(dialog) -> QPushButton:
    return dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save)


def says(dialog) -> str:
    return dialog.findChild(QLabel, "runsSays").text()


def test_that_the_runs_go_along_and_the_window_works_there_from_then_on(filled, qtbot, runs, tmp_path):
    new, open_run, names = tmp_path / "new", filled.session.store.folder.name, {run.name for run in RunLibrary(runs).runs()}
    dialog = asked(filled)
    assert dialog.findChild(QCheckBox, "runsMove").text() == "Move the 2 runs that are in the present one along"
    assert not save(dialog).isEnabled()  # nothing is changed yet
    dialog.findChild(QLineEdit, "runsFolder").setText(str(new))
    with qtbot.waitSignal(filled.runs_folder.changed, timeout=WAIT_MS):
        save(dialog).click()
    assert runs_folder() == new and {run.name for run in RunLibrary(new).runs()} == names
    assert not RunLibrary(runs).runs()
    qtbot.waitUntil(lambda: filled.session.store is not None and filled.session.store.folder == new / open_run, timeout=WAIT_MS)
    filled.window.tabs.setCurrentWidget(filled.window.library)
    qtbot.waitUntil(lambda: {row.folder.parent for row in filled.library_table.rows} == {new}, timeout=WAIT_MS)


def test_that_a_run_started_afterwards_stands_in_the_new_folder(filled, qtbot, tmp_path):
    dialog = asked(filled)
    dialog.findChild(QLineEdit, "runsFolder").setText(str(tmp_path / "new"))
    with qtbot.waitSignal(filled.runs_folder.changed, timeout=WAIT_MS):
        save(dialog).click()
    filled.setup.start(again=True)
    qtbot.waitUntil(lambda: filled.run.state == "running", timeout=WAIT_MS)
    filled.run.stop()
    qtbot.waitUntil(lambda: filled.run.state == "idle", timeout=60_000)
    assert len(RunLibrary(tmp_path / "new").runs()) == 3


def test_that_the_runs_can_stay_behind(filled, qtbot, runs, tmp_path):
    dialog = asked(filled)
    dialog.findChild(QLineEdit, "runsFolder").setText(str(tmp_path / "new"))
    dialog.findChild(QCheckBox, "runsMove").setChecked(False)
    with qtbot.waitSignal(filled.runs_folder.changed, timeout=WAIT_MS):
        save(dialog).click()
    assert runs_folder() == tmp_path / "new" and len(RunLibrary(runs).runs()) == 2


def test_that_a_move_that_is_called_off_changes_nothing(filled, qtbot, runs, tmp_path, monkeypatch):
    begun, go_on, real = threading.Event(), threading.Event(), moving._copy

    def waiting(path, place):
        begun.set()
        assert go_on.wait(20)
        real(path, place)

    monkeypatch.setattr(moving, "_copy", waiting)
    dialog = asked(filled)
    dialog.findChild(QLineEdit, "runsFolder").setText(str(tmp_path / "new"))
    save(dialog).click()
    assert begun.wait(20)
    dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Cancel).click()
    go_on.set()
    qtbot.waitUntil(lambda: says(dialog).startswith("Called off: the runs are in"), timeout=WAIT_MS)
    assert dialog.isVisible() and runs_folder() == runs and len(RunLibrary(runs).runs()) == 2
    assert not RunLibrary(tmp_path / "new").runs()
    dialog.reject()


def test_that_what_stands_in_the_way_is_said_in_the_dialog(filled, qtbot, runs, tmp_path):
    (tmp_path / "file").write_text("no folder")
    dialog = asked(filled)
    for given, why in ((tmp_path / "file", "is a file, not a folder"), (runs / "inside", "lie within each other")):
        dialog.findChild(QLineEdit, "runsFolder").setText(str(given))
        save(dialog).click()
        qtbot.waitUntil(lambda why=why: why in says(dialog), timeout=WAIT_MS)
        qtbot.waitUntil(lambda: save(dialog).isEnabled(), timeout=WAIT_MS)
    dialog.findChild(QLineEdit, "runsFolder").setText("somewhere")
    save(dialog).click()
    assert says(dialog) == "somewhere could be anywhere: give the whole path"
    assert runs_folder() == runs
    dialog.reject()


def test_that_a_run_that_is_held_elsewhere_is_named(filled, qtbot, runs, tmp_path):
    held = filled.session.store
    dialog = asked(filled)
    dialog.findChild(QLineEdit, "runsFolder").setText(str(tmp_path / "new"))
    with held.writing():
        save(dialog).click()
        qtbot.waitUntil(lambda: f"{held.folder.name} is worked on by" in says(dialog), timeout=WAIT_MS)
    assert runs_folder() == runs and len(RunLibrary(runs).runs()) == 2
    dialog.reject()


def test_that_the_folder_stays_while_a_run_is_on(filled, qtbot):
    filled.setup.start(again=True)
    qtbot.waitUntil(lambda: filled.run.state == "running", timeout=WAIT_MS)
    assert asked(filled) is None
    filled.run.stop()
    qtbot.waitUntil(lambda: filled.run.state == "idle", timeout=60_000)


def test_that_the_environment_counts_before_the_choice(studio):
    dialog = asked(studio)
    assert "VPNS_RUNS" in says(dialog) and not save(dialog).isEnabled()
    assert not dialog.findChild(QLineEdit, "runsFolder").isEnabled()
    dialog.reject()


def test_that_a_move_that_was_cut_off_can_be_ended(filled, qtbot, runs, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(moving, "_clear_up", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            moving.move_runs(tmp_path / "new")
    dialog = asked(filled)
    assert says(dialog) == f"A move was cut off. All runs are here; copies of some are left in {runs}."
    dialog.findChild(QPushButton, "runsFinish").click()
    qtbot.waitUntil(lambda: not RunLibrary(runs).runs(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: filled.window.findChild(QDialog, "runsFolderDialog") is None, timeout=WAIT_MS)
    assert len(RunLibrary(tmp_path / "new").runs()) == 2
