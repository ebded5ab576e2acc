"""Test accuracy over sparsity: mean and spread of each arm, the dense network as a level, the published numbers dashed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.keys import tell_keys
from vpns_gui.theme import Colours
from vpns_gui.views.chart_data import ChartLine, ChartPoint, Scale, along, extent
from vpns_gui.views.drawn_plot import DrawnPlot
from vpns_gui.views.flow_layout import FlowLayout
from vpns_gui.views.legend import LegendEntry
from vpns_gui.views.sparsity_axis import SparsityAxis

_NEAR_PX = 14.0
_NEAR_LEVEL_PX = 6.0
CHART_HINT = "Point at a mark, or move along with the arrow keys, to see its value, its seeds and its runs."
_ROOM = 0.07
_LEAST_WIDTH: dict[Scale, float] = {"sparsity": 10.0, "kept": 0.3}
_LEAST_HEIGHT = 2.0
_OWN = 2.0
"""Width of the lines of one's own runs; published ones are thinner."""
_BEAM, _APART, _APART_ALONE = 0.006, 0.007, 0.04
"""Of the axis: half an error bar's beam, and how far arms are drawn from each other; further where all have one sparsity."""


class AccuracyChart(QWidget):
    """A plot with its legend; a click on a name hides or shows its line."""

    said = Signal(str)
    """What is known of the mark at the pointer or the keys; a hint where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("accuracyChart")
        self.setAccessibleName("Test accuracy over sparsity")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        tell_keys(self, "Accuracy over sparsity", (("Arrow keys", "Go from mark to mark"), ("Esc", "Leave the marks")))
        self._lines: tuple[ChartLine, ...] = ()
        self._items: dict[str, list[Any]] = {}
        self._hidden: dict[str, bool] = {}
        self._scale: Scale = "sparsity"
        self._aside: dict[str, float] = {}
        self._width = 1.0
        self._scheme = theme.colours()
        self._marked: tuple[str, int] | None = None
        self.entries: dict[str, LegendEntry] = {}
        self._axis = SparsityAxis()
        self.plot = DrawnPlot(self, "test accuracy, %", self._axis)
        self.plot.setObjectName("plot_sparsity")
        self.plot.setMinimumHeight(180)
        self.plot.pointed_at.connect(self._point)
        self._ring = pg.ScatterPlotItem(size=17, symbol="o", brush=None)
        self._ring.setZValue(30)
        self.plot.item.addItem(self._ring, ignoreBounds=True)
        self.note = QLabel(self)
        self.note.setObjectName("chartNote")
        self.note.setWordWrap(True)
        self._legend_holder = QWidget(self)
        self._legend = FlowLayout(self._legend_holder, gap=4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        layout.addWidget(self._legend_holder)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.note)
        theme.follow(self, self._recolour)

    def set_lines(self, lines: Sequence[ChartLine], note: str) -> None:
        """Draw these lines; which of them a person has hidden is kept."""
        self._lines = tuple(lines)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self._make_legend()
        self._draw()

    def set_scale(self, scale: Scale) -> None:
        """Choose what runs along the axis."""
        if scale != self._scale:
            self._scale = scale
            self._axis.set_scale(scale)
            self._draw()

    def show_all(self) -> None:
        """Fit the axes to what is shown."""
        found = extent([line for line in self._lines if self._is_shown(line)], self._scale)
        if found is None:
            return
        left, right, low, high = found
        self.plot.box.setXRange(*_roomy(left, right, _LEAST_WIDTH[self._scale]), padding=0)
        self.plot.box.setYRange(*_roomy(low, high, _LEAST_HEIGHT), padding=0)

    @property
    def marked(self) -> ChartPoint | None:
        """The point that the read-out tells of."""
        return None if self._marked is None else self._line(self._marked[0]).points[self._marked[1]]

    def _line(self, key: str) -> ChartLine:
        return next(line for line in self._lines if line.style.key == key)

    def _is_shown(self, line: ChartLine) -> bool:
        return not self._hidden.get(line.style.key, not line.shown)

    def _make_legend(self) -> None:
        styles = [line.style for line in self._lines]
        if [entry.curve for entry in self.entries.values()] == styles:
            return
        for entry in self.entries.values():
            self._legend.removeWidget(entry)
            entry.setParent(None)
            entry.deleteLater()
        self.entries = {}
        for line in self._lines:
            entry = LegendEntry(line.style, self._legend_holder, with_value=False)
            entry.setChecked(self._is_shown(line))
            entry.toggled.connect(lambda checked, key=line.style.key: self._toggle(key, checked))
            self.entries[line.style.key] = entry
            self._legend.addWidget(entry)
            entry.show()

    def _toggle(self, key: str, checked: bool) -> None:
        self._hidden[key] = not checked
        for item in self._items.get(key, ()):
            item.setVisible(checked)
        self._name_sparsities()
        self._mark(None)
        self.show_all()

    def _draw(self) -> None:
        self._mark(None)
        for items in self._items.values():
            for item in items:
                self.plot.item.removeItem(item)
        self._items = {}
        self._set_apart()
        for line in self._lines:
            items = self._level_items(line) if line.is_level else self._line_items(line)
            for item in items:
                item.setVisible(self._is_shown(line))
                self.plot.item.addItem(item, ignoreBounds=True)
            self._items[line.style.key] = items
        self.show_all()

    def _set_apart(self) -> None:
        """Draw each arm's marks a little to the side, so that they do not lie on one another; the axis names the sparsities."""
        found = extent(self._lines, self._scale)
        self._width = max(_LEAST_WIDTH[self._scale], found[1] - found[0]) if found is not None else 1.0
        own = [line for line in self._lines if not line.is_level and line.style.width >= _OWN]
        measured = [point.sparsity for line in own for point in line.points]
        self._name_sparsities()
        arms = list(dict.fromkeys(line.style.colour for line in own))
        several = len(set(measured)) > 1
        step = (_APART if several else _APART_ALONE) * self._width
        self._aside = {colour: (number - (len(arms) - 1) / 2) * step for number, colour in enumerate(arms)}

    def _name_sparsities(self) -> None:
        """Label what was measured, then the published sparsities that are in sight."""
        lines = [line for line in self._lines if not line.is_level]
        measured = [point.sparsity for line in lines if line.style.width >= _OWN for point in line.points]
        self._axis.set_marks(measured, [point.sparsity for line in lines if self._is_shown(line) for point in line.points])

    def _x(self, line: ChartLine, point: ChartPoint) -> float | None:
        x = along(point.sparsity, self._scale)
        own = line.style.width >= _OWN
        return None if x is None else x + (self._aside.get(line.style.colour, 0.0) if own else 0.0)

    def _line_items(self, line: ChartLine) -> list[Any]:
        style, ink = line.style, line.style.ink(self._scheme)
        places = [(x, point.mean) for point in line.points if (x := self._x(line, point)) is not None]
        across, up = np.array(places, dtype=np.float64).reshape(-1, 2).T
        curve = pg.PlotDataItem(across, up, pen=style.pen(self._scheme), antialias=True)
        curve.setZValue(10 if style.width >= _OWN else 5)
        if style.symbol is not None:
            curve.setSymbol(style.symbol)
            curve.setSymbolSize(9 if style.width >= _OWN else 6)
            curve.setSymbolBrush(QColor(self._scheme.surface) if style.hollow else ink)
            curve.setSymbolPen(pg.mkPen(ink, width=1.4) if style.hollow else pg.mkPen(self._scheme.surface, width=1))
        return [*self._bars(line, ink), curve]

    def _bars(self, line: ChartLine, ink: QColor) -> list[Any]:
        spread = [
            (x, point.mean, point.deviation)
            for point in line.points
            if point.deviation and (x := self._x(line, point)) is not None
        ]
        if not spread:
            return []
        x, y, half = np.array(spread).T
        bars = pg.ErrorBarItem(x=x, y=y, top=half, bottom=half, beam=_BEAM * self._width, pen=pg.mkPen(ink, width=1.3))
        bars.setZValue(8)
        return [bars]

    def _level_items(self, line: ChartLine) -> list[Any]:
        (point,) = line.points
        level = pg.InfiniteLine(point.mean, angle=0, movable=False, pen=line.style.pen(self._scheme))
        level.setZValue(4)
        if not point.deviation:
            return [level]
        ground = QColor(line.style.ink(self._scheme))
        ground.setAlphaF(0.13)
        edges = (point.mean - point.deviation, point.mean + point.deviation)
        band = pg.LinearRegionItem(edges, "horizontal", brush=ground, pen=pg.mkPen(None), movable=False)
        band.setZValue(1)
        return [band, level]

    def _point(self, where: QPointF | None) -> None:
        self._mark(None if where is None else self._nearest(where))

    def _nearest(self, where: QPointF) -> tuple[str, int] | None:
        near: list[tuple[float, str, int]] = []
        for line in self._lines:
            if not self._is_shown(line):
                continue
            for number, point in enumerate(line.points):
                distance = self._distance(line, point, where)
                if distance is not None and distance <= (_NEAR_LEVEL_PX if line.is_level else _NEAR_PX):
                    near.append((distance + (_NEAR_PX if line.is_level else 0.0), line.style.key, number))
        return min(near)[1:] if near else None

    def _distance(self, line: ChartLine, point: ChartPoint, where: QPointF) -> float | None:
        """Measure in pixels how far a point is; of a level only the height counts."""
        x = self._x(line, point) if not line.is_level else 0.0
        if x is None:
            return None
        place = self.plot.box.mapViewToScene(QPointF(x, point.mean))
        across = 0.0 if line.is_level else place.x() - where.x()
        return float(np.hypot(across, place.y() - where.y()))

    def _mark(self, found: tuple[str, int] | None) -> None:
        self._marked = found
        if found is None:
            self._ring.setData([], [])
            self.said.emit(CHART_HINT)
            return
        line, point = self._line(found[0]), self.marked
        assert point is not None
        x = self._x(line, point)
        shown = not line.is_level and x is not None
        self._ring.setData([x] if shown else [], [point.mean] if shown else [])
        self.said.emit(f"{line.style.name}: {point.words}")

    def _walk(self, lines: int, points: int) -> None:
        """Go to another mark: the first one, the next of the same line, or the one at its place in the next line."""
        shown = [line for line in self._lines if self._is_shown(line) and line.points]
        if not shown:
            return
        keys = [line.style.key for line in shown]
        if self._marked is None or self._marked[0] not in keys:
            self._mark((keys[0], 0))
            return
        key, number = self._marked
        line = shown[(keys.index(key) + lines) % len(shown)]
        self._mark((line.style.key, min(max(0, number + points), len(line.points) - 1)))

    def _recolour(self, scheme: Colours) -> None:
        self._scheme = scheme
        self.plot.recolour(scheme)
        self._ring.setPen(pg.mkPen(scheme.text, width=2))
        self.note.setStyleSheet(f"color: {scheme.muted}")
        self._draw()

    def keyPressEvent(self, pressed: QKeyEvent) -> None:  # noqa: N802
        """Move from mark to mark with the arrow keys; Escape leaves them."""
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        key = Qt.Key(pressed.key())
        if key in steps:
            self._walk(*steps[key])
        elif key == Qt.Key.Key_Escape and self._marked is not None:
            self._mark(None)
        else:
            super().keyPressEvent(pressed)


def _roomy(low: float, high: float, least: float) -> tuple[float, float]:
    """Widen a range to a least width, around its middle, and leave some room at both ends."""
    more = max(0.0, least - (high - low)) / 2 + _ROOM * max(least, high - low)
    return low - more, high + more
