"""Several runs together: the Summary tab, and several runs from one click."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QMessageBox, QPushButton, QTableWidget, QWidget

from tests.engine.done_runs import config_of, done_run
from vpns_engine.errors import EngineError
from vpns_engine.events import from_json
from vpns_engine.presets import preset_called
from vpns_engine.specs.sweep import Sweep, control_of
from vpns_engine.store import RunLibrary
from vpns_engine.summary import COLUMNS
from vpns_gui import preload, run_thread
from vpns_gui.controllers.summary import ONE_SEED
from vpns_gui.forms.setup_panel import SetupPanel
from vpns_gui.views.summary import SUMMARY_COLUMNS, SummaryView


@pytest.fixture(autouse=True)
def _no_libraries(monkeypatch):
    monkeypatch.setattr(preload, "load_libraries", lambda: None)


@pytest.fixture
def drive(monkeypatch):
    """Take the place of the training: each run is written as done; gives the configurations that were run."""
    configs = []

    def start(config, runs, _control, sinks, *, opened, **_more):
        configs.append(config)
        store = done_run(runs, config)
        opened(store)
        for line in (store.folder / "events.jsonl").read_bytes().splitlines():
            for sink in sinks:
                sink(from_json(line))
        return store

    monkeypatch.setattr(run_thread, "start", start)
    return configs


def enter(studio, location, text):
    editor = studio.window.setup.findChild(QWidget, location)
    editor.lineEdit().setText(text)


def press(studio, qtbot, name):
    qtbot.mouseClick(studio.window.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def idle(studio, qtbot):
    qtbot.waitUntil(lambda: studio.run.state == "idle", timeout=20_000)


def cells(studio):
    table = studio.window.findChild(QTableWidget, "summaryTable")
    return [[table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())]


def shown(studio, qtbot):
    studio.window.tabs.setCurrentWidget(studio.window.summary)
    qtbot.waitUntil(lambda: not studio.window.summary.is_empty, timeout=20_000)
    return cells(studio)


def test_that_the_view_is_empty_at_first(qtbot):
    view = SummaryView()
    qtbot.addWidget(view)
    assert view.is_empty and len(SUMMARY_COLUMNS) == len(COLUMNS)
    view.set_families(["one", "two"], 1)
    assert not view.is_empty and view.findChild(QComboBox, "families").currentText() == "two"
    view.set_families((), 0)
    assert view.is_empty


def test_that_a_list_of_seeds_and_the_control_arm_are_runs_from_one_click(studio, drive, qtbot):
    enter(studio, "seed", "7, 9")
    box = studio.window.findChild(QCheckBox, "controlArm")
    box.click()
    summary = studio.window.setup.findChild(QLabel, "summary").text()
    assert summary.endswith("4 runs, one after another")
    positions = []
    studio.session.run_changed.connect(lambda _: positions.append(studio.window.findChild(QLabel, "runTitle").text()))
    press(studio, qtbot, "start")
    idle(studio, qtbot)
    assert [(config.method, config.seed) for config in drive] == [("vpns", 7), ("control", 7), ("vpns", 9), ("control", 9)]
    assert [title.rpartition(" · ")[2] for title in positions] == [f"run {number} of 4" for number in range(1, 5)]
    assert " of 4" not in studio.window.findChild(QLabel, "runTitle").text()
    rows = shown(studio, qtbot)
    assert ["90 %", "VPNs, pad 2 px", "Tuned", "7, 9", "50.00 ± 0.00"] in [row[:5] for row in rows]


def test_that_stop_forgets_the_runs_that_wait(studio, drive, qtbot):
    enter(studio, "seed", "1, 2, 3")
    studio.session.run_changed.connect(lambda store: studio.run.stop() if len(drive) == 2 and store else None)
    press(studio, qtbot, "start")
    idle(studio, qtbot)
    assert [config.seed for config in drive] == [1, 2]
    assert "(1 run after it will not begin)" in studio.window.log.text


def test_that_what_is_done_already_is_opened_and_not_done_again(studio, drive, qtbot, runs):
    store = done_run(runs, preset_called("digits").config)
    press(studio, qtbot, "start")
    qtbot.waitUntil(lambda: studio.session.store is not None, timeout=20_000)
    assert studio.session.store.folder == store.folder and drive == []
    box = studio.window.findChild(QMessageBox, "warning")
    assert "Start anew" in box.informativeText()
    box.close()
    studio.window.menus.start_again.trigger()
    idle(studio, qtbot)
    assert [config.mask.sparsities for config in drive] == [(0.9,)] and len(RunLibrary(runs).runs()) == 2


def test_that_only_what_is_left_is_done_and_the_log_says_what_is_taken_from_where(studio, drive, qtbot, runs):
    store = done_run(runs, preset_called("digits").config)
    editor = studio.window.setup.findChild(QWidget, "mask.sparsities")
    editor.setText("90, 95")
    press(studio, qtbot, "start")
    idle(studio, qtbot)
    assert [(config.mask.sparsities, config.dense) for config in drive] == [((0.95,), "none")]
    said = f"90 % sparsity: done already, in {store.folder.name}"
    assert said in studio.window.log.text and said in (studio.session.store.folder / "log.txt").read_text()


def test_that_a_failing_start_is_told_once(studio, qtbot, monkeypatch):
    def refuse(*_given, **_more):
        raise EngineError("no room")

    monkeypatch.setattr(run_thread, "start", refuse)
    told = []
    studio.run.refused.connect(told.append)
    enter(studio, "seed", "1, 2, 3")
    press(studio, qtbot, "start")
    idle(studio, qtbot)
    assert told == ["no room"]


def test_that_the_summary_follows_the_open_run_and_can_show_others(studio, qtbot, runs):
    done_run(runs, config_of(0.9, search_epochs=99))
    first = done_run(runs, config_of(0.9, seed=1))
    done_run(runs, control_of(config_of(0.9, seed=1)))
    studio.library.open(first.folder)
    qtbot.waitUntil(lambda: studio.session.store is not None)
    rows = shown(studio, qtbot)
    families = studio.window.findChild(QComboBox, "families")
    assert families.count() == 2 and "30 + 20 epochs" in families.currentText()
    assert {row[1] for row in rows if row[2] == "Tuned"} == {"VPNs, pad 2 px", "Control arm (no prompt)"}
    assert studio.window.findChild(QLabel, "summaryNote").text() == ONE_SEED
    families.setCurrentIndex(1 - families.currentIndex())
    assert {row[1] for row in cells(studio) if row[2] == "Tuned"} == {"VPNs, pad 2 px"}


@pytest.mark.parametrize(
    ("text", "said"),
    [("7, 7", "Seed 7 is listed more than once"), ("7, x", "a whole number is needed"), ("7, -1", "at least 0")],
)
def test_that_seeds_that_cannot_work_are_refused(qtbot, text, said):
    panel = SetupPanel()
    qtbot.addWidget(panel)
    panel.findChild(QWidget, "seed").lineEdit().setText(text)
    assert said in panel.findChild(QLabel, "reason").text() and panel.sweep is None


def test_that_a_control_arm_beside_itself_is_not_offered(qtbot):
    panel = SetupPanel()
    qtbot.addWidget(panel)
    box = panel.findChild(QCheckBox, "controlArm")
    box.click()
    config = preset_called("digits").config
    assert panel.sweep == Sweep(config, (7,), control=True)
    panel.set_config(control_of(config))
    assert not box.isEnabled() and panel.sweep.configs == (control_of(config),)
