"""What the window works on."""

import pytest

from tests.gui.made_runs import MadeRun, config
from vpns_engine.events import Message, Paused, Resumed, RunEnded
from vpns_engine.history import RunHistory
from vpns_gui.session import Session


@pytest.fixture
def session(qapp):
    return Session(qapp)


def test_that_a_live_run_is_followed_from_level_to_level(session, runs):
    made = MadeRun(runs, config(sparsities=(0.5, 0.9)))
    session.open(made.store, RunHistory(), live=True)
    levels = []
    session.level_changed.connect(levels.append)
    for event in made.events():
        session.take(event)
    assert levels == [1]
    assert session.history.ended is not None


def test_that_a_level_a_person_chose_stays(session, runs):
    made = MadeRun(runs, config(sparsities=(0.5, 0.9)))
    session.open(made.store, RunHistory(), live=True)
    for event in made.events(levels=1, end=None):
        session.take(event)
    session.choose_level(0)
    for event in made.events():
        session.take(event)
    assert session.level == 0


def test_that_an_old_run_opens_at_its_last_level(session, runs):
    store = MadeRun(runs, config(sparsities=(0.5, 0.9))).write()
    session.open(store, store.read().history)
    assert (session.level, session.live) == (1, False)


def test_that_listeners_find_the_event_in_the_history(session, runs):
    made = MadeRun(runs, config())
    session.open(made.store, RunHistory(), live=True)
    found = []
    session.told.connect(lambda told: found.append(told.kind != "run-started" or session.history.started is told))
    for event in made.events():
        session.take(event)
    assert all(found) and found


def test_that_closing_forgets_the_run(session, runs):
    store = MadeRun(runs, config()).write()
    session.open(store, store.read().history)
    session.close()
    assert session.store is None and session.history is None


def numbered(made, **choices):
    return [event.model_copy(update={"seq": seq}) for seq, event in enumerate(made.events(**choices))]


def test_that_a_run_works_on_while_another_one_is_looked_at(session, runs):
    made, other = MadeRun(runs, config()), MadeRun(runs, config(method="control")).write()
    session.open(made.store, RunHistory(), live=True)
    session.open(other, other.read().history)
    told = []
    session.told.connect(told.append)
    for event in numbered(made):
        session.take(event)
    assert told == [] and session.store is other and not session.live
    assert session.working is made.store and session.working_history.ended is not None
    session.show_working()
    assert session.store is made.store and session.live and session.history.ended is not None
    session.end()
    assert (session.working, session.live, session.store) == (None, False, made.store)


def test_that_the_standing_follows_the_events(session, runs):
    made = MadeRun(runs, config())
    session.open(made.store, RunHistory(), live=True)
    seen = []
    session.standing_changed.connect(seen.append)
    events = numbered(made, levels=0, end=None)
    for event in (*events, Paused(seq=10, text="paused"), Resumed(seq=11, at=1, text="on"), RunEnded(seq=12, status="stopped")):
        session.take(event)
    session.close()
    assert seen == ["paused", "running", "stopped", None]


def test_that_going_back_shows_the_run_anew_and_once_only(session, runs):
    made = MadeRun(runs, config())
    session.open(made.store, RunHistory(), live=True)
    for event in numbered(made, levels=0, end=None):
        session.take(event)
    shown, told = [], []
    session.run_changed.connect(shown.append)
    session.told.connect(told.append)
    session.take(Message(seq=2, severity="info", text="lost"))
    session.take(Resumed(seq=3, at=1, text="on"))
    assert shown == [made.store] and [event.kind for event in told] == ["message"]
    session.take(Resumed(seq=4, at=3, text="nothing is lost"))
    assert len(shown) == 1 and told[-1].kind == "resumed"


def test_that_only_a_run_in_other_hands_is_followed(session, runs):
    made = MadeRun(runs, config())
    session.open(made.store, RunHistory(), standing="running")
    assert session.followed and not session.live
    for event in numbered(made):
        session.follow(event)
    assert session.standing == "finished" and not session.followed and session.history.ended is not None
    session.open(made.store, RunHistory(), live=True)
    session.follow(made.first)
    session.set_standing("interrupted")
    assert session.history.started is None and session.standing == "running"


def test_that_a_run_without_an_end_that_nobody_works_on_is_interrupted(session, runs):
    store = MadeRun(runs, config()).write(end=None)
    session.open(store, store.read().history)
    assert session.standing == "interrupted" and not session.followed
