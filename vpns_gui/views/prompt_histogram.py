"""How often each value of a prompt comes."""

from collections.abc import Callable
from functools import partial
from math import ceil, log2

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.theme import Colours, colours
from vpns_gui.views.prompt_analysis import Histogram
from vpns_gui.views.prompt_controls import value_words
from vpns_gui.views.prompt_pictures import CHANNELS
from vpns_gui.views.prompt_rows import bin_rows

_LEFT, _TOP, _RIGHT, _GAP = 8, 8, 8, 4
_LINES: dict[str, tuple[str, Qt.PenStyle]] = {
    "red": ("danger", Qt.PenStyle.SolidLine),
    "green": ("good", Qt.PenStyle.DashLine),
    "blue": ("accent", Qt.PenStyle.DotLine),
}
"""Colour of the theme and dash of each channel where all three are drawn."""
Words = Callable[[float], str]
FloatArray = npt.NDArray[np.float64]


class PromptHistogram(QWidget):
    """How often each value comes, zeros left out. Tells in words the bin under the pointer."""

    pointed_at = Signal(str)
    """What the bin under the pointer holds; empty when it leaves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("promptHistogram")
        self._histogram: Histogram | None = None
        self._words: Words = str
        self._pixels = True
        offer(self, "Histogram of the prompt", table=self._rows)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Histogram of the prompt's values")

    def set_histogram(self, histogram: Histogram | None, *, pixels: bool = True) -> None:
        """Show counts; `pixels`: of values in the unit of pixels (0 to 1 for 0 to 255). None shows nothing."""
        self._histogram, self._pixels, self._words = histogram, pixels, partial(value_words, pixels=pixels)
        self.setAccessibleDescription("" if histogram is None else self._sum_up(histogram))
        self.update()

    @property
    def bins(self) -> list[str]:
        """Every bin in words."""
        found = self._histogram
        return [] if found is None else [self._bin_words(found, number) for number in range(found.edges.size - 1)]

    def _rows(self) -> Rows:
        return ([], []) if self._histogram is None else bin_rows(self._histogram, pixels=self._pixels)

    def _sum_up(self, histogram: Histogram) -> str:
        total = sum(counts for counts in histogram.counts.values())
        return f"Most values: {self._bin_words(histogram, int(np.argmax(np.asarray(total))))}"

    def _bin_words(self, histogram: Histogram, number: int) -> str:
        low, high = (self._words(float(histogram.edges[number + side])) for side in (0, 1))
        counts = [(name, int(counts[number])) for name, counts in histogram.counts.items()]
        if len(counts) == 1:
            return f"{low} to {high}: {counts[0][1]:,} values"
        return f"{low} to {high}: " + ", ".join(f"{name} {count:,}" for name, count in counts)

    def _area(self) -> QRect:
        line = self.fontMetrics().height()
        return self.rect().adjusted(_LEFT, _TOP + line, -_RIGHT, -2 * line - 2 * _GAP)

    def _span(self, histogram: Histogram) -> tuple[float, float]:
        """Give the ends of the axis: rounded up to a share of the scale, so that they stay while epochs go by."""
        low, high = float(histogram.edges[0]), float(histogram.edges[-1])
        full = 2.0 ** ceil(log2(max(abs(low), abs(high))) - 1e-6)
        return (-full if low < 0 else 0.0), (full if high > 0 else 0.0)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw bars or outlines, the axis and the line at zero."""
        histogram = self._histogram
        if histogram is None:
            return
        painter, scheme = QPainter(self), colours()
        area, (low, high) = self._area(), self._span(histogram)
        painter.fillRect(area, QColor(scheme.surface))
        most = max(int(counts.max(initial=0)) for counts in histogram.counts.values())
        places = area.x() + (histogram.edges - low) / (high - low) * area.width()
        if most > 0:
            for name, counts in histogram.counts.items():
                self._paint_counts(painter, name, places, area.bottom() + 1 - counts / most * (area.height() - 2))
        painter.setPen(QPen(QColor(scheme.muted), 1, Qt.PenStyle.DashLine))
        zero = round(area.x() + (0 - low) / (high - low) * area.width())
        painter.drawLine(zero, area.top(), zero, area.bottom())
        painter.setPen(QColor(scheme.border))
        painter.drawRect(area.adjusted(0, 0, -1, -1))
        self._paint_words(painter, scheme, area, low, high, most)
        painter.end()

    def _paint_counts(self, painter: QPainter, name: str, places: FloatArray, tops: FloatArray) -> None:
        bottom, scheme = self._area().bottom() + 1.0, colours()
        if name not in _LINES or len(self._histogram.counts if self._histogram else ()) == 1:
            for left, right, top in zip(places[:-1], places[1:], tops, strict=True):
                painter.fillRect(QRectF(left, top, max(1.0, right - left - 0.5), bottom - top), QColor(scheme.accent))
            return
        colour, dash = _LINES[name]
        painter.setPen(QPen(QColor(getattr(scheme, colour)), 1.6, dash))
        corners = [QPointF(places[0], bottom)]
        for left, right, top in zip(places[:-1], places[1:], tops, strict=True):
            corners += [QPointF(left, top), QPointF(right, top)]
        painter.drawPolyline([*corners, QPointF(places[-1], bottom)])

    def _paint_words(self, painter: QPainter, scheme: Colours, area: QRect, low: float, high: float, most: int) -> None:
        line = self.fontMetrics().height()
        below = QRect(area.x(), area.bottom() + _GAP, area.width(), line)
        painter.setPen(QColor(scheme.text))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, self._words(low))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, self._words(high))
        if low < 0 < high:
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "0")
        above = QRect(area.x(), area.y() - line - 2, area.width(), line)
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, f"{most:,}" if most else "All values are zero")
        painter.setPen(QColor(scheme.muted))
        painter.drawText(below.translated(0, line), Qt.AlignmentFlag.AlignHCenter, "count by value, zeros left out")
        self._paint_key(painter, scheme, above)

    def _paint_key(self, painter: QPainter, scheme: Colours, where: QRect) -> None:
        names = list(self._histogram.counts) if self._histogram is not None else []
        right = where.right()
        for name in reversed(names if len(names) > 1 else []):
            colour, dash = _LINES[name]
            text = CHANNELS[name]  # type: ignore[index] # the three channels are among them
            width = self.fontMetrics().horizontalAdvance(text)
            painter.setPen(QColor(scheme.text))
            painter.drawText(QRect(right - width, where.y(), width + 1, where.height()), Qt.AlignmentFlag.AlignLeft, text)
            painter.setPen(QPen(QColor(getattr(scheme, colour)), 1.6, dash))
            painter.drawLine(right - width - 26, where.center().y(), right - width - 6, where.center().y())
            right -= width + 36

    def mouseMoveEvent(self, moved: QMouseEvent) -> None:  # noqa: N802
        """Tell the bin under the pointer."""
        histogram, area = self._histogram, self._area()
        if histogram is None:
            return
        low, high = self._span(histogram)
        value = low + (moved.position().x() - area.x()) / area.width() * (high - low)
        number = int(np.searchsorted(histogram.edges, value, side="right")) - 1
        inside = 0 <= number < histogram.edges.size - 1
        self.pointed_at.emit(self._bin_words(histogram, number) if inside else "")

    def leaveEvent(self, left: QEvent) -> None:  # noqa: N802
        """Tell that the pointer left."""
        self.pointed_at.emit("")
        super().leaveEvent(left)
