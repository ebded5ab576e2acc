"""Two masks compared: what they have in common in each layer, and by chance; and the picture of what only one keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from vpns_engine.overlap import FORMULA, Overlap
from vpns_gui import theme
from vpns_gui.models.overlap_table import SORT_ROLE, OverlapTable, ratio_text, share
from vpns_gui.terms import TERM
from vpns_gui.theme import Colours
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.moment_picker import MomentPicker
from vpns_gui.views.overlap_bars import OverlapBars
from vpns_gui.views.overlap_key import OverlapKey
from vpns_gui.views.overlap_layer import OverlapLayer
from vpns_gui.views.picture import scrolled

_EMPTY = (
    "Two masks, side by side",
    "Choose a run, a sparsity and an epoch for A and for B above: two epochs, two sparsities, two methods or two seeds of one "
    "network. What they have in common appears here, with what chance would give beside it.",
)
_HEIGHTS = {"either": "Of what A or B keeps", "all": "Of all weights"}
_COLUMN_GAP_PX = 10


@dataclass(frozen=True)
class OverlapSight:
    """A comparison, ready to be shown."""

    layers: tuple[Overlap, ...]
    total: Overlap
    total_used: Overlap | None = None
    """Without the classifier's rows that no target class uses."""
    num_unused: int = 0
    """How many rows that are."""
    notes: tuple[str, ...] = ()


class MaskCompareView(QWidget):
    """Shows what it is given; which layer and which weights that is, is asked for with signals."""

    layer_requested = Signal(str)
    """Name of the layer a person chose, or of the first one as the table is filled."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("maskCompare")
        self.setAccessibleName("Comparison of two masks")
        self.a = MomentPicker("maskA", "A", self, follows="What the window shows (follows the slider below)")
        self.b = MomentPicker("maskB", "B", self)
        content = QWidget(self)
        self._model = OverlapTable(self)
        self._order = QSortFilterProxyModel(self)
        self._order.setSourceModel(self._model)
        self._order.setSortRole(SORT_ROLE)
        self.table = self._make_table(content)
        self.bars = OverlapBars(content)
        self.bars.picked.connect(self.select_layer)
        self._height = self._make_height(content)
        self.layer_view = OverlapLayer(content)
        self._total, self._used = (_line(name, content) for name in ("overlapTotal", "overlapUsed"))
        self._note = _line("overlapNote", content)
        self._stack = NoteOrContent(EmptyNote(*_EMPTY, self), scrolled(content, self), self)
        self._lay_out(content)
        for label in (self._total, self._used):
            label.setProperty(TERM, "overlap by chance")
        self.table.setProperty(TERM, "intersection over union")
        theme.follow(self, self._recolour)

    def _make_table(self, parent: QWidget) -> QTableView:
        table = QTableView(parent)
        table.setObjectName("overlapTable")
        table.setAccessibleName("Overlap by layer")
        table.setModel(self._order)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setMinimumSectionSize(28)
        table.selectionModel().currentRowChanged.connect(self._chosen)
        return table

    def _make_height(self, parent: QWidget) -> QComboBox:
        box = QComboBox(parent)
        box.setObjectName("overlapHeight")
        box.setAccessibleName("What the height of a bar is a share of")
        for key, words in _HEIGHTS.items():
            box.addItem(words, key)
        box.setToolTip("Of the weights that A or B keeps: the dark part is the overlap (IoU)")
        box.currentIndexChanged.connect(lambda _place: self._set_of_all(box.currentData() == "all"))
        return box

    def _set_of_all(self, of_all: bool) -> None:
        self.bars.set_of_all(of_all)
        self._key.set_of_all(of_all)

    def _make_left(self, content: QWidget) -> QSplitter:
        """Put the bars of all layers above their table."""
        scroll = QScrollArea(content)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.bars)
        scroll.setMinimumHeight(self.bars.minimumSizeHint().height() + scroll.horizontalScrollBar().sizeHint().height() // 2)
        self._scroll = scroll
        upper = QWidget(content)
        top = QVBoxLayout(upper)
        top.setContentsMargins(0, 0, 6, 0)
        top.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(self._height)
        head.addStretch(1)
        self._key = OverlapKey(of_cells=False, parent=content)
        head.addWidget(self._key)
        top.addLayout(head)
        top.addWidget(scroll, 1)
        left = QSplitter(Qt.Orientation.Vertical, content)
        left.setObjectName("overlapLeft")
        left.setChildrenCollapsible(False)
        left.addWidget(upper)
        left.addWidget(self.table)
        left.setStretchFactor(0, 2)
        left.setStretchFactor(1, 3)
        return left

    def _lay_out(self, content: QWidget) -> None:
        split = QSplitter(Qt.Orientation.Horizontal, content)
        split.setObjectName("overlapSplit")
        split.setChildrenCollapsible(False)
        split.addWidget(self._make_left(content))
        split.addWidget(self.layer_view)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([480, 440])
        # what it would like to have is no reason to scroll, only what it needs is
        split.setMinimumHeight(split.minimumSizeHint().height())
        split.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(4)
        for label in (self._total, self._used, self._note):
            inner.addWidget(label)
        inner.addWidget(split, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.setSpacing(4)
        layout.addWidget(self.a)
        layout.addWidget(self.b)
        layout.addWidget(self._stack, 1)

    def set_comparison(self, sight: OverlapSight | None, why: str = "") -> None:
        """Show a comparison; None says `why` there is none, or what to do."""
        if sight is None:
            self._model.set_rows(())
            self.bars.set_rows(())
            self._stack.note.set_text("These masks cannot be compared" if why else _EMPTY[0], why or _EMPTY[1])
            self._stack.show_content(False)
            return
        before = self.layer
        self._sum_up(sight)
        fresh = [row.name for row in self._model.rows] != [layer.name for layer in sight.layers]
        self._model.set_rows(sight.layers)
        self.bars.set_rows(sight.layers)
        self._stack.show_content(True)
        if fresh:
            self.table.resizeColumnsToContents()
            for column in range(self._model.columnCount()):
                self.table.setColumnWidth(column, self.table.columnWidth(column) + _COLUMN_GAP_PX)
        if before is None or before not in {layer.name for layer in sight.layers}:
            self.select_layer(sight.layers[0].name)
        elif self.layer is None:
            self.select_layer(before)
        else:
            self.layer_requested.emit(before)

    def select_layer(self, name: str) -> None:
        """Choose a layer, as a person would; `layer_requested` follows."""
        for number, row in enumerate(self._model.rows):
            if row.name == name:
                index = self._order.mapFromSource(self._model.index(number, 0))
                self.table.setCurrentIndex(index)
                self.table.scrollTo(index)

    @property
    def layer(self) -> str | None:
        """Name of the chosen layer."""
        index = self.table.currentIndex()
        return self._model.rows[self._order.mapToSource(index).row()].name if index.isValid() else None

    @property
    def is_empty(self) -> bool:
        """Tell whether there is no comparison."""
        return self._stack.is_empty

    @property
    def note(self) -> str:
        """What stands there instead of one."""
        return self._stack.note.text

    def _chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        if now.isValid():
            number = self._order.mapToSource(now).row()
            name = self._model.rows[number].name
            self.bars.choose(name)
            place = self.bars.place_of(number)
            self._scroll.ensureVisible(place.center().x(), 0, place.width(), 0)
            self.layer_requested.emit(name)

    def _sum_up(self, sight: OverlapSight) -> None:
        self._total.setText(f"<b>{_overlap_words('Overlap (IoU)', sight.total)}</b> {_count_words(sight.total)}")
        self._total.setToolTip(_chance_words(sight.total))
        used = sight.total_used
        rows = f"Without the {sight.num_unused:,} classifier rows that no target class uses:"
        self._used.setText("" if used is None else _overlap_words(rows, used))
        self._used.setToolTip("" if used is None else f"{_count_words(used)} {_chance_words(used)}")
        self._used.setVisible(used is not None)
        self._note.setText("\n".join(sight.notes))
        self._note.setVisible(bool(sight.notes))

    def _recolour(self, scheme: Colours) -> None:
        self._used.setStyleSheet(f"color: {scheme.muted}")
        self._note.setStyleSheet(f"color: {scheme.warning}")
        self.bars.update()


def rows_shown(table: QTableView) -> Sequence[str]:
    """Name the layers in the order in which the table has them."""
    model = table.model()
    return [str(model.index(row, 1).data()) for row in range(model.rowCount())] if model is not None else []


def _overlap_words(what: str, found: Overlap) -> str:
    if found.iou is None:
        return f"{what}: neither mask keeps any weight."
    ratio = "" if found.beyond_chance is None else f", {ratio_text(found.beyond_chance)} times as much"
    return f"{what} {share(found.iou)}; by chance {share(found.by_chance)}{ratio}."


def _count_words(found: Overlap) -> str:
    return (
        f"Both keep {found.both:,}, only A {found.only_a:,}, only B {found.only_b:,}, neither {found.neither:,} "
        f"of {found.numel:,}."
    )


def _chance_words(found: Overlap) -> str:
    if found.chance_range is None:
        return ""
    low, high = found.chance_range
    return (
        f"By chance: two masks of these densities, each layer's weights kept independently of each other. {FORMULA}: "
        "a ratio of expectations, of all layers added up. "
        f"In 19 of 20 cases {low:.4f} to {high:.4f}; at most {found.most or 0:.4f}."
    )


def _line(name: str, parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
