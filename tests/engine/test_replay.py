"""Reading a run's lines again: what a resumption took back costs nothing and changes nothing."""

import time
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.run_events import fold, run_events
from vpns_engine.events import Resumed, to_json
from vpns_engine.history import RunHistory
from vpns_engine.replay import Replay, TakenBack

EVENTS = run_events()


def _lines(told):
    return [to_json(event).encode() + b"\n" for event in told]


def _replayed(lines, *, steps=True):
    replay = Replay(taken_back=TakenBack(lines), steps=steps)
    for line in lines:
        replay.take(line)
    assert replay.damaged_lines == 0
    return replay.history


@st.composite
def cut_runs(draw):
    """Give a run that is cut off several times, as it tells itself: numbers grow, times grow."""
    told, kept, numbers, now = [], [], count(), 1000.0
    for _ in range(draw(st.integers(0, 5))):
        for event in EVENTS[len(kept) : len(kept) + draw(st.integers(0, 25))]:
            now += 1
            told.append(event.model_copy(update={"seq": next(numbers), "time": now}))
            kept.append(told[-1])
        kept = kept[: draw(st.integers(0, len(kept)))]
        now += 500
        told.append(Resumed(at=kept[-1].seq if kept else -1, text="", seq=next(numbers), time=now))
    for event in EVENTS[len(kept) :]:
        now += 1
        told.append(event.model_copy(update={"seq": next(numbers), "time": now}))
    return told


def _seen(history: RunHistory):
    return {name: value for name, value in vars(history).items() if name not in ("_gaps", "_last_taken")}


@settings(max_examples=80, deadline=None)
@given(cut_runs())
def test_that_a_run_read_again_is_the_run_as_it_was_seen(told):
    assert _seen(_replayed(_lines(told))) == _seen(fold(told))


@settings(max_examples=40, deadline=None)
@given(cut_runs())
def test_that_without_iterations_all_else_is_the_same(told):
    ours, theirs = _replayed(_lines(told), steps=False), fold(told)
    assert (ours.last_seq, ours.resumed, ours.levels, ours.ended) == (
        theirs.last_seq,
        theirs.resumed,
        theirs.levels,
        theirs.ended,
    )
    assert [phase.epochs for phase in ours.phases] == [phase.epochs for phase in theirs.phases]


def test_that_a_run_that_was_killed_again_and_again_at_one_place_opens_fast():
    numbers = count(60)
    told = [*EVENTS[:60], *(Resumed(at=50, text="", seq=next(numbers), time=5e3 + n) for n in range(20_000))]
    lines = _lines(told)
    began = time.perf_counter()
    history = _replayed(lines)
    assert len(history.resumed) == 20_000 and history.ended is None
    assert time.perf_counter() - began < 5  # folded one by one it takes minutes


def test_that_a_line_that_says_it_takes_back_what_it_cannot_takes_nothing():
    lines = _lines(EVENTS)
    damaged = [
        b'{"seq":90,"kind":"resumed","at":-7,"text":""}\n',
        b'{"seq":90,"text":"\\"kind\\":\\"resumed\\"","kind":"message","severity":"info"}\n',
        b'"kind":"resumed"',
    ]
    taken = TakenBack([*lines, *damaged, *_lines([Resumed(at=99, text="", seq=50)])])
    assert not [seq for seq in range(200) if seq in taken]
