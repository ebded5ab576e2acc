"""The iterations of a phase, in few bytes: a night's run tells hundreds of thousands."""

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field

from vpns_engine.events import StepDone


def _whole() -> "array[int]":
    return array("q")


def _real() -> "array[float]":
    return array("d")


@dataclass
class StepRecord:
    """What was told of iterations, column by column, so that it can be cut where a run goes on from."""

    seqs: "array[int]" = field(default_factory=_whole)
    times: "array[float]" = field(default_factory=_real)
    epochs: "array[int]" = field(default_factory=_whole)
    steps: "array[int]" = field(default_factory=_whole)
    accuracies: "array[float]" = field(default_factory=_real)
    """One after another, as many for each iteration as the phase has half-steps."""

    def add(self, step: StepDone) -> None:
        """Take an iteration in.

        Raises:
            OverflowError: a number in it is none that an iteration has.
        """
        seq, epoch, number = array("q", (step.seq, step.epoch, step.step))
        self.seqs.append(seq)
        self.times.append(step.time)
        self.epochs.append(epoch)
        self.steps.append(number)
        self.accuracies.extend(step.accuracies)

    def until(self, seq: int) -> int:
        """Count the iterations up to a number of the run's."""
        return bisect_right(self.seqs, seq)

    def cut(self, count: int) -> None:
        """Keep the first `count` iterations."""
        width = len(self.accuracies) // len(self.seqs) if self.seqs else 0
        for column in (self.seqs, self.times, self.epochs, self.steps):
            del column[count:]
        del self.accuracies[count * width :]

    def last(self, phase: int, losses: tuple[float, ...]) -> StepDone:
        """Give the last iteration as it was told."""
        width = len(self.accuracies) // len(self.seqs)
        return StepDone(
            seq=self.seqs[-1],
            time=self.times[-1],
            phase=phase,
            epoch=self.epochs[-1],
            step=self.steps[-1],
            losses=losses,
            accuracies=tuple(self.accuracies[len(self.accuracies) - width :]),
        )
