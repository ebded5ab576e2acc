"""What a run that is resumed forgets, and what it keeps: the fold of `Resumed` and `Paused`."""

from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.run_events import fold, run_events
from vpns_engine.events import EpochEnded, Measuring, Message, Paused, PhaseStarted, Preparing, Resumed, RunEnded, StepDone
from vpns_engine.history import RunHistory

EVENTS = run_events()
STARTED = 1
"""Number of the event that tells what will be worked on."""


def _seen(history: RunHistory) -> dict[str, object]:
    """Give all that a reader can see, but for the log of the resumptions themselves."""
    return {name: value for name, value in vars(history).items() if name not in ("resumed", "last_seq", "_gaps")}


def _cut(*, cut: int, at: int) -> list[object]:
    """Give a run that is cut off after event `cut` and goes on from `at` with what came after that."""
    numbers = count(cut + 1)
    back = Resumed(at=at, text="goes on", seq=next(numbers), time=EVENTS[cut].time + 1000)
    again = [event.model_copy(update={"seq": next(numbers), "time": event.time + 2000}) for event in EVENTS[at + 1 :]]
    return [*EVENTS[: cut + 1], back, *again]


cuts = st.integers(STARTED, len(EVENTS) - 1).flatmap(lambda cut: st.tuples(st.just(cut), st.integers(STARTED, cut)))


@settings(max_examples=60, deadline=None)
@given(cuts)
def test_that_a_run_that_went_on_is_the_one_in_which_nothing_else_was_ever_told(places):
    cut, at = places
    told = _cut(cut=cut, at=at)
    never = [event for number, event in enumerate(told) if not at < number <= cut]
    for length in range(cut + 2, len(told) + 1, 7):
        ours, theirs = fold(told[:length]), fold(never[: length - (cut - at)])
        assert _seen(ours) == _seen(theirs)
        assert (ours.done, ours.seconds, ours.seconds_left(9e3)) == (theirs.done, theirs.seconds, theirs.seconds_left(9e3))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.floats(0, 1)), min_size=2, max_size=5))
def test_that_a_run_may_be_cut_off_many_times(cuts):
    told, whole, numbers = [], list(EVENTS), count()
    kept: list[object] = []
    for length, share in cuts:
        position = len(kept)
        for event in whole[position : position + length]:
            told.append(event.model_copy(update={"seq": next(numbers)}))
            kept.append(told[-1])
        back_to = max(STARTED + 1, int(len(kept) * share))
        if len(kept) <= STARTED + 1:
            continue
        kept = kept[:back_to]
        told.append(Resumed(at=kept[-1].seq, text="", seq=next(numbers), time=0.0))
    told += [event.model_copy(update={"seq": next(numbers)}) for event in whole[len(kept) :]]
    ours, theirs = fold(told), fold(EVENTS)
    assert [phase.step_positions for phase in ours.phases] == [phase.step_positions for phase in theirs.phases]
    assert [phase.step_losses for phase in ours.phases] == [phase.step_losses for phase in theirs.phases]
    assert [[e.epoch for e in phase.epochs] for phase in ours.phases] == [[e.epoch for e in p.epochs] for p in theirs.phases]
    assert {n: [s.state_path for s in level.saved] for n, level in ours.levels.items()} == {
        n: [s.state_path for s in level.saved] for n, level in theirs.levels.items()
    }
    assert ours.ended is not None and ours.done == theirs.done


def test_that_a_failed_run_that_goes_on_has_not_ended():
    history = fold([*EVENTS[:30], RunEnded(status="failed", text="no space", seq=30, time=1030.0)])
    assert history.ended.status == "failed"
    history.apply(Resumed(at=29, text="goes on", seq=31, time=1031.0))
    assert history.ended is None
    assert [back.at for back in history.resumed] == [29]


def test_that_a_run_that_begins_anew_knows_nothing_but_that_it_does():
    history = fold([*EVENTS[:40], Resumed(at=-1, text="goes on from the beginning", seq=40, time=5000.0)])
    assert (history.started, history.phases, history.levels, history.current) == (None, [], {}, None)
    assert (history.seconds, history.done, history.last_seq) == (0.0, 0.0, 40)
    assert [back.text for back in history.resumed] == ["goes on from the beginning"]


def test_that_the_last_iteration_is_as_it_was_told():
    steps = [event for event in EVENTS if isinstance(event, StepDone)]
    third = steps[2]
    history = fold([*EVENTS[:30], Resumed(at=third.seq, text="", seq=30)])
    assert history.phases[third.phase].last_step == third
    before = EVENTS.index(steps[0]) - 1
    assert fold([*EVENTS[:30], Resumed(at=before, text="", seq=30)]).phases[third.phase].last_step is None


def test_that_what_a_test_had_measured_goes_back_too():
    looks = [Measuring(phase=7, part="test", done=share, seq=200 + n, time=3.0) for n, share in enumerate((0.25, 0.5, 0.75))]
    for at, share in ((202, 0.75), (201, 0.5), (199, 0.0)):
        assert fold([*EVENTS[:-1], *looks, Resumed(at=at, text="", seq=300)]).phases[7].measured == share


def test_that_messages_of_what_no_longer_holds_are_forgotten():
    told = [Message(severity="info", text="before", seq=30), Message(severity="error", text="after", seq=31)]
    history = fold([*EVENTS[:30], *told, Resumed(at=30, text="", seq=32)])
    assert [message.text for message in history.messages] == ["before"]


def test_that_the_time_in_which_nobody_worked_does_not_count():
    started = next(event for event in EVENTS if isinstance(event, PhaseStarted) and event.phase == 2)
    epoch = next(event for event in EVENTS if isinstance(event, EpochEnded) and event.phase == 2)
    history = fold(EVENTS[: epoch.seq + 1])
    seconds, left = history.seconds, history.seconds_left(epoch.time)
    history.apply(Resumed(at=epoch.seq, text="", seq=500, time=epoch.time + 86_400))
    assert history.seconds == seconds
    assert history.seconds_left(epoch.time + 86_400) == left
    assert history.phases[2].spent(epoch.time + 86_400) == epoch.time - started.time


def test_that_the_clock_of_a_paused_run_stands_still():
    history = fold(EVENTS[:40])
    left = history.seconds_left(EVENTS[39].time)
    history.apply(Paused(held_mib=12.0, text="Paused", seq=40, time=EVENTS[39].time))
    assert history.paused is not None and history.paused.held_mib == 12.0
    assert history.seconds_left(EVENTS[39].time + 1e6) == left
    history.apply(Resumed(at=39, text="", seq=41, time=EVENTS[39].time + 1e6))
    assert history.paused is None
    assert history.seconds_left(EVENTS[39].time + 1e6) == left


def test_that_a_run_that_gets_ready_again_says_so_until_it_works():
    history = fold([*EVENTS[:30], Resumed(at=29, text="", seq=30), Preparing(text="Loading torch", seq=31)])
    assert history.preparing.text == "Loading torch"
    history.apply(EVENTS[30].model_copy(update={"seq": 32}))
    assert history.preparing is None


def test_that_a_stop_in_a_pause_ends_it():
    history = fold([*EVENTS[:30], Paused(text="Paused", seq=30), RunEnded(status="stopped", seq=31)])
    assert history.paused is None and history.ended.status == "stopped"


def test_that_a_long_download_is_not_remembered_step_by_step():
    history = fold([Preparing(text=f"{number} MB", seq=number) for number in range(1000)])
    assert len(history._kept) == 1 and history.preparing.text == "999 MB"
