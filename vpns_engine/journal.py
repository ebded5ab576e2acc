"""What a run tells: numbered, written down, passed on; and the sign that somebody works on it."""

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from vpns_engine.errors import EngineError
from vpns_engine.events import Event, Measuring, Message, RunEnded, StepDone
from vpns_engine.liveness import HEARTBEAT_SECONDS
from vpns_engine.store import RunInfo, RunStore

Sink = Callable[[Event], None]
_SECONDS_BETWEEN_STEPS = 0.1


class Journal:
    """Writes a run's events, tells them to the sinks, and keeps `run.json` right; a context, while the run is in hand."""

    def __init__(self, store: RunStore, sinks: Sequence[Sink], info: RunInfo, *, first: int = 0) -> None:
        """`first`: number of the first event."""
        self._store = store
        self._sinks = sinks
        self._next = first
        self._info = info
        self._writing = threading.Lock()
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._last_step = 0.0

    def __enter__(self) -> "Journal":
        self._heart.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._over.set()
        self._heart.join()

    @property
    def last(self) -> int:
        """Number of the last event that was told."""
        return self._next - 1

    def number_after(self, number: int) -> None:
        """Give the events to come numbers above this one: it may belong to an iteration that was never written."""
        self._next = max(self._next, number + 1)

    def tell(self, event: Event) -> None:
        """Number an event, write it down (iterations at most ten a second), and pass it on.

        Raises:
            EngineError: it cannot be written.
        """
        event = self._stamped(event)
        if not isinstance(event, StepDone | Measuring) or self._time_for_a_step():
            self._store.append(event)
        if isinstance(event, Message):
            self._store.log(f"{event.severity}: {event.text}")
        self._pass_on(event)

    def end(self, end: RunEnded) -> None:
        """Say the end, whatever state the folder is in: the sinks are told even when nothing can be written."""
        stamped = self._stamped(end)
        # two tries: where the event cannot be written, the run must still not look as if it went on
        self._quietly(lambda: self._store.append(stamped))
        self._quietly(self._store.sync)
        self._quietly(lambda: self.note(status=end.status, message=end.text))
        self._store.close()
        self._pass_on(stamped)

    def note(self, **changes: Any) -> None:  # noqa: ANN401 - the fields of RunInfo
        """Change what `run.json` says, where it says something else.

        Raises:
            EngineError: it cannot be written.
        """
        with self._writing:
            if any(getattr(self._info, name) != value for name, value in changes.items()):
                self._write(changes)

    def log(self, text: str) -> None:
        """Write a line in the log, where that can be."""
        try:
            self._store.log(text)
        except EngineError:
            return  # the folder is gone or full, and that is what the run's end says

    def _write(self, changes: dict[str, Any]) -> None:
        self._info = self._info.model_copy(update={**changes, "heartbeat": time.time()})
        self._store.write_info(self._info)

    def _beat(self) -> None:
        """Say that the run is in hand, whatever it is at: a batch, a download, a checkpoint, a pause."""
        while not self._over.wait(HEARTBEAT_SECONDS):
            with self._writing:
                self._quietly(lambda: self._write({}))

    def _quietly(self, write: Callable[[], None]) -> None:
        try:
            write()
        except (EngineError, OSError) as error:
            self.log(str(error))

    def _stamped(self, event: Event) -> Event:
        stamped = event.model_copy(update={"seq": self._next, "time": time.time()})
        self._next += 1
        return stamped

    def _time_for_a_step(self) -> bool:
        now = time.monotonic()  # the other clock may be set back
        if now - self._last_step < _SECONDS_BETWEEN_STEPS:
            return False
        self._last_step = now
        return True

    def _pass_on(self, event: Event) -> None:
        for sink in self._sinks:
            sink(event)
