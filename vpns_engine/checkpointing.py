"""When a run makes sure that it can go on: where much work would be lost."""

import time
from collections.abc import Callable, Sequence

from vpns_engine.events import EpochEnded, Event, PhaseInfo, PhaseStarted, RunStarted, StepDone
from vpns_engine.specs.phase import PhaseKind

_AFTER: tuple[PhaseKind, ...] = ("map", "finetune", "test")
"""Phases that are worth a checkpoint when they are over; a search wrote one at its last epoch's end."""


class Checkpointing:
    """Tells the moments: the end of an epoch, of a mapping or a level, and every so many minutes within an epoch."""

    def __init__(self, minutes: float, phases: Sequence[PhaseInfo] = (), clock: Callable[[], float] = time.monotonic) -> None:
        """`phases` are known where a run goes on."""
        self._seconds = minutes * 60
        self._kinds = [phase.kind for phase in phases]
        self._clock = clock
        self._last = clock()

    def is_due(self, event: Event) -> bool:
        """Tell whether a checkpoint is due now that this was told."""
        match event:
            case RunStarted():
                self._kinds = [phase.kind for phase in event.phases]
            case EpochEnded():
                return True
            case PhaseStarted():
                return event.phase > 0 and self._kinds[event.phase - 1] in _AFTER
            case StepDone():
                return self._clock() - self._last >= self._seconds
        return False

    def done(self) -> None:
        """Take note that one was written."""
        self._last = self._clock()
