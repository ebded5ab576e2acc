"""The dense reference in the window."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QTableWidget

from tests.engine.done_runs import config_of, done_run
from vpns_engine.specs.masks import MaskSpec
from vpns_engine.specs.phase import DENSE
from vpns_gui.controllers.results import accuracy_rows
from vpns_gui.views.timeline_words import level_lines


def _accuracy(_density, stage):
    return {"dense map": 0.25, "dense finetune": 0.75}.get(stage, 0.5)


def _opened(studio, runs, qtbot, **changes):
    store = done_run(runs, config_of(**changes), _accuracy)
    studio.library.open(store.folder)
    qtbot.waitUntil(lambda: studio.session.store is not None and _painted(studio))
    return studio.session.history


def _painted(studio):
    return not any(entry.dirty and entry.view.isVisible() for entry in studio._refresh._entries)


def _chip(studio, level):
    return next(chip for chip in studio.window.run_bar.timeline._chips if chip.level == level)


@pytest.mark.parametrize("dense", ["mapped", "tuned"])
def test_that_the_dense_reference_is_a_level_of_the_timeline_that_can_be_looked_at(studio, runs, qtbot, dense):
    history = _opened(studio, runs, qtbot, dense=dense)
    assert [line.name for line in level_lines(history)] == ["dense", "90 %"]
    labels = {"mapped": ["Map labels", "Test"], "tuned": ["Map labels", "Test", "Tune"]}[dense]
    assert [line.label for line in level_lines(history)[0].phases] == labels
    assert studio.session.level == 0
    for tab in range(studio.window.tabs.count()):
        studio.window.tabs.setCurrentIndex(tab)
        for level in (DENSE, 0):
            with qtbot.waitSignal(studio.session.level_changed) as changed:
                qtbot.mouseClick(_chip(studio, level), Qt.MouseButton.LeftButton)
            assert changed.args == [level]
            qtbot.waitUntil(lambda: _painted(studio))


def test_that_results_and_log_tell_the_dense_accuracy(studio, runs, qtbot):
    history = _opened(studio, runs, qtbot, dense="tuned")
    rows = [(row[0], row[1], row[-2]) for row in accuracy_rows(history, {})]
    assert rows[:2] == [("0 %", "Dense, mapped", "25.0 %"), ("0 %", "Dense, tuned", "75.0 %")]
    assert [row[0] for row in rows[2:]] == ["90 %", "90 %"]
    studio.window.tabs.setCurrentWidget(studio.window.results)
    table = studio.window.results.findChild(QTableWidget, "accuracies")
    qtbot.waitUntil(lambda: table.rowCount() == 4)
    assert "Test accuracy, dense, tuned: 75.0 % without prompt" in studio.window.log.text
    assert "Dense reference: map labels" in studio.window.log.text


def test_that_a_run_of_the_dense_reference_alone_opens_on_it(studio, runs, qtbot):
    store = done_run(runs, config_of(dense="tuned").model_copy(update={"mask": MaskSpec(sparsities=())}), _accuracy)
    studio.library.open(store.folder)
    qtbot.waitUntil(lambda: studio.session.store is not None)
    assert studio.session.level == DENSE
    assert "dense reference" in studio.window.findChild(QLabel, "runTitle").text()


def test_that_a_run_without_a_dense_reference_shows_none(studio, runs, qtbot):
    history = _opened(studio, runs, qtbot, dense="none")
    assert [line.name for line in level_lines(history)] == ["90 %"]
    assert not any("Dense" in row[1] for row in accuracy_rows(history, {}))
