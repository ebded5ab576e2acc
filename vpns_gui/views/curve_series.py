"""What the curves show, as plain arrays: from a run's history to x (epochs of the level) and y."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vpns_engine.events import EpochEnded
from vpns_engine.history import PhaseHistory, RunHistory
from vpns_engine.specs.phase import PHASE_LABELS

FloatArray = npt.NDArray[np.float64]

MAX_STEP_POINTS = 1000
"""Points of a phase's step losses, at most."""


@dataclass(frozen=True)
class Series:
    """Points of one curve."""

    x: FloatArray
    y: FloatArray


@dataclass(frozen=True)
class Span:
    """Where a training phase lies on the common axis, in epochs."""

    label: str
    start: float
    end: float


@dataclass
class _Steps:
    """Losses of the steps seen so far in one phase; grows with it, so that each step is converted once.

    A long phase is thinned to its least and greatest loss in each of a few hundred blocks of steps.
    """

    phase: PhaseHistory
    num_taken: int = 0
    block: int = field(init=False)
    x: list[float] = field(default_factory=list)
    prompted: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        planned = self.phase.info.epochs * self.phase.info.iterations
        self.block = max(1, 2 * planned // MAX_STEP_POINTS)

    def take(self, start: float) -> None:
        """Take in the steps that are new; an unfinished block waits."""
        positions, losses = self.phase.step_positions, self.phase.step_losses
        while self.num_taken + self.block <= len(positions):
            part = slice(self.num_taken, self.num_taken + self.block)
            self.num_taken += self.block
            both = not self.phase.info.is_dense  # there both half-steps go without a prompt
            prompted = [values[0] if len(values) > 1 and both else np.nan for values in losses[part]]
            plain = [values[-1] if values else np.nan for values in losses[part]]
            if self.block == 1:
                self._add(start + positions[part.start], prompted[0], plain[0])
            else:
                self._add(start + positions[part.start], min(prompted), min(plain))
                self._add(start + positions[part.stop - 1], max(prompted), max(plain))

    def _add(self, x: float, prompted: float, plain: float) -> None:
        self.x.append(x)
        self.prompted.append(prompted)
        self.plain.append(plain)


class LevelCurves:
    """The curves of one level of a run. Made once for a level, read again whenever the history has grown."""

    def __init__(self, history: RunHistory, level: int) -> None:
        self.history = history
        self.level = level
        self._phases = _training_phases(history, level)
        ends = np.cumsum([phase.info.epochs for phase in self._phases], dtype=np.float64)
        self._starts = [float(end) - phase.info.epochs for end, phase in zip(ends, self._phases, strict=True)]
        self._steps = [_Steps(phase) for phase in self._phases]

    def belongs_to(self, history: RunHistory, level: int) -> bool:
        """Tell whether these curves are those of that history, still the one they were made from."""
        phases = _training_phases(history, level)
        same = len(phases) == len(self._phases) and all(a is b for a, b in zip(phases, self._phases, strict=True))
        shrunk = any(s.num_taken > len(s.phase.step_positions) for s in self._steps)
        return history is self.history and level == self.level and same and not shrunk

    @property
    def spans(self) -> tuple[Span, ...]:
        """Training phases on the axis."""
        return tuple(
            Span(PHASE_LABELS[phase.info.kind], start, start + phase.info.epochs)
            for phase, start in zip(self._phases, self._starts, strict=True)
        )

    @property
    def num_known(self) -> tuple[int, int, int]:
        """Count epochs, steps drawn, and tests: while these stay, so do the curves."""
        for steps, start in zip(self._steps, self._starts, strict=True):
            steps.take(start)
        level = self.history.level(self.level)
        extras = len(level.tested) + len(level.saved) if level is not None else 0
        return sum(len(phase.epochs) for phase in self._phases), sum(len(steps.x) for steps in self._steps), extras

    @property
    def num_epochs(self) -> float:
        """Length of the axis."""
        return self.spans[-1].end if self._phases else 0.0

    def epochs(self, value: Callable[[EpochEnded], float | None], *, scale: float = 1.0) -> Series:
        """Give one number of each epoch, times `scale`; epochs without it are left out."""
        points = [
            (start + epoch.epoch, found * scale)
            for phase, start in zip(self._phases, self._starts, strict=True)
            for epoch in phase.epochs
            if (found := value(epoch)) is not None
        ]
        return _series(points)

    def step_losses(self) -> tuple[Series, Series]:
        """Give the loss of every step: prompted half-steps, un-prompted half-steps."""
        for steps, start in zip(self._steps, self._starts, strict=True):
            steps.take(start)
        x = _joined(steps.x for steps in self._steps)
        return (
            Series(x, _joined(steps.prompted for steps in self._steps)),
            Series(x, _joined(steps.plain for steps in self._steps)),
        )

    def kept_density(self) -> Series:
        """Give the kept share of all scored weights together, in percent."""
        started = self.history.started
        total = sum(layer.numel for layer in started.layers) if started is not None else 0
        if total == 0:
            return _series([])
        return self.epochs(lambda epoch: sum(epoch.kept) / total if epoch.kept else None, scale=100.0)

    def tests(self, *, prompted: bool) -> Series:
        """Give the accuracy on the test split in percent, at the end of the stage it belongs to."""
        level = self.history.level(self.level)
        points: list[tuple[float, float]] = []
        for stage, at in self._stage_ends():
            found = level.test(stage) if level is not None else None
            value = None if found is None else found.accuracy_prompted if prompted else found.accuracy
            if value is not None:
                points.append((at, value * 100))
        return _series(points)

    def _stage_ends(self) -> Iterable[tuple[str, float]]:
        yield "map", 0.0
        for phase, start in zip(self._phases, self._starts, strict=True):
            yield phase.info.kind, start + self._reached(phase)

    def _reached(self, phase: PhaseHistory) -> int:
        level = self.history.level(self.level)
        saved = [s for s in level.saved if self.history.phases[s.phase] is phase] if level is not None else []
        if saved:
            return saved[-1].epoch
        return phase.epochs[-1].epoch if phase.epochs else phase.info.epochs


def place(spans: tuple[Span, ...], x: float) -> str:
    """Name a place on the axis: `Search masks, epoch 12 of 30`."""
    for span in spans:
        if x <= span.end or span is spans[-1]:
            return f"{span.label}, epoch {max(0.0, x - span.start):.3g} of {span.end - span.start:g}"
    return ""


def at(series: Series, x: float) -> float | None:
    """Give the value of the point nearest to `x`, at most half an epoch away; None where there is none."""
    if series.x.size == 0:
        return None
    nearest = int(np.argmin(np.abs(series.x - x)))
    return float(series.y[nearest]) if abs(float(series.x[nearest]) - x) <= 0.5 else None


def last(series: Series) -> float | None:
    """Give the newest value; None where there is none."""
    return float(series.y[-1]) if series.y.size else None


def drawable(series: Series) -> Series:
    """Leave out what cannot be drawn: a loss that is no number leaves a gap, a curve of nothing else is empty."""
    finite = np.isfinite(series.y)
    if finite.all():
        return series
    return Series(series.x, np.where(finite, series.y, np.nan)) if finite.any() else Series(series.x[:0], series.y[:0])


def accuracy_range(curves: Iterable[FloatArray]) -> tuple[float, float]:
    """Give the least and the greatest of all values in percent; 0 and 100 where there is none."""
    values = np.concatenate([np.empty(0), *curves])
    return (float(values.min()), float(values.max())) if values.size else (0.0, 100.0)


def _training_phases(history: RunHistory, level: int) -> list[PhaseHistory]:
    return [phase for phase in history.phases if phase.info.level == level and phase.info.kind in ("search", "finetune")]


def _series(points: list[tuple[float, float]]) -> Series:
    both = np.array(points, dtype=np.float64).reshape(-1, 2)
    return Series(both[:, 0], both[:, 1])


def _joined(parts: Iterable[list[float]]) -> FloatArray:
    return np.array([value for part in parts for value in part], dtype=np.float64)
