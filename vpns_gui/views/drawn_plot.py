"""A bare plot as the comparison draws it: quiet axes, a light grid, the window's colours."""

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtWidgets import QWidget

from vpns_gui.theme import Colours
from vpns_gui.views.curve_axis import CurveAxis

AXIS_WIDTH_PX = 56
_SIDES = ("left", "bottom", "top", "right")


class DrawnPlot(pg.PlotWidget):  # type: ignore[misc] # pyqtgraph has no types
    """A plot that tells where the pointer is."""

    pointed_at = Signal(object)
    """The pointer's place on the scene (QPointF) while it is within the axes; None when it leaves."""

    def __init__(self, parent: QWidget, left: str, bottom: Any = None) -> None:  # noqa: ANN401 - pyqtgraph has no types
        """`left` is the unit of the values; `bottom` the axis below, that of whole epochs where none is given."""
        super().__init__(parent, axisItems={"left": CurveAxis("left"), "bottom": bottom or CurveAxis("bottom", whole=True)})
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.item = self.getPlotItem()
        self.box = self.item.getViewBox()
        self._set_axes(left)
        self.viewport().installEventFilter(self)
        self.scene().sigMouseMoved.connect(self._point)

    def _set_axes(self, left: str) -> None:
        self.item.showAxes((True, False, False, True), showValues=(True, False, False, True))
        for side in _SIDES:
            axis = self.item.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=-4, hideOverlappingLabels=False, maxTickLevel=1)
        for side in ("left", "bottom"):
            self.item.getAxis(side).setGrid(46)
        self.item.getAxis("left").setWidth(AXIS_WIDTH_PX)
        self.item.getAxis("left").setLabel(left)
        self.item.layout.setContentsMargins(1, 6, 6, 6)

    def recolour(self, scheme: Colours) -> None:
        """Take the colours of a scheme."""
        self.setBackground(scheme.surface)
        self.box.setBorder(pg.mkPen(scheme.border))
        for side in _SIDES:
            self.item.getAxis(side).setPen(scheme.grid)
            self.item.getAxis(side).setTextPen(scheme.text)

    def _point(self, where: QPointF) -> None:
        self.pointed_at.emit(where if self.box.sceneBoundingRect().contains(where) else None)

    def eventFilter(self, watched: QObject, happened: QEvent) -> bool:  # noqa: N802
        """See the pointer leave the plot."""
        if happened.type() == QEvent.Type.Leave:
            self.pointed_at.emit(None)
        return bool(super().eventFilter(watched, happened))

    def sizeHint(self) -> QSize:  # noqa: N802
        """As small as it may be: it takes what is left."""
        least: QSize = self.minimumSize()
        return least
