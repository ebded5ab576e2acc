"""The masks: a table of the layers, and the chosen layer in detail; one epoch at a time."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QSplitter, QTableView, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.models.layers_table import DENSITY_COLUMN, NEARLY_EMPTY, SORT_ROLE, DensityDelegate, LayerRow, LayersTable
from vpns_gui.theme import Colours
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.epoch_slider import EpochSlider
from vpns_gui.views.layer_panel import LayerPanel
from vpns_gui.views.mask_pictures import LayerDetail
from vpns_gui.views.picture import scrolled
from vpns_gui.views.words import density_percent

_LEAST_TABLE_PX = 200
_COLUMN_GAP_PX, _MARK_PX = 8, 14
_EMPTY = ("No mask yet", "The layers with what the mask keeps of each appear here after the first epoch.")
_NOT_KEPT = (
    "The masks were not kept",
    "They were removed from the run folder to save room on the disk. File > Keeping says what later runs keep.",
)
_NO_LAYER = ("No layer shown", "Choose a layer in the table to see its mask, weights and scores.")


class _Split(QSplitter):
    resized = Signal()

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Tell that there is another width to share out."""
        super().resizeEvent(resized)
        self.resized.emit()


class MaskView(QWidget):
    """Shows what it is given; which layer and which epoch that is, is asked for with signals."""

    layer_requested = Signal(str)
    """Name of the layer a person chose, or of the first one as the table is filled."""
    masks_requested = Signal(int)
    """Index of the label whose masks should be shown: chosen with the slider, or the newest one while following."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mask")
        self.setAccessibleName("Masks")
        content = QWidget(self)
        self._split_by_hand = False
        self._model = LayersTable(self)
        self._order = QSortFilterProxyModel(self)
        self._order.setSourceModel(self._model)
        self._order.setSortRole(SORT_ROLE)
        self._table = self._make_table(content)
        self._total = QLabel(content)
        self._total.setObjectName("maskTotal")
        self._warning = QLabel(content)
        self._warning.setObjectName("maskWarning")
        self._warning.setWordWrap(True)
        self._panel = LayerPanel(content)
        self._detail = NoteOrContent(EmptyNote(*_NO_LAYER, content), scrolled(self._panel, content), content)
        self._slider = EpochSlider("maskEpoch", content)
        self._slider.requested.connect(self.masks_requested)
        self._stack = NoteOrContent(EmptyNote(*_EMPTY, self), content, self)
        self._lay_out(content)
        theme.follow(self, self._recolour)

    def _make_table(self, parent: QWidget) -> QTableView:
        table = QTableView(parent)
        table.setObjectName("layers")
        table.setAccessibleName("Layers")
        table.setModel(self._order)
        table.setItemDelegateForColumn(DENSITY_COLUMN, DensityDelegate(table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setMinimumSectionSize(30)
        table.selectionModel().currentRowChanged.connect(self._chosen)
        return table

    def _lay_out(self, content: QWidget) -> None:
        left = QWidget(content)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(6)
        for widget in (self._total, self._warning):
            column.addWidget(widget)
        column.addWidget(self._table, 1)
        self._total.setWordWrap(True)
        font = self._total.font()
        font.setBold(True)
        self._total.setFont(font)
        left.setMinimumWidth(_LEAST_TABLE_PX)
        split = self._split = _Split(Qt.Orientation.Horizontal, content)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(self._detail)
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        split.splitterMoved.connect(self._take_split)
        split.resized.connect(self._share_width)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(10, 10, 10, 8)
        inner.setSpacing(8)
        inner.addWidget(split, 1)
        inner.addWidget(self._slider)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def set_masks(self, labels: Sequence[str]) -> None:
        """Offer the epochs with masks, such as `Search 12 / 30`; may ask for one of them at once."""
        self._slider.set_labels(labels)
        self._slider.setVisible(bool(labels))

    def set_not_kept(self, gone: bool) -> None:
        """Say that the run had masks, and that their files were removed; or that there are none yet."""
        self._stack.note.set_text(*(_NOT_KEPT if gone else _EMPTY))
        if gone:
            self.set_layers(())

    def set_layers(self, rows: Sequence[LayerRow]) -> None:
        """Show the layers. The chosen one stays chosen; where there is none, the first is asked for."""
        before = self.layer
        self._model.set_rows(rows)
        self._stack.show_content(bool(rows))
        self._sum_up(rows)
        if not rows:
            self.set_layer(None)
        elif before is None or before not in {row.name for row in rows}:
            self._fit_columns()
            self.select_layer(rows[0].name)
        elif self.layer is None:
            self.select_layer(before)

    def select_layer(self, name: str) -> None:
        """Choose a layer, as a person would; `layer_requested` follows."""
        for number, row in enumerate(self._model.rows):
            if row.name == name:
                index = self._order.mapFromSource(self._model.index(number, 0))
                self._table.setCurrentIndex(index)
                self._table.scrollTo(index)

    def set_layer(self, detail: LayerDetail | None, note: str = "") -> None:
        """Show a layer in detail; None shows `note` instead, or the advice to choose one."""
        if detail is not None:
            self._panel.set_detail(detail)
        else:
            self._detail.note.set_text(_NO_LAYER[0], note or _NO_LAYER[1])
        self._detail.show_content(detail is not None)

    @property
    def layer(self) -> str | None:
        """Name of the chosen layer."""
        index = self._table.currentIndex()
        return self._model.rows[self._order.mapToSource(index).row()].name if index.isValid() else None

    @property
    def index(self) -> int | None:
        """The label chosen with the slider; None while there is none."""
        return self._slider.index

    def _chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        if now.isValid():
            self.layer_requested.emit(self._model.rows[self._order.mapToSource(now).row()].name)

    def _sum_up(self, rows: Sequence[LayerRow]) -> None:
        kept, total = sum(row.kept for row in rows), sum(row.numel for row in rows)
        share = density_percent(kept / total) if total else "–"
        self._total.setText(f"All {len(rows)} layers: {kept:,} of {total:,} weights kept ({share})")
        low = [row.name for row in rows if row.nearly_empty]
        names = ", ".join(low[:3]) + (f" and {len(low) - 3} more" if len(low) > 3 else "")
        self._warning.setText(f"! Under {NEARLY_EMPTY:.0%} left in {names}".replace("1%", "1 %"))
        self._warning.setVisible(bool(low))

    def _fit_columns(self) -> None:
        for column in range(self._model.columnCount()):
            # the header's own hint keeps room for the mark of the sorted column in each of them
            title = self._table.fontMetrics().horizontalAdvance(self._model.headerData(column, Qt.Orientation.Horizontal))
            width = max(self._table.sizeHintForColumn(column), title + 8)
            self._table.setColumnWidth(column, width + (_MARK_PX if column == 0 else _COLUMN_GAP_PX))
        self._share_width()

    def _share_width(self) -> None:
        """Give the table the width of its columns, as long as the pictures keep enough and nobody chose otherwise."""
        if self._split_by_hand or not self._model.rows:
            return
        bar = self._table.verticalScrollBar().sizeHint().width()
        columns = sum(self._table.columnWidth(column) for column in range(self._model.columnCount() - 1))
        # the last column is stretched over what is left: its own width is asked for
        last = self._table.sizeHintForColumn(self._model.columnCount() - 1) + _COLUMN_GAP_PX
        wanted = columns + last + bar + 2 * self._table.frameWidth() + 8
        room = self._split.width() - self._split.handleWidth()
        table = max(_LEAST_TABLE_PX, min(wanted, room - self._panel.minimumSizeHint().width() - bar))
        self._split.setSizes([table, max(1, room - table)])

    def _take_split(self) -> None:
        self._split_by_hand = True

    def _recolour(self, scheme: Colours) -> None:
        self._warning.setStyleSheet(f"color: {scheme.danger}")
        self._table.viewport().update()
