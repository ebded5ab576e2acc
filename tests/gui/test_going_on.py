"""What can be done with a run that is over: tune it further, or start it again with less memory."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton

from tests.engine.done_runs import config_of, done_run
from vpns_engine.events import RunEnded
from vpns_engine.specs.sweep import Sweep
from vpns_gui import preload, run_thread


@pytest.fixture(autouse=True)
def _no_libraries(monkeypatch):
    monkeypatch.setattr(preload, "load_libraries", lambda: None)


@pytest.fixture
def short_of_memory(monkeypatch):
    """Take the place of a training that does not fit; gives the configurations that were started."""
    configs = []

    def start(config, runs, _control, sinks, *, opened, **_more):
        configs.append(config)
        store = done_run(runs, config)
        opened(store)
        for sink in sinks:
            sink(RunEnded(status="failed", text="not enough memory", micro_batch=16))
        return store

    monkeypatch.setattr(run_thread, "start", start)
    return configs


def _question(studio, qtbot):
    qtbot.waitUntil(lambda: studio.window.findChild(QMessageBox, "question") is not None, timeout=20_000)
    return studio.window.findChild(QMessageBox, "question")


def test_that_a_lack_of_memory_offers_smaller_micro_batches(studio, qtbot, short_of_memory):
    studio.run.start(config_of(), again=True)
    question = _question(studio, qtbot)
    assert "16 images" in question.text()
    assert studio.window.setup.config.data.micro_batch == 16
    accept = question.findChild(QPushButton, "accept")
    qtbot.mouseClick(accept, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(short_of_memory) == 2 and studio.run.state == "idle", timeout=20_000)
    assert [config.data.micro_batch for config in short_of_memory] == [0, 16]


def test_that_tuning_further_goes_on_from_the_open_runs_last_state(studio, runs, qtbot):
    assert not studio.window.menus.tune_further.isEnabled()
    store = done_run(runs, config_of(0.5, 0.9))
    studio.library.open(store.folder)
    qtbot.waitUntil(lambda: studio.window.menus.tune_further.isEnabled(), timeout=20_000)
    studio.window.menus.tune_further.trigger()
    setup = studio.window.setup
    qtbot.waitUntil(lambda: setup.config is not None and setup.config.start_from != "", timeout=20_000)
    config = setup.config
    assert config.mask.sparsities == (0.9,)
    assert config.start_from.startswith(str(store.folder))
    assert Sweep(config, (config.seed,), False).configs == (config,)
