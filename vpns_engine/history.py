"""The one fold of events: live, replayed and remote runs are all seen through it."""

from collections import defaultdict
from dataclasses import dataclass, field

from vpns_engine.events import (
    EpochEnded,
    Event,
    LabelsMapped,
    LevelSaved,
    Measuring,
    Message,
    Paused,
    PhaseEnded,
    PhaseInfo,
    PhaseStarted,
    Preparing,
    Resumed,
    RunEnded,
    RunStarted,
    StepDone,
    Tested,
)
from vpns_engine.specs.phase import DENSE
from vpns_engine.step_record import StepRecord

_SHARE_OF_LOOKING = 0.1


@dataclass
class PhaseHistory:
    """What happened in one phase. Times are seconds since 1970."""

    info: PhaseInfo
    begun: PhaseStarted | None = None
    started: float | None = None
    ended: float | None = None
    epochs: list[EpochEnded] = field(default_factory=list)
    last_step: StepDone | None = None
    step_positions: list[float] = field(default_factory=list)
    """Epoch coordinate of each step kept, for example 1.25."""
    step_losses: list[tuple[float, ...]] = field(default_factory=list)
    measured: float = 0.0
    """Share of the images that a test phase has measured."""
    away: float = 0.0
    """Seconds of it in which nobody worked on the run."""
    steps: StepRecord = field(default_factory=StepRecord)
    looks: list[tuple[int, float, float]] = field(default_factory=list)
    """Number, time and share of each look at images."""

    @property
    def done(self) -> float:
        """Share of the phase that is done, 0 to 1."""
        if self.ended is not None:
            return 1.0
        if self.info.kind == "test":
            return self.measured
        if self.info.epochs == 0 or self.info.iterations == 0:
            return 0.0
        iterations = sum(1 for epoch in self.epochs if epoch.epoch > 0) * self.info.iterations
        if self.last_step is not None:
            iterations = max(iterations, (self.last_step.epoch - 1) * self.info.iterations + self.last_step.step)
        return min(1.0, iterations / (self.info.epochs * self.info.iterations))

    def spent(self, now: float) -> float:
        """Give the seconds of work on it so far."""
        if self.started is None:
            return 0.0
        return (self.ended if self.ended is not None else now) - self.started - self.away

    def take_step(self, step: StepDone) -> None:
        """Take an iteration in."""
        self.steps.add(step)
        self.last_step = step
        self.step_positions.append(step.epoch - 1 + step.step / max(1, self.info.iterations))
        self.step_losses.append(step.losses)

    def take_looking(self, event: Measuring) -> None:
        """Take in that images were looked at."""
        self.looks.append((event.seq, event.time, event.done))
        self.measured = event.done

    def take_over(self, before: "PhaseHistory", phase: int, at: int) -> None:
        """Take over the iterations and looks up to event `at` of what was known before."""
        self.steps, self.step_positions, self.step_losses = before.steps, before.step_positions, before.step_losses
        count = self.steps.until(at)
        self.steps.cut(count)
        del self.step_positions[count:], self.step_losses[count:]
        self.last_step = self.steps.last(phase, self.step_losses[-1]) if count else None
        self.looks = [look for look in before.looks if look[0] <= at]
        self.measured = self.looks[-1][2] if self.looks else 0.0

    @property
    def last_time(self) -> float:
        """Time of the last iteration or look at images; 0 where there was none."""
        step = self.last_step.time if self.last_step is not None else 0.0
        return max(step, self.looks[-1][1] if self.looks else 0.0)

    @property
    def weight(self) -> float:
        """Rough amount of work, in iterations of a search or a tuning; looking without learning is little work."""
        share = 1.0 if self.info.kind in ("search", "finetune") else _SHARE_OF_LOOKING
        return share * max(1, self.info.epochs * self.info.iterations)


@dataclass
class LevelHistory:
    """What is known of one density."""

    density: float
    sources: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    mapped: LabelsMapped | None = None
    mappings: list[LabelsMapped] = field(default_factory=list)
    """Every mapping that was found, in order; more than one where it is found anew at each epoch."""
    saved: list[LevelSaved] = field(default_factory=list)
    tested: list[Tested] = field(default_factory=list)

    def test(self, stage: str) -> Tested | None:
        """Give the test result of a stage (`search`, `finetune`; `map` of the dense network); None where none was measured."""
        return next((t for t in reversed(self.tested) if t.stage == stage), None)


class RunHistory:
    """A run as its events tell it."""

    def __init__(self) -> None:
        self.started: RunStarted | None = None
        self.ended: RunEnded | None = None
        self.phases: list[PhaseHistory] = []
        self.levels: dict[int, LevelHistory] = {}
        """The sparsities, from 0."""
        self.dense: LevelHistory | None = None
        """The dense reference; None where the run has none."""
        self.dense_elsewhere: list[Tested] = []
        """What another run measured of the dense reference, where this one has none of its own."""
        self.current: int | None = None
        self.messages: list[Message] = []
        self.preparing: Preparing | None = None
        """What is got ready, while it is; a run that goes on gets ready again."""
        self.paused: Paused | None = None
        """Set while the run is paused."""
        self.resumed: list[Resumed] = []
        """Every time the run went on from an earlier moment; no later one takes these back."""
        self.away = 0.0
        """Seconds in which nobody worked on the run."""
        self.first_time: float | None = None
        self.last_time = 0.0
        self.last_seq = -1
        self._kept: list[Event] = []
        """What holds, but for iterations and looks at images: their phases have them."""
        self._last_taken = -1
        """Largest number among them and the iterations; `last_seq` may be of one that was passed over."""
        self._gaps: dict[int, float] = {}
        """Seconds in which nobody worked, by the number of the event that ended them."""

    def apply(self, event: Event) -> None:
        """Take one event in.

        Raises:
            KeyError: it is of a level that the run has not.
            IndexError: it is of a phase that the run has not.
            OverflowError: a number in it is none that an event has.
        """
        if isinstance(event, Resumed):
            self._go_back(event)
            return
        self._take(event)
        if not isinstance(event, StepDone | Measuring):
            self._keep(event)

    def _take(self, event: Event) -> None:
        self._take_time(event)
        match event:
            case RunStarted():
                self._start(event)
            case PhaseStarted():
                self.phases[event.phase].begun = event
                self.phases[event.phase].started = event.time
                self.current = event.phase
            case PhaseEnded():
                self.phases[event.phase].ended = event.time
            case StepDone():
                self.phases[event.phase].take_step(event)
            case EpochEnded():
                self.phases[event.phase].epochs.append(event)
            case Measuring():
                self.phases[event.phase].take_looking(event)
            case LabelsMapped():
                level = self._level(event.level)
                level.sources, level.counts, level.mapped = event.sources, event.counts, event
                level.mappings.append(event)
            case LevelSaved():
                self._level(event.level).saved.append(event)
            case Tested() if event.taken_from:
                self.dense_elsewhere.append(event)
            case Tested():
                self._level(event.level).tested.append(event)
            case Message():
                self.messages.append(event)
            case Preparing():
                self.preparing = event
            case Paused():
                self.paused = event
            case Resumed():
                self._count_away(event)
            case RunEnded():
                self.ended = event

    def _take_time(self, event: Event) -> None:
        self.first_time = event.time if self.first_time is None else self.first_time
        if not isinstance(event, Resumed):
            self.last_time = max(self.last_time, event.time)
        self.last_seq = max(self.last_seq, event.seq)
        self._last_taken = max(self._last_taken, event.seq)
        if not isinstance(event, Preparing | Message):
            self.preparing = self.paused = None

    def _keep(self, event: Event) -> None:
        if isinstance(event, Preparing) and self._kept and isinstance(self._kept[-1], Preparing):
            self._kept.pop()  # a download tells thousands; nobody goes back to one of them
        self._kept.append(event)

    def _go_back(self, event: Resumed) -> None:
        """Forget what was told after the event that the run goes on from."""
        if self._last_taken > event.at:
            self._forget(event.at)
        self._take(event)
        self._keep(event)
        self.resumed.append(event)

    def _forget(self, at: int) -> None:
        fresh = RunHistory()
        fresh._gaps = self._gaps
        for event in self._kept:
            if event.seq <= at:
                fresh._take(event)
                fresh._keep(event)
        for number, (phase, before) in enumerate(zip(fresh.phases, self.phases, strict=False)):
            phase.take_over(before, number, at)
            fresh.last_time = max(fresh.last_time, phase.last_time)
        fresh.resumed, fresh.last_seq = self.resumed, self.last_seq
        if at >= 0:
            fresh.first_time = self.first_time  # what was told first, of the preparation, is not among those kept
        vars(self).update(vars(fresh))

    def _count_away(self, event: Resumed) -> None:
        away = self._gaps.get(event.seq)
        if away is None:
            away = max(0.0, event.time - self.last_time) if self.started is not None else 0.0
            self._gaps[event.seq] = away
        self.away += away
        self.last_time = max(self.last_time, event.time)
        if self.current is not None and self.phases[self.current].ended is None:
            self.phases[self.current].away += away

    def _start(self, event: RunStarted) -> None:
        self.started = event
        self.preparing = None
        self.phases = [PhaseHistory(info) for info in event.phases]
        levels = {info.level: LevelHistory(info.density) for info in event.phases}
        self.dense = levels.pop(DENSE, None)
        self.levels = levels

    def level(self, number: int) -> LevelHistory | None:
        """Give a level by its number, the dense reference too; None where the run has no such level."""
        return self.dense if number == DENSE else self.levels.get(number)

    def _level(self, number: int) -> LevelHistory:
        found = self.level(number)
        if found is None:
            raise KeyError(number)
        return found

    def measured_at(self, saved: LevelSaved) -> EpochEnded | None:
        """Give what was measured of a saved state; None for the state of a stop amid an epoch: that was never measured."""
        phase = self.phases[saved.phase]
        ended = next((epoch for epoch in reversed(phase.epochs) if epoch.epoch == saved.epoch), None)
        if ended is None or saved.complete:
            return ended
        # a tuning that is stopped goes back to the epoch that validation chose; without validation, and in a search, the
        # state is kept as it is, which is that of an epoch's end only where the stop came right there
        chosen = phase.info.kind == "finetune" and ended.val_accuracy is not None
        return ended if chosen or saved.seq == ended.seq + 1 else None

    @property
    def seconds(self) -> float:
        """Time from the first event to the last, without the time in which nobody worked on the run."""
        return 0.0 if self.first_time is None else self.last_time - self.first_time - self.away

    @property
    def done(self) -> float:
        """Share of the whole run that is done, 0 to 1, by iterations."""
        total = sum(phase.weight for phase in self.phases)
        return sum(phase.weight * phase.done for phase in self.phases) / total if total else 0.0

    def seconds_left(self, now: float) -> tuple[float | None, float | None]:
        """Estimate the time left for the current phase and for the run, in seconds; None while unknown.

        A phase kind's pace is what it measured so far; kinds not yet met go at the pace of the current one.
        """
        now = now if self.paused is None else self.paused.time
        pace: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
        for phase in self.phases:
            if phase.started is not None:
                seconds, work = pace[phase.info.kind]
                pace[phase.info.kind] = (seconds + phase.spent(now), work + phase.weight * phase.done)
        if self.current is None or self.ended is not None:
            return None, None
        here = self.phases[self.current]
        seconds, work = pace[here.info.kind]
        if work <= 0:
            return None, None
        rate = seconds / work
        run_left = 0.0
        for phase in self.phases:
            spent, done = pace[phase.info.kind]
            run_left += phase.weight * (1 - phase.done) * (spent / done if done > 0 else rate)
        return here.weight * (1 - here.done) * rate, run_left
