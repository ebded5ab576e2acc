"""Following a run through its folder: nothing twice, nothing lost, nothing half."""

import os
import shutil
import time

import pytest

from tests.engine.run_events import fold, run_events
from vpns_engine import follow as module
from vpns_engine.events import Message, Resumed, RunEnded, to_json
from vpns_engine.follow import Follower
from vpns_engine.history import RunHistory
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore

EVENTS = run_events()


@pytest.fixture
def store(tmp_path):
    store = RunStore.create(tmp_path / "runs", RunConfig())
    yield store
    store.close()


def _path(store):
    return store.folder / "events.jsonl"


def _write(store, text):
    with _path(store).open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)


def test_that_events_come_once_and_in_order(store):
    follower, told = Follower(store), []
    assert follower.read().events == ()
    for event in EVENTS:
        store.append(event)
        told += follower.read().events
    assert told == EVENTS
    assert follower.read().events == ()


def test_that_a_line_waits_until_it_is_whole(store):
    follower, line = Follower(store), to_json(EVENTS[0]) + "\n"
    for part in (line[:7], line[7:-1]):
        _write(store, part)
        assert follower.read() == module.Told(state="running")
    _write(store, line[-1] + to_json(EVENTS[1])[:9])
    assert follower.read().events == (EVENTS[0],)
    _write(store, to_json(EVENTS[1])[9:] + "\n")
    assert follower.read().events == (EVENTS[1],)


def test_that_a_half_line_of_a_process_that_died_is_damage_and_swallows_nothing(store):
    follower = Follower(store)
    _write(store, to_json(EVENTS[0]) + '\n{"kind": "mess')
    assert follower.read().damage == ()
    store.append(EVENTS[1])
    told = follower.read()
    assert told.events == (EVENTS[1],)
    assert told.damage == ("events.jsonl: 1 damaged line left out",)


def test_that_what_does_not_fit_the_run_is_damage_and_never_told(store):
    follower = Follower(store)
    _write(store, '{"kind":"phase-started","phase":0}\n')
    for event in EVENTS[:6]:
        _write(store, to_json(event) + "\n")
    _write(store, '{"kind":"phase-started","phase":99}\n')
    _write(store, '{"kind":"step","phase":99,"epoch":1,"step":1,"losses":[],"accuracies":[]}\n')
    _write(store, '{"kind":"labels-mapped","phase":0,"level":7,"sources":[],"counts":[]}\n[1]\n\n')
    told = follower.read()
    assert told.events == tuple(EVENTS[:6])
    assert told.damage == ("events.jsonl: 5 damaged lines left out",)
    fold(told.events)  # takes every one of them


def test_that_a_run_that_goes_on_is_followed_over_its_resumption(store):
    follower, history = Follower(store), RunHistory()
    again = [event.model_copy(update={"seq": event.seq + 10}) for event in EVENTS[31:]]
    for event in [*EVENTS[:40], Resumed(at=30, text="goes on", seq=40), *again]:
        store.append(event)
        for new in follower.read().events:
            history.apply(new)
    assert len(history.resumed) == 1 and history.ended is not None
    assert [len(phase.epochs) for phase in history.phases] == [len(phase.epochs) for phase in fold(EVENTS).phases]


def test_that_every_resumption_is_told_also_one_that_a_later_one_takes_back(store):
    for event in [*EVENTS[:40], Resumed(at=30, text="", seq=40), EVENTS[31].model_copy(update={"seq": 41})]:
        store.append(event)
    store.append(Resumed(at=30, text="", seq=42))
    followed, opened = fold(Follower(store).read().events), store.read().history
    assert [back.seq for back in followed.resumed] == [back.seq for back in opened.resumed] == [40, 42]
    assert (followed.last_seq, followed.away) == (opened.last_seq, opened.away)


@pytest.mark.parametrize("how", ["cut", "emptied", "replaced", "rewritten", "removed"])
def test_that_a_file_that_is_another_one_is_read_anew(store, how):
    follower = Follower(store)
    for event in EVENTS[:10]:
        store.append(event)
    store.close()
    assert len(follower.read().events) == 10
    path = _path(store)
    other = "".join(to_json(Message(severity="info", text=f"{n} {'x' * 40}", seq=n)) + "\n" for n in range(200))
    match how:
        case "cut":
            os.truncate(path, path.stat().st_size // 2)
        case "emptied":
            path.write_text("")
        case "replaced":
            (store.folder / "new").write_text(path.read_text() + other)
            (store.folder / "new").replace(path)
        case "rewritten":
            path.write_text(other)  # longer than before, and in the same place
        case "removed":
            path.unlink()
    told = follower.read()
    assert told.restarted
    expected = {"cut": EVENTS[:1], "emptied": [], "removed": []}.get(how)
    if expected is None:
        assert len(told.events) == (200 if how == "rewritten" else 210)
    else:
        assert list(told.events)[: len(expected)] == expected
    assert not follower.read().restarted


def test_that_the_end_is_told_with_the_last_event_and_not_before(store):
    follower = Follower(store)
    store.append(EVENTS[0])
    assert not follower.read().ended
    store.append(RunEnded(status="stopped", seq=1))
    assert not follower.read().ended  # run.json does not say so yet: more may come
    store.write_info(store.read_info().model_copy(update={"status": "stopped"}))
    told = follower.read()
    assert told.ended and told.state == "stopped"


def test_that_a_run_that_goes_on_again_is_no_longer_at_its_end(store):
    follower = Follower(store)
    info = store.read_info()
    store.write_info(info.model_copy(update={"status": "stopped"}))
    assert follower.read().ended
    store.write_info(info)
    store.append(EVENTS[0])
    told = follower.read()
    assert (told.events, told.ended, told.state) == ((EVENTS[0],), False, "running")


def test_that_a_run_whose_process_is_gone_has_ended_as_interrupted(store):
    follower = Follower(store)
    store.write_info(store.read_info().model_copy(update={"heartbeat": time.time() - 1000}))
    store.append(EVENTS[0])
    told = follower.read()
    assert told.ended and told.state == "interrupted" and told.events == (EVENTS[0],)


def test_that_a_folder_that_is_removed_is_the_end(store):
    follower = Follower(store)
    store.append(EVENTS[0])
    follower.read()
    store.close()
    shutil.rmtree(store.folder)
    told = follower.read()
    assert told.ended and told.restarted and told.state == "interrupted"
    assert any("is not there" in line for line in told.damage)


def test_that_a_damaged_run_json_is_waited_for_and_then_the_end(store, monkeypatch):
    follower = Follower(store)
    (store.folder / "run.json").write_text("{")
    assert not follower.read().ended
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.0)
    told = follower.read()
    assert told.ended and "run.json" in told.damage[0]


def test_that_more_than_is_read_at_once_comes_in_parts_and_before_the_end(store, monkeypatch):
    monkeypatch.setattr(module, "_MOST_AT_ONCE", 2000)
    for event in EVENTS:
        store.append(event)
    store.write_info(store.read_info().model_copy(update={"status": "finished"}))
    follower, told, parts = Follower(store), [], 0
    while True:
        part = follower.read()
        told += part.events
        parts += 1
        if part.ended:
            break
    assert told == EVENTS and parts > 2


def test_that_a_line_without_end_does_not_stop_the_rest(store, monkeypatch):
    monkeypatch.setattr(module, "_MOST_AT_ONCE", 2000)
    monkeypatch.setattr(module, "_MOST_LINE_BYTES", 1000)
    _write(store, '{"kind":"message","text":"' + "x" * 7000 + '"}\n' + to_json(EVENTS[0]) + "\n")
    follower, told, damage = Follower(store), [], []
    for _ in range(6):
        part = follower.read()
        told += part.events
        damage += part.damage
    assert told == [EVENTS[0]] and damage
