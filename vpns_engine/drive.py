"""Holds a run's generator: the only place that stops a run, and the only one that catches what goes wrong in it.

Importing this module does not import torch; the first run does.
"""

import importlib.metadata
import platform
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vpns_engine import __version__
from vpns_engine.errors import EngineError, OutOfMemory
from vpns_engine.events import Event, Measuring, Message, Preparing, RunEnded, RunStarted, StepDone
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunInfo, RunStore

if TYPE_CHECKING:
    from vpns_engine.training.run import Run

Sink = Callable[[Event], None]
RunMaker = Callable[[RunConfig, RunStore, Sink], "Run"]
"""Makes a run of a configuration in a folder; the run tells the sink of work between two events."""
_STEPS_PER_SECOND = 10
_HEARTBEAT_SECONDS = 10.0


class Control:
    """What whoever watches a run may ask of it, from any thread."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def stop(self) -> None:
        """Stop within one batch and keep the result so far."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Tell whether a stop was asked for."""
        return self._stop.is_set()


def start(
    config: RunConfig,
    runs: Path,
    control: Control,
    sinks: Sequence[Sink],
    *,
    opened: Callable[[RunStore], None] | None = None,
    make: "RunMaker | None" = None,
    known: Sequence[Event] = (),
) -> RunStore:
    """Make a run folder below `runs` and do the run in the calling thread.

    Every event goes to `events.jsonl` (iterations at most ten a second) and to each sink. The last one is a RunEnded,
    exactly once; a run that fails says why in it. `opened` is called once the folder exists; `make` makes another kind of run
    than one that trains; `known` is told once the run has started: what is taken over from another.

    Raises:
        EngineError: the run folder cannot be made.
    """
    store = RunStore.create(runs, config)
    if opened:
        opened(store)
    _Driver(store, control, sinks, make, known).work(config)
    return store


class _StoppedEarly(Exception):  # noqa: N818 - no error: the way out of a download
    """A stop was asked for before there was anything to keep."""


class _Driver:
    def __init__(
        self, store: RunStore, control: Control, sinks: Sequence[Sink], make: "RunMaker | None", known: Sequence[Event]
    ) -> None:
        self._store = store
        self._known = known
        self._make = make
        self._control = control
        self._sinks = sinks
        self._seq = 0
        self._last_step = 0.0
        self._last_notice = 0.0
        self._run: Run | None = None
        self._info = store.read_info().model_copy(update={"versions": versions()})

    def work(self, config: RunConfig) -> None:
        end = RunEnded(status="finished")
        try:
            end = self._do(config)
        except EngineError as error:
            end = RunEnded(status="failed", text=str(error))
        except Exception as error:  # noqa: BLE001 - a person's run: whatever happened, the window must live and say it
            end = RunEnded(status="failed", text=_explain(error))
            self._log_quietly(traceback.format_exc())
        self._finish(end)

    def _do(self, config: RunConfig) -> RunEnded:
        self._emit(Preparing(text="Loading torch"))
        from vpns_engine.training.run import Run

        run = (self._make or Run)(config, self._store, self._notify)
        self._run = run
        try:
            return self._follow(run)
        except _StoppedEarly:
            return RunEnded(status="stopped")
        except EngineError as error:
            self._rescue(run)
            smaller = error.micro_batch if isinstance(error, OutOfMemory) else 0
            return RunEnded(status="failed", text=str(error), micro_batch=smaller)
        except Exception:
            self._rescue(run)  # a fault of ours, or a device that is lost: the best epoch stands in memory all the same
            raise
        finally:
            run.close()

    def _rescue(self, run: "Run") -> None:
        try:
            for kept in run.rescue():
                self._emit(kept)
        except Exception as error:  # noqa: BLE001 - what made the run fail is in the way of this too, and is what the end says
            self._log_quietly(str(error))

    def _follow(self, run: "Run") -> RunEnded:
        events = run.events()
        for event in events:
            self._emit(event)
            if isinstance(event, RunStarted):
                for one in self._known:
                    self._emit(one)
            self._beat(run)
            if self._control.stopping:
                events.close()
                for kept in run.interrupt():
                    self._emit(kept)
                return RunEnded(status="stopped")
        return RunEnded(status="finished")

    def _notify(self, event: Event) -> None:
        """Take an event that comes from within a long piece of work, a download: a stop ends that work at once."""
        if self._control.stopping:
            raise _StoppedEarly
        if time.time() - self._last_notice >= 1 / _STEPS_PER_SECOND:
            self._last_notice = time.time()
            self._emit(event)
            self._beat(self._run)

    def _emit(self, event: Event) -> None:
        event = self._stamped(event)
        if not isinstance(event, StepDone | Measuring):
            self._store.append(event)
        elif event.time - self._last_step >= 1 / _STEPS_PER_SECOND:
            self._last_step = event.time
            self._store.append(event)
        if isinstance(event, Message):
            self._store.log(f"{event.severity}: {event.text}")
        for sink in self._sinks:
            sink(event)

    def _stamped(self, event: Event) -> Event:
        stamped = event.model_copy(update={"seq": self._seq, "time": time.time()})
        self._seq += 1
        return stamped

    def _beat(self, run: "Run | None") -> None:
        if run is None:
            return
        if run.device != self._info.device or time.time() - self._info.heartbeat > _HEARTBEAT_SECONDS:
            self._write(self._info.model_copy(update={"device": run.device, "heartbeat": time.time()}))

    def _write(self, info: RunInfo) -> None:
        self._info = info
        self._store.write_info(info)

    def _finish(self, end: RunEnded) -> None:
        """Say the end, whatever state the folder is in: the sinks are told even when nothing can be written."""
        stamped = self._stamped(end)
        ended = {"status": end.status, "message": end.text, "heartbeat": time.time()}
        # two tries: where the event cannot be written, the run must still not look as if it went on
        self._quietly(lambda: self._store.append(stamped))
        self._quietly(lambda: self._write(self._info.model_copy(update=ended)))
        self._store.close()
        for sink in self._sinks:
            sink(stamped)

    def _quietly(self, write: Callable[[], None]) -> None:
        try:
            write()
        except (EngineError, OSError) as error:
            self._log_quietly(str(error))

    def _log_quietly(self, text: str) -> None:
        try:
            self._store.log(text)
        except EngineError:
            return  # the folder is gone or full, and that is what the run's end already says


def versions() -> dict[str, str]:
    """Give the versions of what decides a result."""
    names = ("torch", "torchvision", "numpy")
    found = {"python": platform.python_version(), "vpns-studio": __version__}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _explain(error: Exception) -> str:
    first = str(error).strip().splitlines()[0] if str(error).strip() else ""
    if isinstance(error, MemoryError) or "out of memory" in first.lower() or "can't allocate memory" in first.lower():
        return "not enough memory for this run: take a smaller batch size or image size"
    return f"unexpected {type(error).__name__}: {first} (details in log.txt of the run folder)"
