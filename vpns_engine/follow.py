"""Following a run that another process, or another machine, works on, through its folder."""

import os
import time
from dataclasses import dataclass
from typing import IO

from vpns_engine import events
from vpns_engine.errors import EngineError
from vpns_engine.events import Event, Measuring, StepDone
from vpns_engine.files import explain, open_plain
from vpns_engine.fitting import check_fits
from vpns_engine.history import RunHistory
from vpns_engine.replay import RESUMED, UNFIT, TakenBack, number_of
from vpns_engine.store import RunStore, State

_MOST_LINE_BYTES = 4 * 2**20
"""A longer line is none of ours."""
_MOST_AT_ONCE = 64 * 2**20
_PATIENCE_SECONDS = 5.0
"""A `run.json` that cannot be read for longer is damaged."""
_KNOWN_BYTES = 4096
"""How much of the end of what was read is compared with what stands there the next time."""


@dataclass(frozen=True)
class Told:
    """What is new since the last reading."""

    events: tuple[Event, ...] = ()
    """In order; each of them can be taken into a history of what was told before."""
    restarted: bool = False
    """The file is another one: forget what was told before; `events` are all there are."""
    ended: bool = False
    """Nobody works on the run any more, and there is nothing more to read."""
    state: State = "interrupted"
    """How the run stands."""
    damage: tuple[str, ...] = ()
    """What cannot be read, line by line."""


class Follower:
    """Reads what a run tells as it comes. Where the folder is gone, or cannot be read, that is the end."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._path = store.folder / "events.jsonl"
        self._state: State = "running"
        self._unread_since = 0.0
        self._begin()

    def _begin(self) -> None:
        self._history = RunHistory()
        self._read = 0
        """Bytes of whole lines that are read."""
        self._known = b""
        """The last of them."""
        self._identity: tuple[int, int] | None = None

    def read(self) -> Told:
        """Give what was told since the last time. A line that is still being written waits for the next."""
        damage: list[str] = []
        ended = self._look(damage)  # first: what is written until the end is then there to be read
        lines: list[bytes] = []
        restarted = more = False
        try:
            with open_plain(self._path) as file:
                restarted = self._has_changed(file)
                if restarted:
                    self._begin()
                lines, more = self._new_lines(file)
        except EngineError as error:
            if os.path.lexists(self._path):
                damage.append(str(error))
            else:
                restarted = self._read > 0
                self._begin()
        except OSError as error:
            damage.append(explain(error, self._path))
        lines = _that_hold(lines)
        told = tuple(event for line in lines if (event := self._event(line)) is not None)
        lost = len(lines) - len(told)
        if lost:
            damage.append(f"events.jsonl: {lost} damaged line{'s' * (lost > 1)} left out")
        return Told(told, restarted, ended and not more, self._state, tuple(damage))

    def _look(self, damage: list[str]) -> bool:
        try:
            info = self._store.read_info()
        except EngineError as error:
            self._unread_since = self._unread_since or time.monotonic()
            if self._store.folder.is_dir() and time.monotonic() - self._unread_since < _PATIENCE_SECONDS:
                return False  # it is being replaced, on a file system where that takes a moment
            self._state = "interrupted"
            damage.append(str(error))
            return True
        self._state, self._unread_since = info.state, 0.0
        return not info.is_worked_on

    def _has_changed(self, file: IO[bytes]) -> bool:
        """Tell whether what was read no longer stands there: the file was replaced, cut, or written anew."""
        found = os.fstat(file.fileno())
        identity = (found.st_dev, found.st_ino)
        known, self._identity = self._identity, identity
        if known is None:
            return False
        if identity != known or found.st_size < self._read:
            return True
        file.seek(self._read - len(self._known))
        return file.read(len(self._known)) != self._known

    def _new_lines(self, file: IO[bytes]) -> tuple[list[bytes], bool]:
        """Give the whole lines that are new, and whether there are more than are read at once."""
        file.seek(self._read)
        data = file.read(_MOST_AT_ONCE)
        end = data.rfind(b"\n") + 1
        if not end and len(data) > _MOST_LINE_BYTES:  # no line of ours: go on where it ends
            end = len(data)
        self._read += end
        self._known = (self._known + data[:end])[-_KNOWN_BYTES:]
        lines = data[:end].split(b"\n")
        return [line for line in lines if line.strip()], len(data) == _MOST_AT_ONCE

    def _event(self, line: bytes) -> Event | None:
        try:
            event = events.from_json(line)
            check_fits(event, self._history.started)
            if not isinstance(event, StepDone | Measuring):  # iterations are many, and nothing that comes later needs them
                self._history.apply(event)
        except UNFIT:
            return None
        return event


def _that_hold(lines: list[bytes]) -> list[bytes]:
    """Leave out what a later line takes back; that the run went on is told all the same."""
    taken_back = TakenBack(lines)
    return [line for line in lines if RESUMED in line or (number := number_of(line)) is None or number not in taken_back]
