"""How the mask moved over the epochs: newly kept weights upwards, newly pruned ones downwards."""

import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.models.flips import Flips
from vpns_gui.theme import Colours

_BAR, _HEADROOM = 0.8, 1.3
_NONE = "How many weights the mask newly keeps and newly prunes appears here after the second epoch of a search."


class FlipsPlot(QWidget):
    """Two plots above each other: the whole network, and the layer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("flips")
        self._flips: Flips | None = None
        self._layer: str | None = None
        self._x: float | None = None
        self.whole = _Moves("Whole network", self)
        self.layer = _Moves("This layer", self)
        self.layer.plot.setXLink(self.whole.plot)
        self.layer.plot.setLabel("bottom", "epoch of the search")
        self.note = QLabel(_NONE, self)
        self.note.setWordWrap(True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        plots = QWidget(self)
        column = QVBoxLayout(plots)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        self._key = QLabel("▲ newly kept  ▼ newly pruned", plots)
        column.addWidget(self._key)
        for moves, stretch in ((self.whole, 4), (self.layer, 5)):
            column.addWidget(moves, stretch)
        holder = QWidget(self)
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.note)
        self._stack.addWidget(plots)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(holder)
        theme.follow(self, self._recolour)

    @property
    def flips(self) -> Flips | None:
        """What it shows."""
        return self._flips

    def set_flips(self, flips: Flips | None, why: str = "") -> None:
        """Show how the mask moved; None, or no step, shows the words `why`."""
        self._flips = flips
        self.note.setText(why or _NONE)
        self._stack.setCurrentIndex(1 if flips is not None and flips.steps else 0)
        self._draw()

    def set_layer(self, layer: str | None) -> None:
        """Show this layer below the whole network."""
        self._layer = layer
        self._draw()

    def set_cursor(self, x: float | None) -> None:
        """Mark the moment that is looked at, and say how many weights moved then."""
        self._x = x
        self._tell()

    def _tell(self) -> None:
        for moves in (self.whole, self.layer):
            moves.set_cursor(self._x)

    def _draw(self) -> None:
        if self._flips is None or not self._flips.steps:
            return
        places = [step.x for step in self._flips.steps]
        self.whole.set_moves(places, *self._flips.of(None), sum(self._flips.numels))
        numels = dict(zip(self._flips.layers, self._flips.numels, strict=True))
        if self._layer in numels:
            self.layer.set_moves(places, *self._flips.of(self._layer), numels[self._layer])
        self.layer.setVisible(self._layer in numels)
        self.whole.plot.setXRange(places[0] - 0.6, places[-1] + 0.6, padding=0)
        self._tell()

    def _recolour(self, scheme: Colours) -> None:
        for label in (self.note, self._key):
            label.setStyleSheet(f"color: {scheme.muted}")
        for moves in (self.whole, self.layer):
            moves.recolour(scheme)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As small as it may be: it takes what is left."""
        return QSize(160, 160)

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Any height does, whatever the words that may stand in place of the plots."""
        return False


class _Moves(QWidget):
    """One plot with its title."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = title
        self._moves: dict[float, list[int]] = {}
        self._numel = 0
        self.label = ElidedLabel(self)
        self.plot = pg.PlotWidget(self)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setAccessibleName(f"Newly kept and newly pruned weights: {title.lower()}")
        self.plot.getAxis("left").setWidth(52)
        for side in ("left", "bottom"):
            self.plot.getAxis(side).enableAutoSIPrefix(False)
        self.plot.getAxis("left").setStyle(maxTickLevel=0)
        self.kept = pg.BarGraphItem(x=[0], height=[0], width=_BAR)
        self.pruned = pg.BarGraphItem(x=[0], height=[0], width=_BAR)
        self.mark = pg.InfiniteLine(angle=90, movable=False)
        self.mark.setVisible(False)
        self._zero = pg.InfiniteLine(angle=0, movable=False)
        for item in (self.kept, self.pruned, self._zero, self.mark):
            self.plot.addItem(item)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.label)
        layout.addWidget(self.plot, 1)

    def set_moves(self, places: list[float], kept: list[int], pruned: list[int], numel: int) -> None:
        self._moves = {place: moved for place, *moved in zip(places, kept, pruned, strict=True)}
        self._numel = numel
        self.kept.setOpts(x=places, height=kept)
        self.pruned.setOpts(x=places, height=[-count for count in pruned])
        peak = max(1, *kept, *pruned)
        self.plot.setYRange(-peak * _HEADROOM, peak * _HEADROOM, padding=0)
        axis = self.plot.getAxis("left")
        axis.setTicks([[(0, "0"), (peak, f"+{peak:,}"), (-peak, f"−{peak:,}")], []])

    def set_cursor(self, x: float | None) -> None:
        self.mark.setVisible(x is not None)
        if x is not None:
            self.mark.setPos(x)
        moved = self._moves.get(x) if x is not None else None
        self.label.set_text(
            f"{self._title}: " + (f"+{moved[0]:,}  −{moved[1]:,}  of {self._numel:,}" if moved else f"{self._numel:,} weights"),
            "Newly kept and newly pruned weights at the moment that is looked at",
        )

    def recolour(self, scheme: Colours) -> None:
        self.plot.setBackground(scheme.surface)
        for side in ("left", "bottom"):
            self.plot.getAxis(side).setPen(scheme.grid)
            self.plot.getAxis(side).setTextPen(scheme.text)
        for bars, colour in ((self.kept, scheme.kept), (self.pruned, scheme.pruned)):
            bars.setOpts(brush=pg.mkBrush(colour), pen=pg.mkPen(None))
        self._zero.setPen(pg.mkPen(scheme.grid, width=1))
        self.mark.setPen(pg.mkPen(scheme.threshold, width=2))
