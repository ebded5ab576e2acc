"""A histogram of kept and pruned weights, stacked, with the threshold as a line."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from vpns_gui.theme import Colours
from vpns_gui.views.mask_pictures import Histogram

_UNITS = ((1_000_000, "million weights"), (1_000, "thousand weights"), (1, "weights"))


class HistogramPlot(QWidget):
    """Kept below, pruned above it."""

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
        self._item.setLabel("left", "weights")
        self._item.getViewBox().setLimits(yMin=0)
        none = np.zeros(1)
        self.kept = pg.BarGraphItem(x0=none, x1=none, y0=none, height=none)
        self.pruned = pg.BarGraphItem(x0=none, x1=none, y0=none, height=none)
        self.threshold = pg.InfiniteLine(
            angle=90, movable=False, label="", labelOpts={"position": 0.9, "anchors": [(0, 0.5), (1, 0.5)]}
        )
        for item in (self.kept, self.pruned, self.threshold):
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
        zero = np.zeros(len(left))
        self.kept.setOpts(x0=left, x1=right, y0=zero, height=histogram.kept)
        self.pruned.setOpts(x0=left, x1=right, y0=histogram.kept, height=histogram.pruned)
        self._show_threshold(threshold)
        tallest = float((histogram.kept + histogram.pruned).max(initial=1))
        self._count_in(tallest)
        self._item.setYRange(0, tallest * 1.06, padding=0)
        self._item.setXRange(float(histogram.edges[0]), float(histogram.edges[-1]), padding=0.02)

    def _count_in(self, tallest: float) -> None:
        unit, name = next(((unit, name) for unit, name in _UNITS if tallest >= 5 * unit), (1, "weights"))
        axis = self._item.getAxis("left")
        axis.setScale(1 / unit)
        axis.setLabel(name)

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
