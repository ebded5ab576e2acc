"""The axis of sparsities: percent, or remaining weights by their logarithm, both growing sparser to the right."""

from collections.abc import Sequence
from math import floor, log10

import pyqtgraph as pg
from PySide6.QtCore import QRectF

from vpns_gui.views.chart_data import Scale, along
from vpns_gui.views.curve_axis import tick_distance

_LEAST_PX, _LEAST_MARK_PX = 60.0, 34.0
_STEPS = (1.0, 0.7, 0.5, 0.3, 0.2)
"""Within a power of ten, the kept shares that get a tick."""
_LABELS: dict[Scale, str] = {"sparsity": "sparsity, %", "kept": "remaining weights, % (logarithmic)"}


class SparsityAxis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph has no types
    """Labels sparsities."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self._scale: Scale = "sparsity"
        self._marks: tuple[float, ...] = ()
        self.set_scale("sparsity")

    def set_scale(self, scale: Scale) -> None:
        """Choose what runs along the axis."""
        self._scale = scale
        self.setLabel(_LABELS[scale])
        self.picture = None
        self.update()

    def set_marks(self, sparsities: Sequence[float], beside: Sequence[float] = ()) -> None:
        """Label these sparsities (0 to 1), then those `beside`, as far as there is room; without any, round ones."""
        self._marks = (*sorted(set(sparsities)), *sorted(set(beside) - set(sparsities)))
        self.picture = None
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802
        """Give the sparsities that were asked for, else round ones, or round kept shares."""
        if marks := self._marked(minVal, maxVal, size):
            return [(1.0, marks)]
        if self._scale == "sparsity":
            return list(super().tickValues(minVal, maxVal, size))
        powers = range(floor(minVal), floor(maxVal) + 1)
        ticks = [power - log10(step) for power in powers for step in _STEPS]
        return [(1.0, [tick for tick in ticks if minVal <= tick <= maxVal])]

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:  # noqa: N802
        """Give the one distance between ticks in percent."""
        return [(tick_distance(abs(maxVal - minVal), size / _LEAST_PX), 0.0)]

    def tickStrings(self, values: Sequence[float], _scale: float, _spacing: float) -> list[str]:  # noqa: N802
        """Write sparsities or kept shares in percent."""
        if self._scale == "sparsity":
            return [f"{round(value, 6):g}" for value in values]
        return [f"{100 * 10**-value:.3g}" for value in values]

    def _marked(self, low: float, high: float, size: float) -> list[float]:
        """Give the places of the marks in sight; one that would stand too near to one before it is left out."""
        found: list[float] = []
        room = _LEAST_MARK_PX * (high - low) / max(1.0, size)
        for sparsity in self._marks:
            x = along(sparsity, self._scale)
            if x is not None and low <= x <= high and all(abs(x - other) >= room for other in found):
                found.append(x)
        return sorted(found)

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Leave room for the labels at both ends: one that reaches beyond is not drawn at all."""
        own: QRectF = super().boundingRect()
        return own.adjusted(-15, 0, 15, 0)

