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


def test_that_the_moment_follows_the_newest_epoch_and_then_the_saved_one(session, runs):
    made = MadeRun(runs, config())
    session.open(made.store, RunHistory(), live=True)
    found = []
    session.moment_changed.connect(found.append)
    for event in numbered(made):
        session.take(event)
    assert [(moment.phase, moment.epoch) for moment in found] == [(2, 0), (2, 1), (2, 2), (3, 1), (3, 2)]
    assert session.moment == session.moments[-1] and len(session.moments) == 5


def test_that_a_moment_a_person_chose_stays_until_the_due_one_is_chosen(session, runs):
    made = MadeRun(runs, config(sparsities=(0.5, 0.9)))
    session.open(made.store, RunHistory(), live=True)
    events = numbered(made)
    half = next(index for index, event in enumerate(events) if event.kind == "phase-started" and event.phase == 3)
    for event in events[:half]:
        session.take(event)
    chosen = session.moments[1]
    session.choose_moment(chosen)
    for event in events[half:-10]:
        session.take(event)
    assert session.moment == chosen and session.level == 0  # nobody is taken away from what they look at
    session.choose_moment(None)
    assert session.moment == session.moments[-1]
    session.choose_moment(session.moments[0])
    session.choose_moment(session.moments[-1])
    for event in events[-10:]:
        session.take(event)
    assert session.moment == session.moments[-1]


def test_that_a_chosen_epoch_stays_from_level_to_level(session, runs):
    store = MadeRun(runs, config(sparsities=(0.5, 0.9))).write()
    session.open(store, store.read().history)
    session.choose_moment(session.moments[1])
    told = []
    session.moment_changed.connect(told.append)
    session.choose_level(0)
    assert told == [session.moment] == [session.moments[1]] and session.moment.level == 0
    session.choose_moment(session.moments[-1])
    session.choose_level(1)
    assert session.moment == session.moments[-1]


def test_that_another_run_begins_at_its_own_saved_state_and_none_has_no_moment(session, runs):
    store = MadeRun(runs, config()).write()
    session.open(store, store.read().history)
    session.choose_moment(session.moments[0])
    other = MadeRun(runs, config(method="control")).write()
    session.open(other, other.read().history)
    assert session.moment == session.moments[-1]
    session.close()
    assert (session.moment, session.moments) == (None, ())


def test_that_a_moment_that_a_resumption_takes_back_gives_way_to_the_one_before(session, runs):
    made = MadeRun(runs, config())
    session.open(made.store, RunHistory(), live=True)
    events = numbered(made, end=None)
    for event in events:
        session.take(event)
    first_tune = next(event for event in events if event.kind == "epoch" and event.phase == 3)
    session.choose_moment(session.moments[3])
    session.take(Resumed(seq=len(events), at=first_tune.seq - 1, text="goes on"))
    assert (session.moment.phase, session.moment.epoch) == (2, 2) and session.moment in session.moments
