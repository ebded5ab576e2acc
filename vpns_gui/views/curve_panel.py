"""One plot with its legend above it; the curves view stacks three of these on a common axis of epochs."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsItem, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vpns_gui.theme import Colours, rgb
from vpns_gui.views.curve_axis import CurveAxis
from vpns_gui.views.curve_series import Series, Span, drawable
from vpns_gui.views.flow_layout import FlowLayout
from vpns_gui.views.legend import CurveStyle, LegendEntry

_AXIS_WIDTH_PX = 56
_MAX_MARKED_POINTS = 130


class CurvePanel(QWidget):
    """A plot of some curves over the epochs of a level."""

    pointed_at = Signal(object)
    """The epoch under the pointer (float), None when it leaves."""
    moment_requested = Signal(float)
    """A place on the axis of epochs that was clicked, or that the line of the moment was drawn to."""

    def __init__(
        self, title: str, unit: str, styles: Sequence[CurveStyle], *, is_last: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.plot = _Plot(self, axisItems={"left": CurveAxis("left"), "bottom": CurveAxis("bottom", whole=True)})
        self.plot.setObjectName(f"plot_{title.split()[0].lower()}")
        self.plot.setAccessibleName(f"{title} over epochs")
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.viewport().installEventFilter(self)
        self.plot.scene().sigMouseMoved.connect(self._point)
        self.item = self.plot.getPlotItem()
        self.box = self.item.getViewBox()
        self._set_axes(unit, is_last)
        self.plot.scene().sigMouseClicked.connect(self._click)
        self._cursor = self._vertical_line()
        self._cursor.hide()
        self._moment = self._vertical_line(movable=True)
        self._moment.setZValue(20)
        self._moment.sigDragged.connect(lambda line: self.moment_requested.emit(float(line.value())))
        self._moment.hide()
        self._boundaries: list[Any] = []
        self._styles = {style.key: style for style in styles}
        self._curves = {style.key: self._curve() for style in styles}
        self._thin: dict[str, Any] = {}
        self._level: Any = None
        self.entries = {style.key: LegendEntry(style, self) for style in styles}
        for key, entry in self.entries.items():
            entry.toggled.connect(self._curves[key].setVisible)
        self._scheme: Colours | None = None
        self._lay_out(title)

    def _lay_out(self, title: str) -> None:
        heading = QLabel(f"{title}", self)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        heading.setFixedWidth(_AXIS_WIDTH_PX + 54)
        heading.setContentsMargins(0, 3, 0, 0)
        legend = FlowLayout(gap=4)
        for entry in self.entries.values():
            legend.addWidget(entry)
        top = QHBoxLayout()
        top.setContentsMargins(4, 0, 4, 0)
        top.addWidget(heading, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(legend, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self.plot, 1)

    def _set_axes(self, unit: str, is_last: bool) -> None:
        # fewer axes: each draws its own grid, which costs more than the curves
        self.item.showAxes((True, False, False, True), showValues=(True, False, False, is_last))
        for name in ("left", "bottom", "top", "right"):
            axis = self.item.getAxis(name)
            axis.enableAutoSIPrefix(False)
            # an axis with its grid is drawn again only when its range changes, not with every new point
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
            axis.setStyle(tickLength=0 if name in ("top", "right") else -4, hideOverlappingLabels=False, maxTickLevel=1)
        self.item.getAxis("left").setWidth(_AXIS_WIDTH_PX)
        self.item.getAxis("left").setLabel(unit)
        if is_last:
            self.item.getAxis("bottom").setLabel("epochs")
        for name in ("left", "bottom"):
            self.item.getAxis(name).setGrid(46)
        # half a label reaches beyond the plot at the end of its scale
        self.item.layout.setContentsMargins(1, 6, 1, 6)
        self.box.setMouseEnabled(x=True, y=False)
        self.box.setAutoVisible(y=True)
        self.box.enableAutoRange(y=True)
        self.box.setDefaultPadding(0.06)

    def _curve(self) -> Any:  # noqa: ANN401 - pyqtgraph has no types
        item = pg.PlotDataItem(antialias=True)
        item.setZValue(10)
        self.item.addItem(item)
        return item

    def add_thin_line(self, key: str) -> None:
        """Draw a thin line in the colour of the curve `key`, behind it, hidden along with it."""
        item = pg.PlotDataItem(antialias=False, connect="finite", skipFiniteCheck=False)
        item.setZValue(1)
        self.item.addItem(item)
        self._thin[key] = item
        self.entries[key].toggled.connect(item.setVisible)

    def add_target(self) -> None:
        """Prepare a horizontal line for a target value."""
        self._level = pg.InfiniteLine(angle=0, movable=False)
        self._level.setZValue(0)
        self._level.hide()
        self.item.addItem(self._level, ignoreBounds=True)

    def set_target(self, value: float | None) -> None:
        """Place the target line; None hides it."""
        if value is not None:
            self._level.setPos(value)
        self._level.setVisible(value is not None)

    def set_curve(self, key: str, series: Series) -> None:
        """Draw the points of a curve."""
        series = drawable(series)
        self._curves[key].setData(series.x, series.y)
        symbol = self._styles[key].symbol if series.x.size <= _MAX_MARKED_POINTS else None
        if self._curves[key].opts["symbol"] != symbol:
            self._curves[key].setSymbol(symbol)

    def set_thin_line(self, key: str, series: Series) -> None:
        """Draw the points of a thin line."""
        self._thin[key].setData(series.x, series.y)

    def set_spans(self, spans: Sequence[Span]) -> None:
        """Draw a light line between phases and fit the axis to all of them."""
        for line in self._boundaries:
            self.item.removeItem(line)
        self._boundaries = [self._vertical_line() for _ in spans[1:]]
        for line, span in zip(self._boundaries, spans[1:], strict=True):
            line.setPos(span.start)
        if spans:
            end = spans[-1].end
            self.box.setLimits(xMin=-0.03 * end, xMax=1.03 * end, minXRange=min(2.0, end))
        if self._scheme is not None:
            self.recolour(self._scheme)

    def name_spans(self, spans: Sequence[Span]) -> None:
        """Write the phases' names over the plot."""
        self.item.showAxis("top")
        axis = self.item.getAxis("top")
        axis.setStyle(showValues=True)
        axis.setTicks([[((span.start + span.end) / 2, span.label) for span in spans]])

    def set_values(self, values: Mapping[str, str]) -> None:
        """Show values in the legend."""
        for key, value in values.items():
            self.entries[key].set_value(value)

    def set_cursor(self, x: float | None) -> None:
        """Mark a place on the axis; None removes the mark."""
        if x is not None:
            self._cursor.setPos(x)
        self._cursor.setVisible(x is not None)

    def set_moment(self, x: float | None) -> None:
        """Mark the moment that is looked at; the mark can be drawn along the axis. None removes it."""
        if x is not None:
            self._moment.setPos(x)
        self._moment.setVisible(x is not None)

    def recolour(self, scheme: Colours) -> None:
        """Take the colours of a scheme."""
        self._scheme = scheme
        self.plot.setBackground(scheme.surface)
        self.box.setBorder(pg.mkPen(scheme.border))
        for name in ("left", "bottom", "top", "right"):
            axis = self.item.getAxis(name)
            axis.setPen(scheme.grid)
            axis.setTextPen(scheme.text)
        for key, curve in self._curves.items():
            style = self._styles[key]
            curve.setPen(style.pen(scheme))
            curve.setSymbol(style.symbol)
            curve.setSymbolBrush(QColor(getattr(scheme, style.colour)))
            curve.setSymbolPen(pg.mkPen(scheme.surface, width=1))
            curve.setSymbolSize(13 if style.line == Qt.PenStyle.NoPen else 7)
        for key, thin in self._thin.items():
            thin.setPen(_faded(scheme, self._styles[key].colour))
        for line in self._boundaries:
            line.setPen(pg.mkPen(scheme.border, width=2))
        if self._level is not None:
            self._level.setPen(pg.mkPen(scheme.muted, style=Qt.PenStyle.DotLine))
        self._cursor.setPen(pg.mkPen(scheme.muted, width=1, style=Qt.PenStyle.DotLine))
        self._moment.setPen(pg.mkPen(scheme.text, width=1.5))
        self._moment.setHoverPen(pg.mkPen(scheme.text, width=3))

    def _vertical_line(self, *, movable: bool = False) -> Any:  # noqa: ANN401 - pyqtgraph has no types
        line = pg.InfiniteLine(angle=90, movable=movable)
        line.setZValue(2)
        self.item.addItem(line, ignoreBounds=True)
        return line

    def _point(self, where: QPointF) -> None:
        if self.box.sceneBoundingRect().contains(where):
            self.pointed_at.emit(float(self.box.mapSceneToView(where).x()))
        else:
            self.pointed_at.emit(None)

    def _click(self, click: Any) -> None:  # noqa: ANN401 - pyqtgraph has no types
        where = click.scenePos()
        if click.button() == Qt.MouseButton.LeftButton and self.box.sceneBoundingRect().contains(where):
            self.moment_requested.emit(float(self.box.mapSceneToView(where).x()))

    def eventFilter(self, watched: QObject, happened: QEvent) -> bool:  # noqa: N802
        """See the pointer leave the plot."""
        if happened.type() == QEvent.Type.Leave:
            self.pointed_at.emit(None)
        return super().eventFilter(watched, happened)


class _Plot(pg.PlotWidget):  # type: ignore[misc] # pyqtgraph has no types
    def sizeHint(self) -> QSize:  # noqa: N802
        """As small as it may be: it takes what is left."""
        least: QSize = self.minimumSize()
        return least


def _faded(scheme: Colours, name: str) -> QPen:
    """Mix a colour into the ground, as an opaque colour: thin lines of many points draw much faster than transparent ones."""
    front, ground = rgb(getattr(scheme, name)), rgb(scheme.surface)
    mixed = [round(one * 0.42 + other * 0.58) for one, other in zip(front, ground, strict=True)]
    pen = QPen(QColor(*mixed), 1)
    pen.setCosmetic(True)
    return pen
