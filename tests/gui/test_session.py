"""What the window works on."""

import pytest

from tests.gui.made_runs import MadeRun, config
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
