"""Holds a run's generator: the only place that stops and pauses a run, and the only one that catches what goes wrong in it.

Importing this module does not import torch; the first run does.
"""

import importlib.metadata
import platform
import re
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from vpns_engine import __version__
from vpns_engine.checkpointing import Checkpointing
from vpns_engine.control import Control as Control
from vpns_engine.errors import EngineError, OutOfMemory
from vpns_engine.events import Event, Message, Paused, Preparing, Resumed, RunEnded, RunStarted
from vpns_engine.history import RunHistory
from vpns_engine.journal import Journal, Sink
from vpns_engine.keeping import Keeping, read_keeping, tidy
from vpns_engine.specs.run import RunConfig
from vpns_engine.standing import standing
from vpns_engine.store import RunInfo, RunIsHeld, RunStore

if TYPE_CHECKING:
    from vpns_engine.training.checkpoint import ResumePoint
    from vpns_engine.training.run import Run

RunMaker = Callable[[RunConfig, RunStore, Sink], "Run"]
"""Makes a run of a configuration in a folder; the run tells the sink of work between two events."""
_SECONDS_BETWEEN_NOTICES = 0.1
_DEVICE_LOST = re.compile(r"\b(CUDA|HIP|XPU|MPS|cuDNN) (driver )?error|(CUDNN|CUBLAS)_STATUS|device-side assert")
"""How torch begins what a GPU answers once it failed; nothing but a new process makes it work again."""


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
    with store.writing():
        if opened:
            opened(store)
        info = store.read_info().model_copy(update={"versions": versions(), "imported": make is not None})
        _Driver(store, control, sinks, info, make=make, known=known).work()
    return store


def resume(
    store: RunStore, control: Control, sinks: Sequence[Sink], *, opened: Callable[[RunStore], None] | None = None
) -> RunStore:
    """Go on with a run that was cut off, stopped, or failed, in the calling thread.

    The sinks are told a Resumed first: what they knew of after its `at` no longer holds. All else is as in `start`.

    Raises:
        RunIsHeld: somebody works on it.
        EngineError: it is finished, cannot be gone on with, or its folder cannot be written.
    """
    with store.writing():
        history = store.read(steps=False).history
        info = _checked(store, history)
        if opened:
            opened(store)
        driver = _Driver(store, control, sinks, info, first=history.last_seq + 1)
        driver.work(goes_on=True)
    return store


def _checked(store: RunStore, history: RunHistory) -> RunInfo:
    """Give how the run stands; refuse one that there is nothing to go on with.

    Raises:
        RunIsHeld: it is worked on, on another machine (on this one the lock would have told).
        EngineError: it is finished, or an import.
    """
    try:
        info = store.read_info()
    except EngineError:  # damaged or gone: it is written anew
        info = RunInfo(seed=store.config.seed, started=history.first_time or time.time())
    if info.host not in ("", platform.node()) and info.is_worked_on:
        raise RunIsHeld(f"{store.folder.name} is worked on by process {info.process} on {info.host}")
    if history.ended is not None and history.ended.status == "finished":
        _say_finished(store, info)
        raise EngineError(f"{store.folder.name} is finished: there is nothing to go on with; tune it further instead")
    if info.imported:
        raise EngineError(f"{store.folder.name} takes a checkpoint over and was cut off: import it again")
    return info.taken_by_this_process().model_copy(update={"versions": versions()})


def _say_finished(store: RunStore, info: RunInfo) -> None:
    """Do what a process that was cut off right after a run's end did not come to: or it would be offered for ever."""
    if info.status != "finished":
        store.write_info(info.model_copy(update={"status": "finished", "message": ""}))
        tidy(store, read_keeping())


class _CutShort(Exception):  # noqa: N818 - no error: the way out of a download
    """A stop or a pause was asked for within a long piece of work."""


class _Driver:
    def __init__(
        self,
        store: RunStore,
        control: Control,
        sinks: Sequence[Sink],
        info: RunInfo,
        *,
        make: "RunMaker | None" = None,
        known: Sequence[Event] = (),
        first: int = 0,
    ) -> None:
        self._store = store
        self._make = make
        self._known = known
        self._control = control
        self._journal = Journal(store, sinks, info, first=first)
        self._keeping = read_keeping()
        self._checkpointing = Checkpointing(self._keeping.checkpoint_minutes)
        self._last_notice = 0.0
        self._device = ""
        self._broken_off = False
        """The result so far is being kept: the state is no longer that of a moment in the run."""

    def work(self, *, goes_on: bool = False) -> None:
        with self._journal:
            end = RunEnded(status="finished")
            try:
                end = self._do(goes_on)
            except EngineError as error:
                end = RunEnded(status="failed", text=str(error))
            except Exception as error:  # noqa: BLE001 - a person's run: whatever happened, the window must live and say it
                end = RunEnded(status="failed", text=_explain(error))
                self._journal.log(traceback.format_exc())
            self._journal.end(end)
        if end.status == "finished":
            self._tidy(self._keeping)

    def _do(self, goes_on: bool) -> RunEnded:
        point = self._go_back() if goes_on else None
        while True:
            end = self._session(point)
            if end is not None:
                return end
            self._tell_pause()
            if not self._control.wait():
                return RunEnded(status="stopped")
            point = self._go_back()

    def _go_back(self) -> "ResumePoint | None":
        """Find where the run goes on from, and say it."""
        history = self._store.read(steps=False).history
        point = self._point(history)
        self._known = tuple(history.dense_elsewhere) or self._known
        back = Resumed(at=point.at if point else -1, text="")
        history.apply(back)
        self._checkpointing = Checkpointing(self._keeping.checkpoint_minutes, [phase.info for phase in history.phases])
        self._journal.number_after(back.at)
        self._journal.note(status="running", message="")
        self._journal.tell(back.model_copy(update={"text": f"Goes on {standing(history, amid=_epoch(point))}"}))
        for line in point.damage if point else ():
            self._journal.tell(Message(severity="warning", text=line))
        return point

    def _point(self, history: RunHistory) -> "ResumePoint | None":
        """Look for the last moment that is whole on the disk; an import begins anew."""
        if self._make is not None:
            return None
        from vpns_engine.training.checkpoint import BEFORE, FRESH, LAST, resume_point

        point = resume_point(self._store, history)
        usable = point.checkpoint.path if point.checkpoint is not None else None
        for path in map(self._store.path, (LAST, FRESH) if usable else (LAST, FRESH, BEFORE)):
            if path != usable:
                self._put_aside(path)
        return point

    def _put_aside(self, path: Path) -> None:
        """Move a checkpoint out of the way that cannot be used: it must not take a good one's place, nor be tried again."""
        with suppress(OSError):
            path.replace(path.with_name(f"unusable_{path.name}"))

    def _session(self, point: "ResumePoint | None") -> RunEnded | None:
        """Work until the end, which is returned, or until a pause (None); then nothing of the run is left in memory."""
        self._broken_off = False
        self._journal.tell(Preparing(text="Loading torch"))
        from vpns_engine.training.run import Run

        if self._make is not None:
            run = self._make(self._store.config, self._store, self._notify)
        else:
            run = Run(self._store.config, self._store, self._notify, point)
        try:
            return self._follow(run)
        except _CutShort:
            return RunEnded(status="stopped") if self._control.stopping else None
        except EngineError as error:
            self._rescue(run)
            smaller = error.micro_batch if isinstance(error, OutOfMemory) else 0
            return RunEnded(status="failed", text=str(error), micro_batch=smaller)
        except Exception:
            self._rescue(run)  # a fault of ours, or a device that is lost: the best epoch stands in memory all the same
            raise
        finally:
            self._device = run.device
            run.close()

    def _follow(self, run: "Run") -> RunEnded | None:
        events = run.events()
        for event in events:
            self._journal.tell(event)
            if isinstance(event, RunStarted):
                for one in self._known:
                    self._journal.tell(one)
            self._journal.note(device=run.device)
            if self._control.stopping or self._control.pausing:
                if self._break_off(run, events):
                    return RunEnded(status="stopped") if self._control.stopping else None
            elif self._checkpointing.is_due(event):
                self._checkpoint(run)
        return RunEnded(status="finished")

    def _break_off(self, run: "Run", events: Generator[Event]) -> bool:
        """Make sure that the run can go on, keep the result so far, and end the work; False where it works on instead."""
        try:
            self._checkpoint(run)
        except EngineError as error:
            if not self._control.stopping:
                self._control.go_on()  # a pause must not lose what is in memory
                self._journal.tell(Message(severity="error", text=f"Not paused: {error}"))
                return False
            self._journal.tell(Message(severity="warning", text=f"Resuming will go on from an earlier moment: {error}"))
        events.close()
        self._broken_off = True
        for kept in run.interrupt():
            self._journal.tell(kept)
        if not self._control.stopping:
            run.release()
        return True

    def _checkpoint(self, run: "Run") -> None:
        if self._make is None and run.consistent and not self._broken_off:
            self._store.sync()  # the checkpoint says which event it belongs to: that must be there
            run.checkpoint(self._journal.last)
            self._checkpointing.done()

    def _rescue(self, run: "Run") -> None:
        for keep in (self._checkpoint, self._keep_best):
            try:
                keep(run)
            except Exception as error:  # noqa: BLE001 - what made the run fail is in the way of this too, and is what the end says
                self._journal.log(str(error))

    def _keep_best(self, run: "Run") -> None:
        for kept in run.rescue():
            self._journal.tell(kept)

    def _tell_pause(self) -> None:
        from vpns_engine.training.held import held_mib, let_go

        let_go()
        held = held_mib(self._device)
        self._journal.tell(Paused(held_mib=held, text=_held_words(self._device, held)))
        self._store.sync()
        self._journal.note(status="paused")

    def _notify(self, event: Event) -> None:
        """Take an event that comes from within a long piece of work, a download: a stop or a pause ends that work at once."""
        if self._control.stopping or self._control.pausing:
            raise _CutShort
        if time.monotonic() - self._last_notice >= _SECONDS_BETWEEN_NOTICES:
            self._last_notice = time.monotonic()
            self._journal.tell(event)

    def _tidy(self, keeping: Keeping) -> None:
        try:
            tidy(self._store, keeping)
        except EngineError as error:
            self._journal.log(str(error))


def _epoch(point: "ResumePoint | None") -> int:
    """Give the epoch amid which a run goes on; 0 where that is at an epoch's end, or in no epoch."""
    return point.place.epoch if point is not None and point.place.step else 0


def _held_words(device: str, held: float | None) -> str:
    if not device:
        return "Paused before anything was read"
    if held is None:
        return "Paused; what is still held on the device cannot be told"
    if device == "cpu":
        return f"Paused; the program takes {held:,.0f} MiB of memory"
    return f"Paused; {held:,.0f} MiB are still held on {device}"


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
    if _DEVICE_LOST.search(first):
        return f"the device failed or was lost ({first}): see to it, start the program anew, then resume"
    return f"unexpected {type(error).__name__}: {first} (details in log.txt of the run folder)"
