"""The thread a run works in: torch is loaded here, and every event leaves through one queued signal."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from vpns_engine.drive import Control, RunMaker, resume, start
from vpns_engine.errors import EngineError
from vpns_engine.events import Event, Measuring, StepDone
from vpns_engine.history import RunHistory
from vpns_engine.levels import Done, done_levels
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunIsHeld, RunStore
from vpns_gui.preload import TorchImport

STEP_SECONDS = 0.1


class StepThrottle:
    """A sink that passes events on: steps at most ten times a second, all others at once."""

    def __init__(self, sink: Callable[[Event], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._sink = sink
        self._clock = clock
        self._next = 0.0

    def __call__(self, event: Event) -> None:
        """Pass the event on, unless it is a step too soon after the last."""
        if isinstance(event, StepDone | Measuring):
            now = self._clock()
            if now < self._next:
                return
            self._next = now + STEP_SECONDS
        self._sink(event)


@dataclass(frozen=True)
class NewRun:
    """A run to begin. `again`: do what is done already once more; `make` makes another kind of run."""

    config: RunConfig
    runs: Path
    again: bool = False
    make: RunMaker | None = None


@dataclass(frozen=True)
class OldRun:
    """A run to go on with."""

    folder: Path


@dataclass(frozen=True)
class Begun:
    """A run that begins to work: its folder, and what happened in it before."""

    store: RunStore
    history: RunHistory


class RunThread(QThread):
    """Hosts one run, to its last event."""

    opened = Signal(object)
    """The run's folder is made, or found (Begun)."""
    told = Signal(object)
    """An event."""
    reused = Signal(object)
    """What is done already and is not done again (Done); before `opened`, which does not come where nothing is left to do."""
    refused = Signal(str)
    """The run cannot begin: why."""
    held = Signal(object)
    """Another process has this run in hand (its folder)."""

    def __init__(self, job: NewRun | OldRun, parent: QObject | None) -> None:
        super().__init__(parent)
        self._job = job
        self._control = Control()

    @property
    def stopping(self) -> bool:
        """Tell whether a stop was asked for."""
        return self._control.stopping

    @property
    def pausing(self) -> bool:
        """Tell whether a pause was asked for, or is on."""
        return self._control.pausing

    def stop(self) -> None:
        """Ask the run to stop within one batch and to keep the result so far."""
        self._control.stop()

    def pause(self) -> None:
        """Ask the run to pause within one batch and to let go of the device."""
        self._control.pause()

    def go_on(self) -> None:
        """End the pause."""
        self._control.go_on()

    def run(self) -> None:
        """Drive the run to its end, or what of it is not done yet."""
        try:
            if isinstance(self._job, OldRun):
                self._resume(self._job.folder)
            else:
                self._start(self._job)
        except RunIsHeld:
            assert isinstance(self._job, OldRun)  # nobody else knows of a folder that was just made
            self.held.emit(self._job.folder)
        except EngineError as error:
            self.refused.emit(str(error))

    def _start(self, job: NewRun) -> None:
        done = Done() if job.again else done_levels(job.config, job.runs)
        lines, left = done.words(job.config), done.left_of(job.config)
        if lines:
            self.reused.emit(done)
        if left is not None:
            self._drive(left, job, lines, done.dense_tests)

    def _drive(self, config: RunConfig, job: NewRun, notes: Sequence[str], known: Sequence[Event]) -> None:
        def announce(store: RunStore) -> None:
            for line in notes:
                store.log(line)
            self.opened.emit(Begun(store, RunHistory()))

        with TorchImport() as importing:
            sinks = (importing.look, StepThrottle(self.told.emit))
            start(config, job.runs, self._control, sinks, opened=announce, make=job.make, known=known)

    def _resume(self, folder: Path) -> None:
        def announce(store: RunStore) -> None:
            self.opened.emit(Begun(store, store.read().history))  # read while nobody else can write

        store = RunStore.open(folder)
        with TorchImport() as importing:
            resume(store, self._control, (importing.look, StepThrottle(self.told.emit)), opened=announce)
