"""When a checkpoint is due."""

from tests.engine.run_events import run_events
from vpns_engine.checkpointing import Checkpointing
from vpns_engine.events import EpochEnded, PhaseStarted, StepDone


def _due(checkpointing, events):
    return [event for event in events if checkpointing.is_due(event)]


def test_that_one_is_due_at_each_epochs_end_and_after_what_took_long():
    events = run_events()
    due = _due(Checkpointing(10.0, clock=lambda: 0.0), events)
    assert [event for event in due if isinstance(event, EpochEnded)] == [e for e in events if isinstance(e, EpochEnded)]
    assert [event.phase for event in due if isinstance(event, PhaseStarted)] == [2, 4, 6]  # mapped, tuned, mapped
    assert len(due) == 10 + 3


def test_that_one_is_due_every_so_many_minutes_within_an_epoch():
    now = [0.0]
    checkpointing = Checkpointing(0.5, clock=lambda: now[0])
    steps = [event for event in run_events() if isinstance(event, StepDone)][:9]
    due = []
    for number, step in enumerate(steps):
        now[0] = number * 10.0
        if checkpointing.is_due(step):
            due.append(number)
            checkpointing.done()
    assert due == [3, 6]


def test_that_a_run_that_goes_on_knows_its_phases_though_its_start_is_not_told_again():
    phases = next(event for event in run_events() if event.kind == "run-started").phases
    assert Checkpointing(10.0, phases).is_due(PhaseStarted(phase=4))
    assert not Checkpointing(10.0, phases).is_due(PhaseStarted(phase=3))
