"""Curves of several runs on top of each other: one plot for each measure, one look for each run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.theme import Colours
from vpns_gui.views.curve_series import Series, drawable
from vpns_gui.views.drawn_plot import DrawnPlot
from vpns_gui.views.flow_layout import FlowLayout
from vpns_gui.views.heading import heading
from vpns_gui.views.legend import LegendEntry
from vpns_gui.views.run_styles import RunStyle

ACCURACIES = ("plain", "prompted", "train")
TOP_SPAN = 20.0
"""Percent of accuracy in sight when zoomed to the top."""
_NEAR_PX = 18.0
_MAX_MARKED_POINTS = 60
CURVES_HINT = "Point at a curve to see its run and its value."


@dataclass(frozen=True)
class Measure:
    """What one of the plots shows."""

    key: str
    title: str
    unit: str
    digits: int
    shown: bool = True
    """It is there before anybody asks for it."""

    def words(self, value: float) -> str:
        """Write a value."""
        return f"{value:.{self.digits}f}{' %' if self.unit == '%' else ''}"


MEASURES = (
    Measure("plain", "Validation accuracy, no prompt", "%", 1),
    Measure("prompted", "Validation accuracy, with prompt", "%", 1),
    Measure("train", "Training accuracy, no prompt", "%", 1, shown=False),
    Measure("loss", "Training loss, no prompt", "loss", 3),
    Measure("loss_prompted", "Training loss, with prompt", "loss", 3, shown=False),
    Measure("density", "Kept weights", "%", 2),
)


@dataclass(frozen=True)
class RunCurves:
    """The curves of one run, by the measure's key, over the epochs of its level."""

    style: RunStyle
    series: Mapping[str, Series]


class OverlayView(QWidget):
    """Plots two by two that show the same epochs, and one legend for all of them."""

    said = Signal(str)
    """What is known of the point at the pointer; a hint where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overlay")
        self.setAccessibleName("Curves of the chosen runs")
        self._runs: tuple[RunCurves, ...] = ()
        self._hidden: set[str] = set()
        self._top = False
        self._placed: list[str] = []
        self._wanted = {measure.key: measure.shown for measure in MEASURES}
        self._scheme = theme.colours()
        self.entries: dict[str, LegendEntry] = {}
        self._legend_holder = QWidget(self)
        self._legend = FlowLayout(self._legend_holder, gap=4)
        self.note = QLabel(self)
        self.note.setObjectName("overlayNote")
        self.note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(2)
        layout.addWidget(self._legend_holder)
        self.panels = {measure.key: _Panel(measure, self) for measure in MEASURES}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        layout.addLayout(self._grid, 1)
        for panel in self.panels.values():
            panel.plot.pointed_at.connect(lambda where, panel=panel: self._point(panel, where))
            panel.plot.box.sigXRangeChanged.connect(self._follow)
        self._following = False
        layout.addWidget(self.note)
        theme.follow(self, self._recolour)

    def set_runs(self, runs: Sequence[RunCurves], note: str = "") -> None:
        """Draw these runs; which of them a person has hidden is kept."""
        changed = [run.style for run in runs] != [run.style for run in self._runs]
        self._runs = tuple(runs)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        if changed:
            self._make_legend()
        self._draw()
        if changed:
            self.show_all()

    def want(self, key: str, wanted: bool) -> None:
        """Show a measure, or leave it out; one that no run has is left out all the same."""
        self._wanted[key] = wanted
        self._choose_panels()

    def zoom_to_top(self, top: bool) -> None:
        """Show the upper part of the accuracies alone, or all of them."""
        self._top = top
        self._fit()

    def has(self, key: str) -> bool:
        """Tell whether a run has a measure at all."""
        return any(run.series[key].x.size for run in self._runs if key in run.series)

    def show_all(self) -> None:
        """Fit the axes to all epochs."""
        ends = [float(series.x[-1]) for run in self._runs for series in run.series.values() if series.x.size]
        for panel in self.panels.values():
            panel.plot.box.setXRange(0.0, max([1.0, *ends]), padding=0.02)
        self._fit()

    def _fit(self) -> None:
        for panel in self.panels.values():
            panel.fit(TOP_SPAN if self._top and panel.measure.key in ACCURACIES else None)

    def _follow(self, _box: object, epochs: tuple[float, float]) -> None:
        """Show the same epochs everywhere. (pyqtgraph's own link goes by the plots' places on screen, hidden ones too.)"""
        if self._following:
            return
        self._following = True
        for panel in self.panels.values():
            panel.plot.box.setXRange(*epochs, padding=0)
        self._following = False

    def _make_legend(self) -> None:
        for entry in self.entries.values():
            self._legend.removeWidget(entry)
            entry.setParent(None)
            entry.deleteLater()
        self.entries = {}
        for run in self._runs:
            key = run.style.key
            entry = LegendEntry(run.style, self._legend_holder, with_value=False)
            entry.setChecked(key not in self._hidden)
            entry.toggled.connect(lambda checked, key=key: self._toggle(key, checked))
            self.entries[key] = entry
            self._legend.addWidget(entry)
            entry.show()

    def _toggle(self, key: str, checked: bool) -> None:
        (self._hidden.discard if checked else self._hidden.add)(key)
        self._draw()

    def _draw(self) -> None:
        shown = [run for run in self._runs if run.style.key not in self._hidden]
        for key, panel in self.panels.items():
            panel.draw([(run.style, run.series[key]) for run in shown if key in run.series], self._scheme)
        self._choose_panels()
        self._fit()
        self.said.emit(CURVES_HINT)

    def _choose_panels(self) -> None:
        shown = [key for key in self.panels if self._wanted[key] and self.has(key)]
        if shown == self._placed:
            return
        self._placed = shown
        for key, panel in self.panels.items():
            self._grid.removeWidget(panel)
            panel.setVisible(key in shown)
        for place, key in enumerate(shown):
            row, column = divmod(place, 2)
            alone = column == 0 and place == len(shown) - 1
            self._grid.addWidget(self.panels[key], row, column, 1, 2 if alone else 1)

    def _point(self, panel: "_Panel", where: QPointF | None) -> None:
        found = None if where is None else panel.nearest(where)
        if found is None:
            self.said.emit(CURVES_HINT)
            return
        style, epoch, value = found
        text = f"{style.name}: {panel.measure.title.lower()} {panel.measure.words(value)} after epoch {epoch:g}."
        self.said.emit(f"{text} {style.tooltip}")

    def _recolour(self, scheme: Colours) -> None:
        self._scheme = scheme
        self.note.setStyleSheet(f"color: {scheme.muted}")
        for panel in self.panels.values():
            panel.plot.recolour(scheme)
        self._draw()


class _Panel(QWidget):
    """One measure."""

    def __init__(self, measure: Measure, parent: QWidget) -> None:
        super().__init__(parent)
        self.measure = measure
        self._curves: list[tuple[RunStyle, Series, Any]] = []
        self.plot = DrawnPlot(self, measure.unit)
        self.plot.setObjectName(f"overlay_{measure.key}")
        self.plot.setAccessibleName(f"{measure.title} over epochs")
        self.plot.setMinimumHeight(130)
        self.plot.item.getAxis("bottom").setLabel("epochs")
        self.plot.box.setMouseEnabled(x=True, y=False)
        self.plot.box.setAutoVisible(y=True)
        self.plot.box.enableAutoRange(y=True)
        self.plot.box.setDefaultPadding(0.06)
        self.plot.box.setLimits(minYRange=2 if measure.unit == "%" else 0.01)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.setSpacing(1)
        layout.addWidget(heading(measure.title, self))
        layout.addWidget(self.plot, 1)

    def draw(self, curves: Sequence[tuple[RunStyle, Series]], scheme: Colours) -> None:
        """Draw the curves of these runs."""
        for _, _, item in self._curves:
            self.plot.item.removeItem(item)
        self._curves = [(style, series, _drawn(style, series, scheme)) for style, series in curves]
        for _, _, item in self._curves:
            self.plot.item.addItem(item)

    def fit(self, top_span: float | None) -> None:
        """Fit the values to what is drawn: all of it, or the uppermost `top_span` alone."""
        values = np.concatenate([np.empty(0), *(series.y[np.isfinite(series.y)] for _, series, _ in self._curves)])
        if top_span is None or not values.size:
            self.plot.box.enableAutoRange(y=True)
            return
        high = float(values.max())
        self.plot.box.setYRange(high - top_span, high + 0.05 * top_span, padding=0)

    def nearest(self, where: QPointF) -> tuple[RunStyle, float, float] | None:
        """Give the run, the epoch and the value of the point nearest to a place; None where none is near."""
        found: list[tuple[float, int, int]] = []
        for number, (_, series, _item) in enumerate(self._curves):
            if series.x.size:
                distances = self._distances(series, where)
                point = int(np.argmin(distances))
                found.append((float(distances[point]), number, point))
        if not found or min(found)[0] > _NEAR_PX:
            return None
        _, number, point = min(found)
        style, series, _item = self._curves[number]
        return style, float(series.x[point]), float(series.y[point])

    def _distances(self, series: Series, where: QPointF) -> Any:  # noqa: ANN401 - an array of pixels
        box = self.plot.box
        origin, unit = box.mapViewToScene(QPointF(0, 0)), box.mapViewToScene(QPointF(1, 1))
        x = origin.x() + series.x * (unit.x() - origin.x())
        y = origin.y() + series.y * (unit.y() - origin.y())
        distances = np.hypot(x - where.x(), y - where.y())
        return np.where(np.isfinite(distances), distances, np.inf)  # a loss that is no number is nowhere


def _drawn(style: RunStyle, series: Series, scheme: Colours) -> Any:  # noqa: ANN401 - pyqtgraph has no types
    series = drawable(series)
    curve = pg.PlotDataItem(series.x, series.y, pen=style.pen(scheme), antialias=True)
    if style.symbol is not None and 0 < series.x.size <= _MAX_MARKED_POINTS:
        curve.setSymbol(style.symbol)
        curve.setSymbolSize(6)
        curve.setSymbolBrush(style.ink(scheme))
        curve.setSymbolPen(pg.mkPen(QColor(scheme.surface), width=1))
    return curve
