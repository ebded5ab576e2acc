"""Curves of one level: accuracy, loss and kept density over the epochs of search and tune."""

import math
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vpns_engine.history import RunHistory
from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.take_away import offer
from vpns_gui.theme import Colours
from vpns_gui.views.curve_panel import CurvePanel
from vpns_gui.views.curve_series import LevelCurves, Series, accuracy_range, at, last, place
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.legend import CurveStyle
from vpns_gui.views.picture import scrolled
from vpns_gui.views.words import level_title, percent

_SOLID, _DASH, _DOTS, _NONE = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DashDotLine, Qt.PenStyle.NoPen

_ACCURACY = (
    CurveStyle("train", "Training", "train", _DOTS, "s", "Training accuracy: un-prompted half-steps, mean of the epoch"),
    CurveStyle("plain", "Validation, no prompt", "plain", _SOLID, "o", "Validation accuracy without the prompt"),
    CurveStyle("prompted", "Validation, with prompt", "prompted", _DASH, "t1", "Validation accuracy with the prompt"),
    CurveStyle("test", "Test, no prompt", "plain", _NONE, "star", "Test accuracy of the saved state, without the prompt"),
    CurveStyle(
        "test_prompted", "Test, with prompt", "prompted", _NONE, "d", "Test accuracy of the saved state, with the prompt"
    ),
)
_LOSS = (
    CurveStyle("loss", "Training, no prompt", "plain", _SOLID, "o", "Cross-entropy of the un-prompted half-steps: mean of the "
               "epoch; the thin line is each step"),
    CurveStyle("loss_prompted", "Training, with prompt", "prompted", _DASH, "t1", "Cross-entropy of the prompted half-steps: "
               "mean of the epoch; the thin line is each step"),
)  # fmt: skip
_DENSITY = (CurveStyle("density", "Kept weights", "density", _SOLID, "o", "Density: share of all scored weights that the mask "
                       "keeps; the dotted line is the density asked for"),)  # fmt: skip
_HEIGHTS = ((14, 110, 16_000), (7, 60, 16_000), (4, 76, 130))
"""Of each plot: share of what is left over, least and greatest height in pixels."""
_TOP_SPAN = 20.0
"""Percent of accuracy in sight when zoomed to the top."""
_RUN_AWAY = 1e5
"""Loss from which on powers of ten are shown."""
_EMPTY = ("No curves yet", "Start a run or open one: accuracy, loss and kept density appear here, epoch by epoch.")


class CurvesView(QWidget):
    """Three plots with one axis of epochs; the legends show the values at the pointer, else at the moment looked at."""

    moment_requested = Signal(float)
    """A place on the axis of epochs: clicked, or the moment's line was drawn there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curves")
        self.setAccessibleName("Curves")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._curves: LevelCurves | None = None
        self._series: dict[str, Series] = {}
        self._cursor: float | None = None
        self._moment: float | None = None
        self._known = (-1, -1, -1)
        content = self._content = QWidget(self)
        self.accuracy = CurvePanel("Accuracy", "%", _ACCURACY, parent=content)
        self.loss = CurvePanel("Loss", "loss", _LOSS, parent=content)
        self.density = CurvePanel("Kept density", "%", _DENSITY, is_last=True, parent=content)
        self._panels = (self.accuracy, self.loss, self.density)
        self._set_up_panels()
        self._stack = NoteOrContent(EmptyNote(*_EMPTY, self), scrolled(content, self), self)
        self._lay_out(content)
        theme.follow(self, self._recolour)

    @property
    def table(self) -> tuple[list[str], list[list[float | None]]]:
        """The curves as a table: a row for each epoch, a column for each curve that has points."""
        styles = {key: f"{panel.title}: {entry.text()}" for panel in self._panels for key, entry in panel.entries.items()}
        drawn = {key: series for key, series in self._series.items() if series.x.size}
        epochs = sorted({float(x) for series in drawn.values() for x in series.x})
        values = [dict(zip(map(float, series.x), map(float, series.y), strict=True)) for series in drawn.values()]
        rows = [[epoch, *(known.get(epoch) for known in values)] for epoch in epochs]
        return ["epoch", *(styles[key] for key in drawn)], rows

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return self._stack.is_empty

    @property
    def picture(self) -> QWidget:
        """The plots with their legends."""
        return self._content

    def _set_up_panels(self) -> None:
        self.accuracy.box.setLimits(yMin=-5, yMax=105, minYRange=4)
        self.accuracy.box.disableAutoRange()
        self.loss.box.setLimits(yMin=-0.2, minYRange=0.01)
        self.density.box.setLimits(yMin=-4, yMax=104, minYRange=2)
        self.density.add_target()
        for key in ("loss", "loss_prompted"):
            self.loss.add_thin_line(key)
        for panel in self._panels:
            panel.pointed_at.connect(self._point)
            panel.moment_requested.connect(self.moment_requested)
        shown: list[QWidget] = [self, *(panel.plot for panel in self._panels)]
        for widget in shown:
            offer(widget, "Curves", table=lambda: self.table, picture=lambda: self.picture)
        for panel in self._panels[1:]:
            panel.item.setXLink(self.accuracy.item)

    def _lay_out(self, content: QWidget) -> None:
        self._title = QLabel(content)
        self._title.setObjectName("curvesTitle")
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._readout = ElidedLabel(content)
        self._readout.setObjectName("curvesReadout")
        self._note = QLabel(content)
        self._note.setObjectName("curvesNote")
        self._note.setWordWrap(True)
        self._all = QPushButton("Show all epochs", content)
        self._all.setObjectName("showAll")
        self._all.setToolTip(
            "Undo zooming and moving. The wheel zooms the axis of epochs, dragging moves it; a click chooses the epoch shown."
        )
        self._all.clicked.connect(self._show_all)
        self._zoom = QPushButton("Zoom to the top", content)
        self._zoom.setObjectName("zoomTop")
        self._zoom.setCheckable(True)
        theme.show_checked(self._zoom)
        self._zoom.setToolTip(
            f"Show the upper {_TOP_SPAN:g} % of the accuracy alone, to tell apart what is measured with and without the prompt."
        )
        self._zoom.toggled.connect(self._fit_accuracy)
        top = QHBoxLayout()
        top.setContentsMargins(4, 0, 4, 0)
        top.addWidget(self._title)
        top.addWidget(self._readout, 1)
        top.addWidget(self._zoom)
        top.addWidget(self._all)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(8, 8, 8, 8)
        inner.setSpacing(6)
        inner.addLayout(top)
        inner.addWidget(self._note)
        for panel, (stretch, least_px, most_px) in zip(self._panels, _HEIGHTS, strict=True):
            panel.plot.setMinimumHeight(least_px)
            panel.plot.setMaximumHeight(most_px)
            inner.addWidget(panel, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def set_history(self, history: RunHistory | None, level: int = 0) -> None:
        """Show a level of a run; None shows nothing. Cheap enough to be called ten times a second while the run grows."""
        if history is None or history.started is None or history.level(level) is None:
            self._curves = None
            self._stack.show_content(False)
            return
        if self._curves is None or not self._curves.belongs_to(history, level):
            self._curves = LevelCurves(history, level)
            self._start(history, level)
        known = self._curves.num_known
        if known != self._known:
            self._draw(self._curves, epochs_changed=known[::2] != self._known[::2])
            self._known = known
        self._stack.show_content(True)

    def set_moment(self, x: float | None) -> None:
        """Mark the moment that is looked at by its place on the axis of epochs; None: there is none yet."""
        self._moment = x
        for panel in self._panels:
            panel.set_moment(x)
        self._read_out()

    def _start(self, history: RunHistory, level: int) -> None:
        assert self._curves is not None
        spans = self._curves.spans
        self._title.setText(level_title(history, level))
        for panel in self._panels:
            panel.set_spans(spans)
        self.accuracy.name_spans(spans)
        shown = history.level(level)
        self.density.set_target(shown.density * 100 if shown is not None else None)
        self._cursor = None
        self._known = (-1, -1, -1)
        self._show_all()

    def _draw(self, curves: LevelCurves, *, epochs_changed: bool) -> None:
        prompted, plain = curves.step_losses()
        self.loss.set_thin_line("loss_prompted", prompted)
        self.loss.set_thin_line("loss", plain)
        if not epochs_changed:
            return
        tests = curves.tests(prompted=False), curves.tests(prompted=True)
        self._series = {
            "train": curves.epochs(lambda e: e.train_accuracy, scale=100),
            "plain": curves.epochs(lambda e: e.val_accuracy, scale=100),
            "prompted": curves.epochs(lambda e: e.val_accuracy_prompted, scale=100),
            "test": tests[0],
            "test_prompted": tests[1],
            "loss": curves.epochs(lambda e: e.loss),
            "loss_prompted": curves.epochs(lambda e: e.loss_prompted),
            "density": curves.kept_density(),
        }
        for panel in self._panels:
            for key in panel.entries:
                panel.set_curve(key, self._series[key])
        self._fit_accuracy()
        self._explain(curves.history)
        self._read_out()

    def _explain(self, history: RunHistory) -> None:
        started = history.started
        assert started is not None
        entries = self.accuracy.entries
        has_prompt, has_validation = started.num_prompt_values > 0, started.num_validation > 0
        entries["plain"].setVisible(has_validation)
        entries["prompted"].setVisible(has_validation and has_prompt)
        for key in ("test", "test_prompted"):
            entries[key].setVisible(self._series[key].x.size > 0)
        self.loss.entries["loss_prompted"].set_name("Training, with prompt" if has_prompt else "Training, canvas view")
        notes = []
        if not has_validation:
            notes.append("No validation split in this run (paper protocol): validation accuracy is not measured.")
        if not has_prompt:
            notes.append("No prompt in this run: there is nothing to measure with a prompt.")
        self._note.setText("  ".join(notes))
        self._note.setVisible(bool(notes))

    def _point(self, x: float | None) -> None:
        if self._curves is None:
            return
        self._cursor = None if x is None else min(max(0.0, float(round(x))), self._curves.num_epochs)
        self._read_out()

    def _read_out(self) -> None:
        if self._curves is None or not self._series:
            return
        for panel in self._panels:
            panel.set_cursor(self._cursor)
        pick: Callable[[Series], float | None] = last
        place_shown = self._cursor if self._cursor is not None else self._moment
        if place_shown is not None:
            pick = lambda series: at(series, place_shown)  # noqa: E731
        shown = {key: pick(series) for key, series in self._series.items()}
        numbers = {key: percent(value) for key, value in shown.items() if key not in ("loss", "loss_prompted")}
        losses = {key: _loss_words(shown[key]) for key in ("loss", "loss_prompted")}
        for panel in self._panels:
            panel.set_values({key: value for key, value in (numbers | losses).items() if key in panel.entries})
        where = self._where()
        self._readout.set_text(where, where)

    def _where(self) -> str:
        assert self._curves is not None
        if self._cursor is not None:
            return f"at the pointer: {place(self._curves.spans, self._cursor)}"
        if self._moment is not None:
            return f"at {place(self._curves.spans, self._moment)}"
        newest = last(Series(self._series["density"].x, self._series["density"].x))
        return "waiting for the first epoch" if newest is None else f"newest: {place(self._curves.spans, newest)}"

    def _show_all(self) -> None:
        end = self._curves.num_epochs if self._curves is not None else 1.0
        self.accuracy.box.setXRange(0.0, max(1.0, end), padding=0.015)

    def _fit_accuracy(self) -> None:
        low, high = accuracy_range([self._series[key].y for key in self.accuracy.entries if key in self._series])
        if self._zoom.isChecked():
            top = min(100.0, 5.0 * math.ceil(high / 5.0))
            self.accuracy.box.setYRange(top - _TOP_SPAN, top + 0.05 * _TOP_SPAN, padding=0)
        else:
            # 100 % is always in sight: a curve's distance from it is what a person looks for
            self.accuracy.box.setYRange(max(-4.0, low - 0.06 * (100.0 - low)), 103.0, padding=0)

    def _recolour(self, scheme: Colours) -> None:
        for panel in self._panels:
            panel.recolour(scheme)
        for label in (self._readout, self._note):
            label.setStyleSheet(f"color: {scheme.muted}")


def _loss_words(loss: float | None) -> str:
    """Write a loss; one that has run away in powers of ten."""
    if loss is None:
        return "–"
    return f"{loss:.3f}" if abs(loss) < _RUN_AWAY else f"{loss:.3g}"
