"""What the chart of accuracy over sparsity is given: plain lines of points."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Literal

from vpns_gui.views.run_styles import RunStyle

Scale = Literal["sparsity", "kept"]
"""What runs along the axis: sparsity, or the remaining weights by their logarithm."""


@dataclass(frozen=True)
class ChartPoint:
    """An accuracy at a sparsity (0 to 1); mean and deviation in percent."""

    sparsity: float
    mean: float
    deviation: float | None
    words: str
    """Value, seeds and runs, as the read-out says it."""


@dataclass(frozen=True)
class ChartLine:
    """Points of one arm, or one level that holds for all sparsities (the dense network)."""

    style: RunStyle
    points: tuple[ChartPoint, ...]
    is_level: bool = False
    shown: bool = True
    """It is drawn before anybody clicks its name."""


def along(sparsity: float, scale: Scale) -> float | None:
    """Give the place of a sparsity on the axis; None where a logarithm has none for it."""
    if scale == "sparsity":
        return sparsity * 100
    return -log10(1 - sparsity) if sparsity < 1 else None


def extent(lines: Sequence[ChartLine], scale: Scale) -> tuple[float, float, float, float] | None:
    """Give the least and greatest x, then y, of lines with their spreads; None where there is nothing."""
    xs = [x for line in lines if not line.is_level for p in line.points if (x := along(p.sparsity, scale)) is not None]
    ys = [p.mean + sign * (p.deviation or 0.0) for line in lines for p in line.points for sign in (-1, 1)]
    if not ys:
        return None
    xs = xs or [0.0, along(0.9, scale) or 1.0]
    return min(xs), max(xs), min(ys), max(ys)
