"""The window: starting, stopping, discarding, exporting, closing; the run itself is made up."""

import threading

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QLabel, QMessageBox, QPushButton, QTableWidget

from tests.gui.made_runs import MadeRun, config
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, RunEnded
from vpns_engine.export import ExportResult
from vpns_engine.store import RunStore
from vpns_gui import preload, run_thread
from vpns_gui.controllers import export as export_module
from vpns_gui.dialogs.about import AboutDialog
from vpns_gui.settings import Settings


@pytest.fixture(autouse=True)
def _no_libraries(monkeypatch):
    monkeypatch.setattr(preload, "load_libraries", lambda: None)


class MadeDrive:
    """Obeys `vpns_engine.drive.start`; holds still at the second epoch until it may go on or is stopped."""

    def __init__(self):
        self.go = threading.Event()

    def start(self, config, runs, control, sinks, *, opened, **_more):
        made = MadeRun(runs, config, RunStore.create(runs, config))
        opened(made.store)
        end = "finished"
        for event in made.events(end=None):
            self._tell(made.store, event, sinks)
            if isinstance(event, EpochEnded) and event.epoch == 1:
                while not (self.go.wait(0.01) or control.stopping):
                    continue
            if control.stopping:
                end = "stopped"
                break
        self._tell(made.store, RunEnded(status=end), sinks)
        made.store.close()
        return made.store

    def _tell(self, store, event, sinks):
        store.append(event)
        for sink in sinks:
            sink(event)


@pytest.fixture
def drive(monkeypatch):
    made = MadeDrive()
    monkeypatch.setattr(run_thread, "start", made.start)
    yield made
    made.go.set()


def button(studio, name):
    return studio.window.findChild(QPushButton, name)


def press(qtbot, found):
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)


def started(studio, qtbot):
    press(qtbot, button(studio, "start"))
    qtbot.waitUntil(lambda: studio.session.history is not None and any(p.epochs for p in studio.session.history.phases))


def idle(studio, qtbot):
    qtbot.waitUntil(lambda: studio.run.state == "idle")


def answer(studio, qtbot, name):
    box = studio.window.findChild(QMessageBox, "question")
    with qtbot.waitSignal(box.finished):
        press(qtbot, box.findChild(QPushButton, name))


def test_that_the_first_preset_can_be_started_at_once(studio):
    assert studio.window.setup.config is not None
    assert button(studio, "start").isEnabled() and studio.window.menus.start.isEnabled()
    assert not button(studio, "stop").isEnabled() and not button(studio, "exportRun").isEnabled()


def test_that_start_runs_to_the_end_and_says_so(studio, drive, qtbot):
    drive.go.set()
    press(qtbot, button(studio, "start"))
    idle(studio, qtbot)
    assert studio.session.history.ended.status == "finished"
    assert "Finished. Test accuracy 87.5 %" in studio.window.run_bar.notice
    assert button(studio, "exportRun").isEnabled() and button(studio, "start").isEnabled()
    assert studio.session.store.folder.name in studio.window.windowTitle()


@pytest.mark.usefixtures("drive")
def test_that_nothing_else_can_be_started_meanwhile(studio, qtbot):
    started(studio, qtbot)
    menus, folder = studio.window.menus, studio.session.store.folder
    assert not button(studio, "start").isEnabled() and not button(studio, "resume").isVisible()
    assert not any(action.isEnabled() for action in (menus.start, menus.resume, menus.open_checkpoint, menus.export))
    assert menus.stop.isEnabled() and menus.pause.isEnabled() and menus.discard.isEnabled()
    studio.run.start(config())
    studio.run.resume(folder)
    assert studio.run.state == "running" and studio.session.store.folder == folder


@pytest.mark.usefixtures("drive")
def test_that_an_empty_window_brings_the_run_that_works_back(studio, qtbot):
    started(studio, qtbot)
    working = studio.session.store
    studio.window.menus.new.trigger()
    assert studio.session.store is None and not button(studio, "stop").isEnabled()
    press(qtbot, button(studio, "workingBar_show"))
    assert studio.session.store is working and button(studio, "stop").isEnabled()
    studio.window.menus.new.trigger()
    studio.library.open(working.folder)
    assert studio.session.store is working and studio.session.live


@pytest.mark.usefixtures("drive")
def test_that_stop_keeps_the_result_so_far(studio, qtbot):
    started(studio, qtbot)
    press(qtbot, button(studio, "stop"))
    assert button(studio, "stop").text() == "Stopping …" and not button(studio, "stop").isEnabled()
    idle(studio, qtbot)
    assert studio.window.run_bar.notice.startswith("Stopped.")
    assert studio.session.store.folder.is_dir()
    assert button(studio, "stop").text() == "Stop"


@pytest.mark.usefixtures("drive")
def test_that_discard_asks_and_then_removes_the_folder(studio, qtbot):
    started(studio, qtbot)
    folder = studio.session.store.folder
    press(qtbot, button(studio, "discard"))
    answer(studio, qtbot, "refuse")
    assert studio.run.state == "running" and folder.is_dir()
    press(qtbot, button(studio, "discard"))
    answer(studio, qtbot, "accept")
    qtbot.waitUntil(lambda: not folder.exists())
    qtbot.waitUntil(lambda: f"Discarded {folder}" in studio.window.log.text)
    assert studio.session.store is None and studio.run.state == "idle"


def test_that_a_finished_run_and_an_opened_one_can_be_discarded(studio, drive, runs, tmp_path, qtbot):
    drive.go.set()
    press(qtbot, button(studio, "start"))
    idle(studio, qtbot)
    assert button(studio, "discard").isEnabled()
    other = MadeRun(runs, config(method="control")).write()
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(other.folder)
    press(qtbot, button(studio, "discard"))
    answer(studio, qtbot, "accept")
    qtbot.waitUntil(lambda: not other.folder.exists())
    assert studio.session.store is None
    elsewhere = MadeRun(tmp_path / "elsewhere", config()).write()
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(elsewhere.folder)
    assert not button(studio, "discard").isEnabled()


def test_that_a_refused_start_is_told_and_nothing_is_lost(studio, monkeypatch, qtbot):
    def refuse(*_arguments, **_more):
        raise EngineError("no space left for /runs")

    monkeypatch.setattr(run_thread, "start", refuse)
    before = studio.window.setup.config
    press(qtbot, button(studio, "start"))
    qtbot.waitUntil(lambda: studio.window.findChild(QMessageBox, "warning") is not None)
    box = studio.window.findChild(QMessageBox, "warning")
    assert "no space left" in box.informativeText()
    box.close()
    idle(studio, qtbot)
    assert studio.window.setup.config == before and button(studio, "start").isEnabled()


def test_that_a_run_whose_thread_dies_ends_as_failed(studio, monkeypatch, qtbot):
    def die(config, runs, *_more, opened, **_words):
        opened(RunStore.create(runs, config))
        raise KeyError("layer")

    monkeypatch.setattr(run_thread, "start", die)
    with qtbot.captureExceptions() as caught:
        press(qtbot, button(studio, "start"))
        idle(studio, qtbot)
    assert caught[0][0] is KeyError
    assert studio.session.history.ended.status == "failed"
    assert studio.window.run_bar.notice.startswith("Failed:")


@pytest.mark.usefixtures("drive")
def test_that_closing_during_a_run_asks_stops_and_waits(studio, qtbot):
    started(studio, qtbot)
    window = studio.window
    assert not window.close() and window.isVisible()
    assert not window.close()
    assert len(window.findChildren(QMessageBox, "question")) == 1
    answer(studio, qtbot, "refuse")
    assert studio.run.state == "running" and window.isVisible()
    window.close()
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, "question") is not None)
    answer(studio, qtbot, "accept")
    assert "Stopping the run" in window.run_bar.notice
    qtbot.waitUntil(lambda: not window.isVisible())
    assert studio.run.state == "idle"
    assert studio.session.store.read().history.ended.status == "stopped"


def test_that_closing_waits_for_an_export(studio, runs, monkeypatch, qtbot):
    go = threading.Event()
    monkeypatch.setattr(export_module, "export", lambda _store, folder, **_: (go.wait(10), result(folder))[1])
    exported(studio, runs, qtbot)
    press(qtbot, studio.window.findChild(QPushButton, "exportStart"))
    assert not studio.window.close() and studio.window.isVisible()
    go.set()
    qtbot.waitUntil(lambda: not studio.window.isVisible())


def test_that_the_window_comes_back_where_it_was(studio):
    studio.window.findChild(QObject, "logDock").hide()
    assert studio.window.close()
    kept = Settings(studio)
    studio.window.findChild(QObject, "logDock").show()
    kept.restore(studio.window)
    assert studio.window.findChild(QObject, "logDock").isHidden()


def result(folder):
    return ExportResult(folder=folder, density=0.1, num_kept=12, num_scored=120, files=("model.pt",), max_logit_difference=0.0)


def exported(studio, runs, qtbot):
    store = MadeRun(runs, config()).write()
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(store.folder)
    press(qtbot, button(studio, "exportRun"))
    return store


def test_that_an_opened_runs_settings_can_be_taken_over(studio, runs, qtbot):
    store = MadeRun(runs, config(sparsities=(0.37,), seed=11)).write()
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(store.folder)
    studio.window.menus.take_over.trigger()
    assert studio.window.setup.config == store.config


def test_that_a_new_run_empties_the_window(studio, runs, qtbot):
    exported(studio, runs, qtbot)
    studio.window.findChild(QDialog, "export").close()
    studio.window.menus.new.trigger()
    assert studio.session.store is None and not button(studio, "exportRun").isEnabled()
    assert studio.window.windowTitle() == "VPNs Studio"


def test_that_about_names_versions_licence_and_citation(studio):
    studio.window.menus.about.trigger()
    dialog = studio.window.findChild(AboutDialog, "about")
    text = " ".join(label.text() for label in dialog.findChildren(QObject) if hasattr(label, "text"))
    assert all(word in text for word in ("arXiv:2312.01397", "AAAI 2025", "MIT", "CC BY 4.0", "Python 3."))
    assert "torch 2" in text and "PySide6-Essentials 6" in text and "LGPL" in text
    dialog.close()


def test_that_the_tabs_have_shortcuts(studio, qtbot):
    for number in range(4):
        qtbot.keyClick(studio.window, Qt.Key(Qt.Key.Key_1.value + number), Qt.KeyboardModifier.ControlModifier)
        assert studio.window.tabs.currentIndex() == number


def test_that_a_run_with_a_long_name_leaves_the_window_free_to_be_small(studio, qtbot, runs):
    made = MadeRun(runs, config(name="w" * 60, sparsities=(0.4, 0.5, 0.6, 0.7, 0.8, 0.9))).write()
    studio.library.open(made.folder)
    title = studio.window.run_bar.findChild(QLabel, "runTitle")
    qtbot.waitUntil(lambda: "…" in title.text())
    assert "w" * 60 in title.toolTip()
    assert studio.window.minimumSizeHint().width() <= 960


def test_that_all_columns_of_the_results_fit_a_small_screen(studio, qtbot, runs):
    studio.window.resize(1280, 800)
    studio.library.open(MadeRun(runs, config()).write().folder)
    studio.window.tabs.setCurrentWidget(studio.window.results)
    table = studio.window.results.findChild(QTableWidget, "accuracies")
    qtbot.waitUntil(lambda: table.rowCount() > 0)
    qtbot.waitUntil(lambda: table.horizontalScrollBar().maximum() == 0)
