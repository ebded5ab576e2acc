"""The thread a run works in: torch is loaded here, and every event leaves through one queued signal."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from vpns_engine.drive import Control, RunMaker, start
from vpns_engine.errors import EngineError
from vpns_engine.events import Event, Measuring, StepDone
from vpns_engine.levels import Done, done_levels
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
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


class RunThread(QThread):
    """Hosts one run, from its folder to its last event."""

    opened = Signal(object)
    """The run's folder is made (RunStore)."""
    told = Signal(object)
    """An event."""
    reused = Signal(object)
    """What is done already and is not done again (Done); before `opened`, which does not come where nothing is left to do."""
    refused = Signal(str)
    """The run folder could not be made: why."""

    def __init__(
        self, config: RunConfig, runs: Path, parent: QObject | None, *, again: bool = False, make: RunMaker | None = None
    ) -> None:
        """`again`: do what is done already once more; `make` makes another kind of run."""
        super().__init__(parent)
        self._config = config
        self._runs = runs
        self._again = again
        self._make = make
        self._control = Control()

    @property
    def stopping(self) -> bool:
        """Tell whether a stop was asked for."""
        return self._control.stopping

    def stop(self) -> None:
        """Ask the run to stop within one batch and to keep the result so far."""
        self._control.stop()

    def run(self) -> None:
        """Drive the run to its end, or what of it is not done yet."""
        done = Done() if self._again else done_levels(self._config, self._runs)
        lines, left = done.words(self._config), done.left_of(self._config)
        if lines:
            self.reused.emit(done)
        if left is not None:
            self._drive(left, lines, done.dense_tests)

    def _drive(self, config: RunConfig, notes: Sequence[str], known: Sequence[Event]) -> None:
        def announce(store: RunStore) -> None:
            for line in notes:
                store.log(line)
            self.opened.emit(store)

        with TorchImport() as importing:
            sinks = (importing.look, StepThrottle(self.told.emit))
            try:
                start(config, self._runs, self._control, sinks, opened=announce, make=self._make, known=known)
            except EngineError as error:
                self.refused.emit(str(error))
