"""One layer under two masks: a map of its blocks, and its weights, one cell each."""

from PySide6.QtCore import QRect, QRectF, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from vpns_engine.overlap import BOTH, NEITHER, ONLY_A, ONLY_B, Overlap
from vpns_engine.words import printable
from vpns_gui import theme
from vpns_gui.models.overlap_table import share
from vpns_gui.take_away import offer
from vpns_gui.theme import Colours, colours
from vpns_gui.views.colour_bar import ColourBar
from vpns_gui.views.heading import heading
from vpns_gui.views.overlap_key import OverlapKey
from vpns_gui.views.picture import Picture
from vpns_gui.views.state_mosaic import StateMosaic, States
from vpns_gui.views.state_pictures import BLOCK_KINDS, BlockCounts, BlockKind, balances, block_picture, overlaps
from vpns_gui.views.words import shape_text

_POINT = "Point to read; click the map to go there; Ctrl + wheel, + or − to zoom."
_STATES = {NEITHER: "pruned by both", ONLY_A: "only A keeps it", ONLY_B: "only B keeps it", BOTH: "both keep it"}


class OverlapLayer(QWidget):
    """Displays ready counts and states."""

    states_wanted = Signal(object)
    """Channels whose states should be shown (QRect; x: input, y: output)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overlapLayer")
        self._counts: BlockCounts | None = None
        self._shape = (1, 1, 1, 1)
        self._name = "a layer"
        self.title = heading("", self)
        self.title.setObjectName("overlapLayerTitle")
        self.title.setWordWrap(True)
        self.pointer = QLabel(_POINT, self)
        self.pointer.setObjectName("overlapPointer")
        self.pointer.setWordWrap(True)
        self.kind = QComboBox(self)
        self.kind.setObjectName("overlapMapKind")
        self.kind.setAccessibleName("What the map shows")
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.setMinimumContentsLength(11)
        for key, words in BLOCK_KINDS.items():
            self.kind.addItem(words, key)
        self.kind.currentIndexChanged.connect(lambda _place: self._draw())
        self.map = Picture(self, stretch=True, least=90)
        self.map.setObjectName("overlapMap")
        self.map.setAccessibleName("Map of the layer's blocks")
        self.bar = ColourBar(self)
        self.map.placed.connect(self.bar.set_span)
        self.map.picked.connect(self._go_to)
        self.map.pointed_at.connect(self._tell_block)
        self.mosaic = StateMosaic(self)
        self.mosaic.wanted.connect(self.states_wanted)
        self.mosaic.wanted.connect(self._mark_window)
        self.mosaic.pointed_at.connect(self._tell_weight)
        self._where = QLabel(self)
        self._where.setObjectName("overlapWhere")
        self._where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._lay_out()
        offer(self.map, lambda: f"Map of {self._name}")
        offer(self.mosaic, lambda: f"Weights of {self._name} in two masks")
        theme.follow(self, self._recolour)

    def _lay_out(self) -> None:
        left = QHBoxLayout()
        left.setSpacing(6)
        left.addWidget(self.map, 1)
        left.addWidget(self.bar)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.addWidget(self.kind, 0, 0)
        grid.addWidget(self._where, 0, 1)
        grid.addLayout(left, 1, 0)
        grid.addWidget(self.mosaic, 1, 1)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        grid.setRowStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addLayout(grid, 1)
        layout.addWidget(OverlapKey(of_cells=True, parent=self))
        layout.addWidget(self.pointer)

    def set_layer(self, row: Overlap, shape: tuple[int, ...], kernels: tuple[int, int, int, int]) -> None:
        """Show another layer; its pictures come through `set_counts` and `set_states`."""
        same = kernels == self._shape
        self._shape, self._name = kernels, printable(row.name)
        text = f"{printable(row.name)}: {shape_text(shape)}, overlap {share(row.iou)}, by chance {share(row.by_chance)}"
        self.title.setText(text)
        if not same:
            self._counts = None
            self.map.set_image(None)
        self.mosaic.set_shape(kernels)

    def set_counts(self, counts: BlockCounts) -> None:
        """Show the blocks of the layer."""
        self._counts = counts
        self._draw()
        self._mark_window(self.mosaic.part)

    def set_states(self, part: QRect, states: States) -> None:
        """Show the weights of some channels."""
        self.mosaic.set_states(part, states)

    @property
    def map_kind(self) -> BlockKind:
        """What the map shows."""
        kind: BlockKind = self.kind.currentData()
        return kind

    def _draw(self) -> None:
        if self._counts is not None:
            picture, strip, labels = block_picture(self._counts, self.map_kind, colours())
            self.map.set_image(picture)
            self.bar.set_scale(strip, labels)
            self.kind.setToolTip(_block_words(self._counts, *self._shape[2:]))

    def _mark_window(self, part: QRect) -> None:
        num_out, num_in = self._shape[:2]
        whole = part.width() >= num_in and part.height() >= num_out
        if self._counts is not None:
            x, y = 1 / self._counts.in_block, 1 / self._counts.out_block
            window = QRectF(part.x() * x, part.y() * y, part.width() * x, part.height() * y)
            self.map.set_window(None if whole else window)
        out, into = (_span(first, count) for first, count in ((part.y(), part.height()), (part.x(), part.width())))
        text = "All weights, output ↓ input →" if whole else f"Output {out} ↓, input {into} →"
        self._where.setText(text)
        self._where.setToolTip(text)

    def _go_to(self, pixel: tuple[int, int]) -> None:
        if self._counts is not None:
            self.mosaic.centre_on(pixel[1] * self._counts.out_block, pixel[0] * self._counts.in_block)

    def _tell_block(self, pixel: tuple[int, int] | None) -> None:
        if pixel is None or self._counts is None:
            self.pointer.setText(_POINT)
            return
        counts, (column, row) = self._counts, pixel
        numbers = [int(part[row, column]) for part in (counts.both, counts.only_a, counts.only_b)]
        shown = overlaps(counts)[row, column] if self.map_kind == "overlap" else balances(counts)[row, column]
        words = f"overlap {share(None if shown != shown else float(shown))}" if self.map_kind == "overlap" else f"{shown:+.1%}"
        out = _span(row * counts.out_block, min(counts.out_block, self._shape[0] - row * counts.out_block))
        into = _span(column * counts.in_block, min(counts.in_block, self._shape[1] - column * counts.in_block))
        self.pointer.setText(
            f"Output {out}, input {into}: {words}; both {numbers[0]:,}, only A {numbers[1]:,}, only B {numbers[2]:,} "
            f"of {int(counts.numel[row, column]):,}"
        )

    def _tell_weight(self, found: tuple[int, int, int, int, int] | None) -> None:
        if found is None:
            self.pointer.setText(_POINT)
            return
        out, into, down, across, state = found
        place = f", row {down + 1}, column {across + 1}" if self._shape[2] * self._shape[3] > 1 else ""
        self.pointer.setText(f"Output {out + 1:,}, input {into + 1:,}{place}: {_STATES[state]}")

    def _recolour(self, scheme: Colours) -> None:
        for label in (self.pointer, self._where):
            label.setStyleSheet(f"color: {scheme.muted}")
        self._draw()


def _span(first: int, count: int) -> str:
    return f"{first + 1:,}" if count <= 1 else f"{first + 1:,} to {first + count:,}"


def _block_words(counts: BlockCounts, height: int, width: int) -> str:
    what = "kernel" if height * width > 1 else "weight"
    if counts.out_block == counts.in_block == 1:
        return f"A point of the map is one {what}"
    return f"A point of the map is {counts.out_block} × {counts.in_block} {what}s: the layer is too large for one each"
