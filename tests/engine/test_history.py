"""The one fold of events."""

import pytest

from tests.engine.run_events import fold, run_events, started
from vpns_engine.events import EpochEnded, Message, PhaseEnded, PhaseStarted, Preparing, Resumed, RunEnded, StepDone
from vpns_engine.history import RunHistory


def _phase(number, *more):
    return fold([started(), *(PhaseStarted(phase=before, time=10.0 * before) for before in range(number + 1)), *more])


def _step(phase, epoch, step, time=0.0):
    return StepDone(phase=phase, epoch=epoch, step=step, losses=(0.5,), accuracies=(1.0,), time=time)


def test_that_a_whole_run_is_seen():
    history = fold(run_events())
    assert history.started and history.ended
    assert [phase.info.kind for phase in history.phases] == ["rewind", "map", "search", "finetune"] * 2
    assert all(phase.started is not None and phase.ended is not None for phase in history.phases)
    assert [len(phase.epochs) for phase in history.phases] == [0, 0, 3, 2] * 2
    assert history.preparing is None
    assert history.last_time == run_events()[-1].time


def test_that_a_level_knows_its_mapping_its_states_and_its_tests():
    level = fold(run_events()).levels[1]
    assert (level.density, level.sources, level.counts) == (0.05, (2, 0), (5, 7))
    assert [saved.state_path for saved in level.saved] == ["artifacts/6", "artifacts/7"]
    assert level.test("finetune").accuracy_prompted == 0.91
    assert level.test("search") is None


def test_that_the_share_done_only_grows_and_ends_at_one():
    history, shares = RunHistory(), []
    for event in run_events():
        history.apply(event)
        shares.append(history.done)
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == pytest.approx(1)


def test_that_steps_left_out_of_the_stream_do_not_change_what_is_done():
    events = run_events()
    thinned = [event for event in events if not isinstance(event, StepDone)]
    assert fold(thinned).done == fold(events).done
    middle = next(index for index, event in enumerate(events) if isinstance(event, EpochEnded)) + 1
    assert fold([event for event in events[:middle] if not isinstance(event, StepDone)]).done == fold(events[:middle]).done


def test_that_steps_have_their_place_in_the_epoch():
    phase = _phase(2, _step(2, 1, 1), _step(2, 2, 4)).phases[2]
    assert phase.step_positions == [0.25, 2.0]
    assert phase.step_losses == [(0.5,), (0.5,)]
    assert phase.done == 8 / 12


def test_that_the_state_before_the_first_epoch_is_no_work_done():
    assert _phase(2, EpochEnded(phase=2, epoch=0)).phases[2].done == 0


def test_that_the_time_left_is_unknown_before_and_after():
    assert RunHistory().seconds_left(5) == (None, None)
    assert _phase(2).seconds_left(25) == (None, None)
    assert fold(run_events()).seconds_left(5000) == (None, None)


def test_that_the_time_left_follows_the_pace_of_the_same_kind_of_phase():
    events = [PhaseEnded(phase=0, time=10), PhaseEnded(phase=1, time=20), _step(2, 2, 2, time=32)]
    phase, run = _phase(2, *events).seconds_left(32)
    # the search has done 6 of 12 iterations in 12 seconds: 2 seconds each
    assert phase == pytest.approx(6 * 2)
    # mapping took 10 s for 4 iterations and a rewind 10 s; tuning, not yet met, goes at the search's pace
    assert run == pytest.approx(12 + 8 * 2 + (10 + 10 + 12 * 2 + 8 * 2))


def test_that_a_phase_that_does_not_exist_leaves_the_history_usable():
    history = _phase(2, _step(2, 1, 1))
    with pytest.raises(IndexError):
        history.apply(PhaseStarted(phase=99))
    assert history.current == 2
    assert history.seconds_left(30)[0] is not None


def test_that_messages_and_the_end_are_kept():
    history = fold([Message(severity="error", text="a"), RunEnded(status="failed", text="b", time=4.0)])
    assert [message.text for message in history.messages] == ["a"]
    assert history.ended.status == "failed"
    assert (history.last_time, history.done) == (4.0, 0.0)


def test_that_the_time_a_run_took_counts_its_preparation_after_it_went_on_too():
    told = [
        Preparing(text="Loading torch", time=1000.0, seq=0),
        Preparing(text="Reading the images", time=1005.0, seq=1),
        started().model_copy(update={"time": 1006.0, "seq": 2}),
        PhaseStarted(phase=0, time=1007.0, seq=3),
        PhaseEnded(phase=0, time=1009.0, seq=4),
    ]
    assert fold(told).seconds == 9
    history = fold([*told, Resumed(at=3, text="", time=1030.0, seq=5), PhaseEnded(phase=0, time=1031.0, seq=6)])
    assert history.seconds == 8  # up to the event it went on from, and since
