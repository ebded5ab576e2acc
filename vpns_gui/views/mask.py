"""One mask: the whole network as bars above, and below it a table of the layers or the chosen layer in detail."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.models.layers_table import DENSITY_COLUMN, NEARLY_EMPTY, SORT_ROLE, DensityDelegate, LayerRow, LayersTable
from vpns_gui.take_away import offer
from vpns_gui.theme import Colours
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.layer_bars import LayerBars, bar_text
from vpns_gui.views.layer_panel import LayerPanel
from vpns_gui.views.mask_pictures import LayerDetail
from vpns_gui.views.picture import scrolled
from vpns_gui.views.words import density_percent

TABLE, LAYER = range(2)
_COLUMN_GAP_PX, _MARK_PX = 8, 14
_EMPTY = ("No mask yet", "The layers with what the mask keeps of each appear here after the first epoch.")
_NOT_KEPT = (
    "The masks were not kept",
    "They were removed from the run folder to save room on the disk. File > Keeping says what later runs keep.",
)
_NO_LAYER = ("No layer shown", "Choose a layer in the table or among the bars to see its mask, weights and scores.")


class MaskView(QWidget):
    """Shows what it is given; the chosen layer is asked for with a signal."""

    layer_requested = Signal(str)
    """Name of the layer a person chose, or of the first one as the table is filled."""
    page_changed = Signal(int)
    """TABLE or LAYER is seen now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mask")
        self.setAccessibleName("One mask")
        content = QWidget(self)
        self._current: str | None = None
        self._note = ""
        self._model = LayersTable(self)
        self._order = QSortFilterProxyModel(self)
        self._order.setSourceModel(self._model)
        self._order.setSortRole(SORT_ROLE)
        self.bars = LayerBars(content)
        self.bars.chosen.connect(self._choose_row)
        self.bars.opened.connect(lambda _place: self.show_page(LAYER))
        self.bars.pointed_at.connect(self._tell_bar)
        self.table = self._make_table(content)
        self.panel = LayerPanel(content)
        self._detail = NoteOrContent(EmptyNote(*_NO_LAYER, content), scrolled(self.panel, content), content)
        self._pages = QStackedWidget(content)
        self._pages.addWidget(self.table)
        self._pages.addWidget(self._detail)
        self._total = ElidedLabel(content)
        self._total.setObjectName("maskTotal")
        self._said = ElidedLabel(content)
        self._said.setObjectName("maskNote")
        self._warning = ElidedLabel(content)
        self._warning.setObjectName("maskWarning")
        self.headline = self._make_headline(content)
        self._stack = NoteOrContent(EmptyNote(*_EMPTY, self), content, self)
        self._lay_out(content)
        offer(self.bars, "Mask overview", table=lambda: self.rows_as_text)
        offer(self.panel.map, "Density map")
        offer(self.panel.mosaic, "Kernels")
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
        table.horizontalHeader().setStretchLastSection(False)  # a number far to the right of its title is hard to follow
        table.horizontalHeader().setMinimumSectionSize(30)
        table.selectionModel().currentRowChanged.connect(self._chosen)
        table.activated.connect(lambda _index: self.show_page(LAYER))
        offer(table, "Layers", table=lambda: self.rows_as_text)
        return table

    def _make_headline(self, parent: QWidget) -> QWidget:
        """Make the line above the bars: what is kept in total, and the choice of what is seen below them."""
        headline = QWidget(parent)
        row = QHBoxLayout(headline)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        font = self._total.font()
        font.setBold(True)
        self._total.setFont(font)
        row.addWidget(self._total, 1)
        self._group = QButtonGroup(headline)
        for page, (text, name, tip) in enumerate(
            (
                ("All layers", "maskTable", "A table of all layers below the bars"),
                ("One layer", "maskLayer", "The chosen layer in detail below the bars (Enter, or a double click on it)"),
            )
        ):
            button = QToolButton(headline)
            button.setText(text)
            button.setObjectName(name)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setChecked(page == TABLE)
            theme.show_checked(button)
            self._group.addButton(button, page)
            row.addWidget(button)
        self._group.idClicked.connect(self.show_page)
        return headline

    def _lay_out(self, content: QWidget) -> None:
        split = QSplitter(Qt.Orientation.Vertical, content)
        split.setObjectName("maskSplit")
        split.setChildrenCollapsible(False)
        split.addWidget(self.bars)
        split.addWidget(self._pages)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 4)
        split.setSizes([120, 300])
        self._under = QHBoxLayout()
        self._under.setSpacing(16)
        self._under.addWidget(self._said, 3)
        self._under.addWidget(self._warning, 1)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(10, 6, 10, 6)
        inner.setSpacing(4)
        inner.addWidget(self.headline)
        inner.addLayout(self._under)
        inner.addWidget(split, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def set_not_kept(self, gone: bool) -> None:
        """Say that the run had masks, and that their files were removed; or that there are none yet."""
        self._stack.note.set_text(*(_NOT_KEPT if gone else _EMPTY))
        if gone:
            self.set_layers(())

    def set_layers(self, rows: Sequence[LayerRow]) -> None:
        """Show the layers. The chosen one stays chosen; where there is none, the first is asked for."""
        before, same = self.layer, [row.title for row in rows] == [row.title for row in self._model.rows]
        self._model.set_rows(rows)
        self.bars.set_rows(rows)
        self._stack.show_content(bool(rows))
        self.headline.setVisible(bool(rows))
        self._sum_up(rows)
        if not rows:
            self._current = None
            self.set_layer(None)
            return
        if not same:
            self._fit_columns()
        if before is None or before not in {row.name for row in rows}:
            self.select_layer(rows[0].name)
        elif not same:
            self.select_layer(before)

    def select_layer(self, name: str) -> None:
        """Choose a layer, as a person would; `layer_requested` follows."""
        place = next((number for number, row in enumerate(self._model.rows) if row.name == name), None)
        if place is not None:
            self._choose_row(place)

    def show_page(self, page: int) -> None:
        """Show the table of all layers, or the chosen layer in detail."""
        self._group.button(page).setChecked(True)
        if page != self._pages.currentIndex():
            self._pages.setCurrentIndex(page)
            self.page_changed.emit(page)

    def set_layer(self, detail: LayerDetail | None, note: str = "") -> None:
        """Show a layer in detail; None shows `note` instead, or the advice to choose one."""
        if detail is not None:
            self.panel.set_detail(detail)
        else:
            self.panel.clear()
            self._detail.note.set_text(_NO_LAYER[0], note or _NO_LAYER[1])
        self._detail.show_content(detail is not None)

    @property
    def page(self) -> int:
        """TABLE or LAYER."""
        return self._pages.currentIndex()

    @property
    def layer(self) -> str | None:
        """Name of the chosen layer."""
        return self._current

    @property
    def rows(self) -> tuple[LayerRow, ...]:
        """What it shows."""
        return self._model.rows

    @property
    def rows_as_text(self) -> tuple[list[str], list[list[str]]]:
        """The table for a file: numbers as they are, in the network's order."""
        return self._model.as_text()

    def _choose_row(self, place: int) -> None:
        index = self._order.mapFromSource(self._model.index(place, 0))
        self.table.setCurrentIndex(index)
        self.table.scrollTo(index)

    def _chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        if not now.isValid():
            return
        place = self._order.mapToSource(now).row()
        self._current = self._model.rows[place].name
        self.bars.set_current(place)
        self.layer_requested.emit(self._current)

    def _tell_bar(self, place: int | None) -> None:
        self._say(self._note if place is None else bar_text(self._model.rows[place]))

    def _say(self, text: str) -> None:
        self._said.set_text(text, text)

    def _sum_up(self, rows: Sequence[LayerRow]) -> None:
        text = f"{_kept_text(rows)} in {len({row.name for row in rows})} layers"
        self._total.set_text(text, text)
        apart = next((row for row in rows if row.unused), None)
        self._note = "A bar is a layer: its height is the share of its weights that the mask keeps."
        if apart is not None:
            used = [row for row in rows if not row.unused]
            self._note = f"Without the {apart.shape[0]:,} rows of {apart.name} that no target class uses: {_kept_text(used)}"
        self._say(self._note)
        low, under = [row.title for row in rows if row.nearly_empty], f"nder {NEARLY_EMPTY * 100:g} % left in"
        where = low[0] if len(low) == 1 else f"{len(low)} layers"
        self._warning.set_text(f"! U{under} {where}" if low else "", f"U{under} {', '.join(low)}" if low else "")
        self._warning.setVisible(bool(low))

    def _fit_columns(self) -> None:
        for column in range(self._model.columnCount()):
            # the header's own hint keeps room for the mark of the sorted column in each of them
            title = self.table.fontMetrics().horizontalAdvance(self._model.headerData(column, Qt.Orientation.Horizontal))
            width = max(self.table.sizeHintForColumn(column), title + 8)
            self.table.setColumnWidth(column, width + (_MARK_PX if column == 0 else _COLUMN_GAP_PX))

    def _recolour(self, scheme: Colours) -> None:
        self._warning.setStyleSheet(f"color: {scheme.danger}")
        self._said.setStyleSheet(f"color: {scheme.muted}")
        self.table.viewport().update()


def _kept_text(rows: Sequence[LayerRow]) -> str:
    kept, total = sum(row.kept for row in rows), sum(row.numel for row in rows)
    share = density_percent(kept / total) if total else "–"
    return f"{kept:,} of {total:,} weights kept ({share})"
