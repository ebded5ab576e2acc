"""What a saved state is, and what was measured of it."""

import pytest

from tests.engine.run_events import fold, started
from vpns_engine.events import EpochEnded, LevelSaved
from vpns_engine.saved_states import epoch_place, saved_name, tuning_of

SEARCH, TUNE = 2, 3


def _stopped(phase, done, *, epoch, val_accuracy=None, right_there=False):
    """Give a history whose phase ended `done` epochs and was then stopped."""
    first = 1 if phase == TUNE else 0
    epochs = [
        EpochEnded(phase=phase, epoch=number, val_accuracy=val_accuracy, seq=10 * number) for number in range(first, done + 1)
    ]
    seq = epochs[-1].seq + (1 if right_there else 5) if epochs else 5
    saved = LevelSaved(phase=phase, level=0, epoch=epoch, complete=False, state_path="x", seq=seq)
    return fold([started(), *epochs, saved]), saved


@pytest.mark.parametrize(
    ("phase", "done", "epoch", "validated", "name", "place", "measured"),
    [
        (SEARCH, 2, 2, True, "Mask now, untuned (stopped amid epoch 3 of 3)", "amid 3 / 3", None),
        (SEARCH, 0, 0, True, "Mask now, untuned (stopped amid epoch 1 of 3)", "amid 1 / 3", None),
        (TUNE, 0, 0, True, "Hardly tuned (stopped amid epoch 1 of 2)", "amid 1 / 2", None),
        (TUNE, 0, 1, True, "Hardly tuned (stopped amid epoch 1 of 2)", "amid 1 / 2", None),  # while it was being validated
        (TUNE, 1, 1, True, "Tuned (epoch 1 of 2, stopped early)", "1 / 2", 1),
        (TUNE, 1, 1, False, "Tuned (stopped amid epoch 2 of 2)", "amid 2 / 2", None),
    ],
)
def test_that_a_stopped_state_is_named_by_where_it_was_stopped(phase, done, epoch, validated, name, place, measured):
    history, saved = _stopped(phase, done, epoch=epoch, val_accuracy=0.5 if validated else None)
    assert (saved_name(history, saved), epoch_place(history, saved)) == (name, place)
    found = history.measured_at(saved)
    assert (found and found.epoch) == measured


@pytest.mark.parametrize(("phase", "name"), [(SEARCH, "Mask now, untuned"), (TUNE, "Tuned")])
def test_that_a_stop_right_at_an_epochs_end_keeps_what_was_measured_there(phase, name):
    history, saved = _stopped(phase, 2, epoch=2, right_there=True)
    assert history.measured_at(saved).epoch == 2
    assert saved_name(history, saved) == f"{name} (epoch 2 of {history.phases[phase].info.epochs}, stopped early)"


def test_that_a_complete_state_is_that_of_its_epoch():
    saved = LevelSaved(phase=TUNE, level=0, epoch=1, complete=True, state_path="x")
    history = fold([started(), EpochEnded(phase=TUNE, epoch=1), EpochEnded(phase=TUNE, epoch=2), saved])
    assert history.measured_at(saved).epoch == 1
    assert (tuning_of(history, saved), saved_name(history, saved)) == ("tuned", "Tuned (epoch 1 of 2)")
