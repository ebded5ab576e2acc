"""A histogram of kept and pruned weights, counts on a logarithmic scale, with the threshold as a line."""

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from vpns_gui.theme import Colours
from vpns_gui.views import mask_pictures
from vpns_gui.views.mask_pictures import Histogram

_FLOOR = -0.25
"""Where bars begin, in powers of ten: a single weight must be seen."""
_NARROW = 0.5
"""Share of a bin's width that its kept weights take: the pruned ones behind them stay in sight."""


class HistogramPlot(QWidget):
    """Pruned in the whole width of a bin, kept in front of it: on this scale bars cannot be stacked."""

    def __init__(self, name: str, axis: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._plot = pg.PlotWidget(self)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setAccessibleName(f"Histogram of {axis}")
        self._item = self._plot.getPlotItem()
        for side in ("left", "bottom"):
            self._item.getAxis(side).enableAutoSIPrefix(False)
            self._item.getAxis(side).setStyle(maxTickLevel=0)
        self._item.getAxis("left").setWidth(52)
        self._item.setLabel("bottom", axis)
        self._item.setLabel("left", "weights (log)")
        self._item.getAxis("left").setToolTip("Number of weights in each bin, on a logarithmic scale")
        none = np.zeros(1)
        self.kept = pg.BarGraphItem(x0=none, x1=none, y0=none, height=none)
        self.pruned = pg.BarGraphItem(x0=none, x1=none, y0=none, height=none)
        self.threshold = pg.InfiniteLine(
            angle=90, movable=False, label="", labelOpts={"position": 0.9, "anchors": [(0, 0.5), (1, 0.5)]}
        )
        for item in (self.pruned, self.kept, self.threshold):
            self._item.addItem(item)
        self._note = QLabel(self)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.setWordWrap(True)
        holder = QWidget(self)
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self._plot)
        self._stack.addWidget(self._note)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(holder)
        self.setMinimumSize(150, 130)

    def set_histogram(self, histogram: Histogram | None, threshold: float | None, absent: str) -> None:
        """Show a histogram with the threshold's place; None shows the words `absent`."""
        self._stack.setCurrentIndex(1 if histogram is None else 0)
        self._note.setText(absent)
        if histogram is None:
            return
        left, right = histogram.edges[:-1], histogram.edges[1:]
        inset = (right - left) * (1 - _NARROW) / 2
        floor = np.full(len(left), _FLOOR)
        self.kept.setOpts(x0=left + inset, x1=right - inset, y0=floor, height=_heights(histogram.kept))
        self.pruned.setOpts(x0=left, x1=right, y0=floor, height=_heights(histogram.pruned))
        self._show_threshold(threshold)
        tallest = float(max(histogram.kept.max(initial=1), histogram.pruned.max(initial=1)))
        self._count_in(tallest)
        self._item.setYRange(_FLOOR, np.log10(tallest) + 0.15, padding=0)
        # a threshold beyond all scores must be seen too
        right_end = max(float(histogram.edges[-1]), threshold or 0.0)
        self._item.setXRange(float(histogram.edges[0]), right_end, padding=0.02)

    def _count_in(self, tallest: float) -> None:
        decades = range(int(np.log10(tallest)) + 1)
        step = 1 if len(decades) <= 5 else 2
        ticks = [(float(power), f"{10**power:,}" if power < 4 else f"10{_raised(power)}") for power in decades[::step]]
        self._item.getAxis("left").setTicks([ticks, []])

    def _show_threshold(self, threshold: float | None) -> None:
        self.threshold.setVisible(threshold is not None)
        if threshold is not None:
            self.threshold.setPos(threshold)
            self.threshold.label.setFormat(f"τ = {threshold:.3g}")

    def recolour(self, scheme: Colours) -> None:
        """Take the colours of a scheme."""
        self._plot.setBackground(scheme.surface)
        for side in ("left", "bottom"):
            self._item.getAxis(side).setPen(scheme.grid)
            self._item.getAxis(side).setTextPen(scheme.text)
        for bars, colour in ((self.kept, scheme.kept), (self.pruned, scheme.pruned)):
            bars.setOpts(brush=pg.mkBrush(colour), pen=pg.mkPen(None))
        self.threshold.setPen(pg.mkPen(scheme.threshold, width=2, style=Qt.PenStyle.DashLine))
        self.threshold.label.setColor(scheme.threshold)
        self.threshold.label.fill = pg.mkBrush(scheme.surface)
        self._note.setStyleSheet(f"color: {scheme.muted}")

    def sizeHint(self) -> QSize:  # noqa: N802
        """As small as it may be: it takes what is left."""
        return self.minimumSize()

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Any height does, whatever the words that may stand in place of the plot."""
        return False


def _heights(counts: mask_pictures.IntArray) -> npt.NDArray[np.float64]:
    return np.where(counts > 0, np.log10(np.maximum(counts, 1)) - _FLOOR, 0.0)


def _raised(power: int) -> str:
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(power))
