"""A run as the lines of its `events.jsonl` tell it; what a resumption took back is not even read."""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from vpns_engine import events
from vpns_engine.events import Resumed
from vpns_engine.fitting import check_fits
from vpns_engine.history import RunHistory

_STEPS = (b'"kind":"step"', b'"kind":"measuring"')
RESUMED = b'"kind":"resumed"'
"""Stands in every line that tells of a resumption."""
_SEQ_WITHIN = 40
_SEQ = re.compile(rb'"seq":(\d{1,18})[,}]')
UNFIT = (ValueError, KeyError, IndexError, OverflowError)
"""What a line raises that is no event, or none of this run."""


class TakenBack:
    """The numbers of events that no longer hold: those after a resumption's `at` and before itself."""

    def __init__(self, lines: Iterable[bytes] = ()) -> None:
        self._lows: list[int] = []
        self._highs: list[int] = []
        for line in lines:
            if RESUMED in line:
                self._note(line)

    def _note(self, line: bytes) -> None:
        try:
            event = events.from_json(line)
        except ValueError:
            return
        if not isinstance(event, Resumed):
            return
        while self._lows and self._lows[-1] >= event.at:
            self._lows.pop()
            self._highs.pop()
        self._lows.append(event.at)
        self._highs.append(event.seq)

    def __contains__(self, seq: int) -> bool:
        place = bisect_left(self._lows, seq) - 1
        return place >= 0 and self._lows[place] < seq < self._highs[place]


@dataclass
class Replay:
    """Folds lines."""

    history: RunHistory = field(default_factory=RunHistory)
    damaged_lines: int = 0
    taken_back: TakenBack = field(default_factory=TakenBack)
    steps: bool = True
    """Take iterations in; else they are passed over."""

    def take(self, line: bytes) -> None:
        """Take one line in. One that is cut or damaged is counted, not fatal."""
        if not line.strip():
            return
        number = number_of(line)
        if number is None or self._holds(line, number):
            self._fold(line)
        else:
            self._pass_over(line, number)

    def _holds(self, line: bytes, number: int) -> bool:
        """Tell whether a line is to be read: it was not taken back, nor is it an iteration that nobody asks for."""
        return number not in self.taken_back and (self.steps or not any(kind in line for kind in _STEPS))

    def _pass_over(self, line: bytes, number: int) -> None:
        """Take no more than the number, which no later event may have, and that the run went on."""
        self.history.last_seq = max(self.history.last_seq, number)
        if RESUMED in line and isinstance(event := _event(line), Resumed):
            self.history.resumed.append(event)

    def _fold(self, line: bytes) -> None:
        try:
            event = events.from_json(line)
            check_fits(event, self.history.started)
            self.history.apply(event)
        except UNFIT:
            self.damaged_lines += 1

    @property
    def damage(self) -> tuple[str, ...]:
        """Say what is damaged, line by line."""
        if not self.damaged_lines:
            return ()
        return (f"events.jsonl: {self.damaged_lines} damaged line{'s' * (self.damaged_lines > 1)} left out",)


def number_of(line: bytes) -> int | None:
    """Give an event's number without reading the event; None where it does not stand in its place."""
    found = _SEQ.search(line, 0, _SEQ_WITHIN)
    return int(found[1]) if found else None


def _event(line: bytes) -> events.Event | None:
    try:
        return events.from_json(line)
    except ValueError:
        return None
