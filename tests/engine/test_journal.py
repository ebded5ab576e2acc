"""What a run tells: numbered, written, passed on; and its heartbeat."""

import shutil
import threading

import pytest

from tests.engine.run_events import started
from vpns_engine import journal as module
from vpns_engine.errors import EngineError
from vpns_engine.events import Message, RunEnded, StepDone
from vpns_engine.follow import Follower
from vpns_engine.journal import Journal
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunInfo, RunStore


@pytest.fixture
def store(tmp_path):
    return RunStore.create(tmp_path / "runs", RunConfig())


def _step(number):
    return StepDone(phase=0, epoch=1, step=number, losses=(1.0,), accuracies=(0.5,))


def test_that_events_are_numbered_from_the_first_and_told_to_every_sink(store):
    sinks = [], []
    with Journal(store, [sink.append for sink in sinks], store.read_info(), first=7) as journal:
        for text in "ab":
            journal.tell(Message(severity="info", text=text))
        assert journal.last == 8
        journal.end(RunEnded(status="stopped"))
    assert [event.seq for event in sinks[0]] == [7, 8, 9] and sinks[0] == sinks[1]
    assert list(Follower(store).read().events) == sinks[0]
    assert store.read_info().status == "stopped"
    assert "info: a" in (store.folder / "log.txt").read_text()


def test_that_every_iteration_is_passed_on_and_a_few_are_written(store):
    told = []
    with Journal(store, [told.append], store.read_info()) as journal:
        for number in range(200):
            journal.tell(_step(number + 1))
        journal.end(RunEnded(status="stopped"))
    assert len(told) == 201
    written = [line for line in (store.folder / "events.jsonl").read_text().splitlines() if '"kind":"step"' in line]
    assert 1 <= len(written) < 100
    assert store.read(steps=False).history.last_seq == 200


def test_that_the_numbers_of_iterations_that_are_passed_over_are_not_given_again(store):
    with Journal(store, [], store.read_info()) as journal:
        journal.tell(started())
        journal.tell(_step(1).model_copy(update={"phase": 2}))
    store.close()
    assert store.read(steps=False).history.last_seq == store.read().history.last_seq == 1


def test_that_a_run_is_heard_of_while_it_tells_nothing(store, monkeypatch):
    beats, real = threading.Semaphore(0), RunStore.write_info

    def note(self, info):
        real(self, info)
        beats.release()

    monkeypatch.setattr(RunStore, "write_info", note)
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.01)
    old = store.read_info().model_copy(update={"heartbeat": 1.0})
    with Journal(store, [], old):
        assert beats.acquire(timeout=10) and beats.acquire(timeout=10)
    assert store.read_info().heartbeat > 1.0


def test_that_the_heartbeat_ends_with_the_run_and_survives_a_folder_that_is_gone(store, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.01)
    with Journal(store, [], store.read_info()) as journal:
        with journal._writing:  # not in the middle of a beat
            store.folder.rename(tmp_path / "elsewhere")
        with pytest.raises(EngineError):
            journal.note(device="cpu")
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat"]
    assert not store.folder.exists()


def test_that_the_end_is_told_even_where_nothing_can_be_written(store):
    told = []
    with Journal(store, [told.append], store.read_info()) as journal:
        shutil.rmtree(store.folder)
        journal.end(RunEnded(status="failed", text="no folder"))
    assert [event.text for event in told] == ["no folder"]


def test_that_run_json_is_written_only_where_it_changes(store):
    with Journal(store, [], store.read_info()) as journal:
        journal.note(device="cpu")
        before = (store.folder / "run.json").stat().st_ino
        journal.note(device="cpu")
        assert (store.folder / "run.json").stat().st_ino == before
        journal.note(status="paused")
    assert (store.read_info().device, store.read_info().status) == ("cpu", "paused")


def test_that_a_clock_that_is_set_back_does_not_silence_the_iterations(store, monkeypatch):
    moments = iter([1e9, 1e9 - 7200, 1e9 - 7100])
    monkeypatch.setattr(module.time, "time", lambda: next(moments, 1e9))
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_STEPS", 0.0)
    with Journal(store, [], RunInfo()) as journal:
        for number in range(3):
            journal.tell(_step(number + 1))
    store.close()
    assert len((store.folder / "events.jsonl").read_text().splitlines()) == 3
