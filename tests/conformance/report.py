"""What a replay says: one line for each case and quantity."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tests.conformance.cases import Array


@dataclass(frozen=True)
class Line:
    """Worst difference of one quantity of one case, and the limit it has to keep."""

    case: str
    precision: str
    quantity: str
    worst: float
    limit: float
    note: str = ""

    @property
    def holds(self) -> bool:
        """Tell whether the limit is kept; NaN does not keep it."""
        return self.worst <= self.limit

    def __str__(self) -> str:
        verdict = "ok" if self.holds else "FALLS SHORT"
        text = f"{self.case:36} {self.precision:4} {self.quantity:34} {self.worst:9.2e}  limit {self.limit:8.1e}  {verdict}"
        return f"{text}  ({self.note})" if self.note else text


@dataclass
class Report:
    """Collects the lines of one case at one precision, and tells each as it comes."""

    case: str
    precision: str
    tell: Callable[[Line], None]

    def add(self, quantity: str, worst: float, limit: float, note: str = "") -> None:
        """Tell one line."""
        self.tell(Line(self.case, self.precision, quantity, float(worst), limit, note))

    def equal(self, quantity: str, found: object, expected: object) -> None:
        """Tell how many entries differ; none may."""
        self.add(quantity, num_different(found, expected), 0)


def num_different(found: object, expected: object) -> float:
    """Count the entries that differ; infinite where the shapes do. NaN equals NaN."""
    here, there = np.asarray(found), np.asarray(expected)
    if here.shape != there.shape:
        return float("inf")
    same = here == there
    if here.dtype.kind == "f" and there.dtype.kind == "f":
        same = same | (np.isnan(here) & np.isnan(there))
    return float(np.size(same) - np.count_nonzero(same))


def worst_difference(found: Array, expected: Array) -> float:
    """Give the largest absolute difference; infinite where the shapes or the places of NaN differ."""
    return float(np.max(differences(found, expected), initial=0.0))


def worst_relative(found: Array, expected: Array, floor: float = 0.0) -> float:
    """Give the largest difference as a share of the expected value, or of `floor` where that is larger."""
    gaps = differences(found, expected)
    scale = np.maximum(np.abs(np.nan_to_num(np.asarray(expected, dtype=np.float64))), floor)
    return float(np.max(np.divide(gaps, scale, out=np.where(gaps > 0, np.inf, 0.0), where=scale > 0), initial=0.0))


def differences(found: Array, expected: Array) -> Array:
    """Give the absolute differences in double precision; infinite where only one of two is a number."""
    here, there = np.asarray(found, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    if here.shape != there.shape:
        return np.array([np.inf])
    absent = np.isnan(here) & np.isnan(there)
    with np.errstate(invalid="ignore"):
        gaps = np.where(absent | (here == there), 0.0, np.abs(here - there))
    return np.where(np.isnan(gaps), np.inf, gaps)


def worst_of(gaps: Sequence[float]) -> float:
    """Give the largest of some differences, 0 of none."""
    return max(gaps, default=0.0)


def over(found: Array, expected: Array, relative: float) -> float:
    """Give the worst difference beyond a share of the expected value."""
    return float(np.max(differences(found, expected) - relative * np.abs(np.nan_to_num(expected)), initial=0.0))
