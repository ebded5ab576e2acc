"""The thread a run works in."""

import gc
import sys
import threading

import pytest

from tests.gui.made_runs import MadeRun, config
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, Resumed, RunEnded, StepDone
from vpns_engine.store import RunStore
from vpns_gui import preload, run_thread
from vpns_gui.run_thread import NewRun, OldRun, RunThread, StepThrottle


@pytest.fixture(autouse=True)
def _no_libraries(monkeypatch):
    monkeypatch.setattr(preload, "_open_unlocked", lambda _path, _mode: None)


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
    def start(config, runs, control, sinks, *, opened, **_more):
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
    made = RunThread(NewRun(config(), runs), qapp)
    yield made
    made.stop()
    made.wait()


def test_that_the_folder_comes_first_and_the_end_last(thread, monkeypatch, qtbot):
    monkeypatch.setattr(run_thread, "start", drive([step(1)]))
    seen = []
    thread.opened.connect(lambda begun: seen.append(begun.store.folder.is_dir() and begun.history.started is None))
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


def test_that_a_run_that_goes_on_brings_what_happened_before(runs, qapp, monkeypatch, qtbot):
    store = MadeRun(runs, config()).write(levels=0, end="stopped")

    def resume(store, _control, sinks, *, opened):
        with store.writing():
            opened(store)
            for sink in sinks:
                sink(Resumed(at=0, text="Goes on"))

    monkeypatch.setattr(run_thread, "resume", resume)
    thread = RunThread(OldRun(store.folder), qapp)
    seen, told = [], []
    thread.opened.connect(seen.append)
    thread.told.connect(told.append)
    with qtbot.waitSignal(thread.finished):
        thread.start()
    assert [begun.history.ended.status for begun in seen] == ["stopped"] and told[0].at == 0


def test_that_a_run_that_somebody_has_in_hand_is_told_and_not_refused(runs, qapp, qtbot):
    store = MadeRun(runs, config()).write(levels=0, end="stopped")
    thread = RunThread(OldRun(store.folder), qapp)
    refused = []
    thread.refused.connect(refused.append)
    with store.writing(), qtbot.waitSignal(thread.held, timeout=20_000) as held, qtbot.waitSignal(thread.finished):
        thread.start()
    assert held.args[0] == store.folder and refused == []


def test_that_a_finished_run_is_refused_in_words(runs, qapp, qtbot):
    store = MadeRun(runs, config()).write()
    thread = RunThread(OldRun(store.folder), qapp)
    with qtbot.waitSignal(thread.refused, timeout=20_000) as refused, qtbot.waitSignal(thread.finished):
        thread.start()
    assert "is finished" in refused.args[0]


def test_that_libraries_are_opened_ahead_where_that_helps(monkeypatch):
    opened = []
    monkeypatch.setattr(preload, "_open_unlocked", lambda path, _mode: opened.append(path.name))
    monkeypatch.setattr(sys, "platform", "darwin")
    preload.load_libraries()
    assert opened == []
    monkeypatch.setattr(sys, "platform", "linux")
    preload.load_libraries()
    assert opened == ["libtorch_global_deps.so", "libtorch.so"]


@pytest.fixture
def collector(monkeypatch):
    """Keep the real collector's generations out of it: what is frozen stays so for all tests."""
    frozen = []
    monkeypatch.setattr(preload.gc, "freeze", lambda: frozen.append(True))
    monkeypatch.setattr(preload.atexit, "register", lambda _act: None)
    yield frozen
    gc.enable()


def test_that_the_collector_rests_until_torch_is_there(monkeypatch, collector):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with preload.TorchImport() as importing:
        assert not gc.isenabled()
        importing.look("an event before the import")
        assert not gc.isenabled()
        monkeypatch.setitem(sys.modules, "torch", object())
        importing.look("the first event after it")
        assert gc.isenabled() and collector == [True]
    assert collector == [True]


def test_that_the_collector_wakes_after_a_failure_too(monkeypatch, collector):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with pytest.raises(EngineError), preload.TorchImport():
        raise EngineError("no space left")
    assert gc.isenabled() and collector == []


def test_that_a_second_import_needs_no_care(monkeypatch, collector):
    monkeypatch.setitem(sys.modules, "torch", object())
    with preload.TorchImport():
        assert gc.isenabled()
    assert collector == []
