"""The thread a run works in."""

import sys
import threading

import pytest

from tests.gui.made_runs import config
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, RunEnded, StepDone
from vpns_engine.store import RunStore
from vpns_gui import preload, run_thread
from vpns_gui.run_thread import RunThread, StepThrottle


@pytest.fixture(autouse=True)
def no_libraries(monkeypatch):
    monkeypatch.setattr(run_thread, "load_libraries", lambda: None)


def step(number):
    return StepDone(phase=0, epoch=1, step=number, losses=(1.0,), accuracies=(0.5,))


def test_that_steps_come_ten_times_a_second_and_all_else_at_once():
    seconds, told = [0.0], []
    throttle = StepThrottle(told.append, lambda: seconds[0])
    for number in range(100):
        seconds[0] = number * 0.03125
        throttle(step(number))
        if number % 10 == 0:
            throttle(EpochEnded(phase=0, epoch=number))
    steps = [event.step for event in told if isinstance(event, StepDone)]
    assert 24 <= len(steps) <= 32 and steps[0] == 0
    assert sum(isinstance(event, EpochEnded) for event in told) == 10


def drive(events):
    def start(config, runs, control, sinks, *, opened):
        store = RunStore.create(runs, config)
        opened(store)
        for event in events:
            for sink in sinks:
                sink(event)
        while control and not control.stopping and not events:
            threading.Event().wait(0.01)
        for sink in sinks:
            sink(RunEnded(status="stopped" if control.stopping else "finished"))
        return store

    return start


@pytest.fixture
def thread(runs, qapp):
    made = RunThread(config(), runs, qapp)
    yield made
    made.stop()
    made.wait()


def test_that_the_folder_comes_first_and_the_end_last(thread, monkeypatch, qtbot):
    monkeypatch.setattr(run_thread, "start", drive([step(1)]))
    seen = []
    thread.opened.connect(lambda store: seen.append(store.folder.is_dir()))
    thread.told.connect(lambda told: seen.append(told.kind))
    thread.finished.connect(lambda: seen.append("over"))
    with qtbot.waitSignal(thread.finished):
        thread.start()
    assert seen == [True, "step", "run-ended", "over"]


def test_that_events_arrive_in_the_windows_thread(thread, monkeypatch, qtbot):
    monkeypatch.setattr(run_thread, "start", drive([step(1)]))
    where = []
    thread.told.connect(lambda _: where.append(threading.current_thread()))
    with qtbot.waitSignal(thread.finished):
        thread.start()
    assert set(where) == {threading.main_thread()}


def test_that_a_stop_reaches_the_run(thread, monkeypatch, qtbot):
    monkeypatch.setattr(run_thread, "start", drive([]))
    ends = []
    thread.told.connect(ends.append)
    with qtbot.waitSignal(thread.finished):
        thread.opened.connect(thread.stop)
        thread.start()
    assert thread.stopping and ends[-1].status == "stopped"


def test_that_a_folder_that_cannot_be_made_is_refused_in_words(thread, monkeypatch, qtbot):
    def refuse(*_arguments, **_more):
        raise EngineError("no permission to write /runs: choose another folder of runs")

    monkeypatch.setattr(run_thread, "start", refuse)
    with qtbot.waitSignal(thread.refused) as refused, qtbot.waitSignal(thread.finished):
        thread.start()
    assert "no permission" in refused.args[0]


def test_that_libraries_are_opened_ahead_only_where_that_helps(monkeypatch):
    opened = []
    monkeypatch.setattr(preload, "_open_unlocked", lambda path, _mode: opened.append(path.name))
    monkeypatch.setitem(sys.modules, "torch", object())
    preload.load_libraries()
    assert opened == []
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(sys, "platform", "linux")
    preload.load_libraries()
    assert opened == ["libtorch_global_deps.so", "libtorch.so"]
    monkeypatch.setattr(sys, "platform", "darwin")
    preload.load_libraries()
    assert len(opened) == 2
