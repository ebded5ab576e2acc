"""Where the phases of a run stand at a moment when everything is whole: a run goes on from such a place."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from vpns_engine.specs.phase import HalfStep, View

Count = Annotated[int, Field(ge=0, lt=2**53)]


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, ser_json_inf_nan="constants")


class Sum(_Plain):
    """Running sums over the images of half-steps of one kind."""

    loss: float = 0.0
    correct: Count = 0
    count: Count = 0

    def plus(self, loss: float, correct: int, count: int) -> Self:
        """Add a half-step's mean loss, right answers and images."""
        values = {"loss": self.loss + loss * count, "correct": self.correct + correct, "count": self.count + count}
        return self.model_copy(update=values)

    @property
    def mean_loss(self) -> float | None:
        """Mean loss of an image; None where there was none."""
        return self.loss / self.count if self.count else None

    @property
    def accuracy(self) -> float | None:
        """Share of right answers, 0 to 1; None where there was no image."""
        return self.correct / self.count if self.count else None


class Sums(_Plain):
    """Running sums of an epoch."""

    plain: Sum = Sum()
    prompted: Sum = Sum()

    def plus(self, half: HalfStep, loss: float, correct: int, count: int) -> "Sums":
        """Add a half-step."""
        name = "prompted" if half.prompted else "plain"
        mine: Sum = getattr(self, name)
        return self.model_copy(update={name: mine.plus(loss, correct, count)})


class Place(_Plain):
    """A place in a run's plan. What is measured changes nothing, so measuring has no places of its own."""

    phase: Count
    """Index in the plan; as many as there are phases: the end."""
    epoch: Count = 0
    """Epoch under way, from 1; 0: the phase has not begun; one more than it has: all are done."""
    mapped: bool = False
    """The labels are found anew for this epoch, where it asks for that."""
    step: Count = 0
    """Iterations that are done in this epoch."""
    batches: dict[View, Count] = {}
    """The batch of this epoch that each view shows next, from 0; broken files can make the views differ."""
    sums: Sums = Sums()
    seconds: float = Field(default=0.0, ge=0, le=1e9)
    """Time spent in this epoch."""
    kept: bool = False
    """The phase's result is chosen and written."""
    tests: Count = 0
    """States whose test is told."""

    @property
    def begun(self) -> bool:
        """Tell a place within a phase from one before it."""
        return self.epoch > 0
