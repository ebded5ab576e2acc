"""What a phase says, so that every method is a row of data."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from vpns_engine.specs.mapping import MappingKind

Group = Literal["scores", "weights", "head", "prompt"]
"""What a half-step can learn; `head` is a new classifier alone, which is among the `weights` too."""
View = Literal["train", "vp"]
Criterion = Literal["magnitude", "random"]
PhaseKind = Literal["rewind", "load", "score", "map", "search", "finetune", "test"]

DENSE = -1
"""The level of the dense reference: the whole network, without a mask and without a prompt."""


@dataclass(frozen=True)
class HalfStep:
    """One forward-backward pass of an iteration and what learns from it.

    `view` is the batch it takes: `train` (augmented) or `vp` (test transform).
    """

    view: View
    prompted: bool
    learns: tuple[Group, ...]


@dataclass(frozen=True)
class Rewind:
    """Restart a level: pre-trained weights and statistics, initial scores, zero prompt, threshold for the density."""

    level: int
    density: float
    kind: Literal["rewind"] = "rewind"


@dataclass(frozen=True)
class Load:
    """Take over a saved state of another run: weights, scores, mask, prompt and mapping."""

    level: int
    density: float
    path: str
    kind: Literal["load"] = "load"


@dataclass(frozen=True)
class Score:
    """Set the mask once, by a criterion over all layers together (larger = keep)."""

    level: int
    density: float
    criterion: Criterion
    kind: Literal["score"] = "score"


@dataclass(frozen=True)
class MapLabels:
    """Find the label mapping with the masked network, in eval mode, over one pass of the train view.

    `prompted`: through the prompt as it is, on the canvas; else it sees the images at their own size. With `rule` rlm the
    source classes are drawn, and no image is looked at.
    """

    level: int
    density: float
    prompted: bool = True
    rule: MappingKind = "flm"
    kind: Literal["map"] = "map"


@dataclass(frozen=True)
class Search:
    """Stage 1: learn scores (and prompt); weights are frozen. `remap` finds the label mapping anew as each epoch starts."""

    level: int
    density: float
    epochs: int
    steps: tuple[HalfStep, ...]
    remap: MapLabels | None = None
    kind: Literal["search"] = "search"


@dataclass(frozen=True)
class Finetune:
    """Stage 2: learn weights (and prompt); the mask is fixed. `remap` as in the search."""

    level: int
    density: float
    epochs: int
    steps: tuple[HalfStep, ...]
    remap: MapLabels | None = None
    kind: Literal["finetune"] = "finetune"


@dataclass(frozen=True)
class Test:
    """Read the test split with the dense network as it is, its labels mapped."""

    __test__: ClassVar[bool] = False  # its name is no test's

    level: int
    density: float
    kind: Literal["test"] = "test"


Phase = Rewind | Load | Score | MapLabels | Search | Finetune | Test

PHASE_LABELS: dict[PhaseKind, str] = {
    "rewind": "Rewind",
    "load": "Load state",
    "score": "Score weights",
    "map": "Map labels",
    "search": "Search masks",
    "finetune": "Tune",
    "test": "Test",
}
"""What a person reads for each kind of phase."""


def epochs_of(phase: Phase) -> int:
    """Epochs of a phase; 0 where it does not train."""
    return phase.epochs if isinstance(phase, Search | Finetune) else 0
