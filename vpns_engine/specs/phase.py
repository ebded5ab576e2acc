"""What a phase says, so that every method is a row of data."""

from dataclasses import dataclass
from typing import Literal

Group = Literal["scores", "weights", "prompt"]
View = Literal["train", "vp"]
Criterion = Literal["magnitude", "random"]
PhaseKind = Literal["rewind", "score", "map", "search", "finetune"]


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
class Score:
    """Set the mask once, by a criterion over all layers together (larger = keep)."""

    level: int
    density: float
    criterion: Criterion
    kind: Literal["score"] = "score"


@dataclass(frozen=True)
class MapLabels:
    """Find the label mapping with the masked network, in eval mode, over one pass of the train view."""

    level: int
    density: float
    kind: Literal["map"] = "map"


@dataclass(frozen=True)
class Search:
    """Stage 1: learn scores (and prompt); weights are frozen."""

    level: int
    density: float
    epochs: int
    steps: tuple[HalfStep, ...]
    kind: Literal["search"] = "search"


@dataclass(frozen=True)
class Finetune:
    """Stage 2: learn weights (and prompt); the mask is fixed."""

    level: int
    density: float
    epochs: int
    steps: tuple[HalfStep, ...]
    kind: Literal["finetune"] = "finetune"


Phase = Rewind | Score | MapLabels | Search | Finetune

PHASE_LABELS: dict[PhaseKind, str] = {
    "rewind": "Rewind",
    "score": "Score weights",
    "map": "Map labels",
    "search": "Search masks",
    "finetune": "Tune",
}
"""What a person reads for each kind of phase."""


def epochs_of(phase: Phase) -> int:
    """Epochs of a phase; 0 where it does not train."""
    return phase.epochs if isinstance(phase, Search | Finetune) else 0
