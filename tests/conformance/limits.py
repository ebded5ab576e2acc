"""How far a replay may be from the recorded numbers.

Double precision: tight everywhere. Single precision: what the authors' program differs from itself by, rounded up; for large
networks with random weights it moves so far from itself that only the first batch is held to that, the rest to three times
the spread recorded for the case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.conformance.cases import Precision

_SPREADS = ("threads2", "other_kernels", "float64")
_ALLOWED = 3.0


@dataclass(frozen=True)
class Limits:
    """Largest differences. Relative ones are shares of the expected value."""

    loss: float
    logits: float
    evaluation_logits: float
    threshold_relative: float
    kept: float
    mask_bits: float
    prompt_relative: float
    prompt: float
    entries: float
    """Of most entries of scores and prompt."""
    entries_share: float
    """Share of the entries that may be further off (but not beyond what the optimizer's steps can reach)."""
    weights: float
    sums_relative: float


DOUBLE = Limits(
    loss=1e-9,
    logits=1e-8,
    evaluation_logits=1e-8,
    threshold_relative=1e-9,
    kept=0,
    mask_bits=0,
    prompt_relative=0,
    prompt=1e-9,
    entries=1e-9,
    entries_share=0,
    weights=1e-9,
    sums_relative=1e-9,
)
SINGLE = Limits(
    loss=1e-4,
    logits=1e-3,
    evaluation_logits=2e-3,
    threshold_relative=2e-5,
    kept=2,
    mask_bits=2,
    prompt_relative=1e-4,
    prompt=2e-6,
    entries=1e-5,
    entries_share=1e-3,
    weights=1e-4,
    sums_relative=2e-5,
)


def limits_of(precision: Precision) -> Limits:
    """Give the limits of a precision."""
    return DOUBLE if precision == "f64" else SINGLE


class Spread:
    """How far the authors' program moved from itself in one case, over its variants."""

    def __init__(self, recorded: Mapping[str, Any]) -> None:
        self._variants = [recorded[name] for name in _SPREADS if name in recorded]

    def limit(self, *path: str) -> float:
        """Give three times the largest of the variants."""
        found = []
        for variant in self._variants:
            value: Any = variant
            for part in path:
                value = value[part]
            found.append(float(value))
        return _ALLOWED * float(np.max(found))

    def says_same_map(self) -> bool:
        """Tell whether every variant found the same label mapping."""
        return all(variant["flm_map_equal"] for variant in self._variants)
