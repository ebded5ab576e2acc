"""Axes of the curves: round numbers with room between them, whole ones for epochs."""

import math

import pyqtgraph as pg
from PySide6.QtCore import QRectF

_LEAST_PX = {"left": 24.0, "bottom": 60.0}


class CurveAxis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph has no types
    """Labels every tick, and has only as many as can be read."""

    def __init__(self, side: str, *, whole: bool = False) -> None:
        super().__init__(side)
        self._whole = whole

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:  # noqa: N802
        """Give the one distance between ticks, and where they start."""
        return [(tick_distance(abs(maxVal - minVal), size / _LEAST_PX[self.orientation], whole=self._whole), 0.0)]

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Leave room for the labels at both ends: one that reaches beyond is not drawn at all."""
        own: QRectF = super().boundingRect()
        return own.adjusted(0, -8, 0, 8) if self.orientation == "left" else own.adjusted(-15, 0, 15, 0)


def tick_distance(span: float, most: float, *, whole: bool = False) -> float:
    """Give the least 1, 2 or 5 times a power of ten that puts at most about `most` ticks on `span`."""
    least = span / max(1.0, most)
    if not (math.isfinite(least) and least > 0):
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    found = next(power * step for step in (1, 2, 5, 10) if power * step >= least * (1 - 1e-9))
    return max(1.0, found) if whole else found
