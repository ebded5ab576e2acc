"""The library: all runs of the folder in a table, what of them is shown, and what can be done with those that are chosen."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QSignalBlocker,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from vpns_gui.models.runs_table import Head, Order, RunLine, RunsTable
from vpns_gui.take_away import offer
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.run_marks import RunMarks

FILTER_PAUSE_MS = 150
_NO_FIT = ("No run fits the filter", "Take words away from it, or choose all states and all tags.")
Choices = Sequence[tuple[str, str]]
"""What can be chosen: (value, what a person reads)."""
_ACTIONS = (
    ("open", "&Open", "Return", "Show the run in the other tabs"),
    ("resume", "Res&ume", "", "Go on where the run was interrupted or stopped"),
    ("use_settings", "Use se&ttings", "", "Put the run's settings in the form on the left"),
    ("reveal", "Show &folder", "", "Open the run's folder in the file manager"),
    ("clear", "&Clear …", "", "Remove checkpoints, or prompts and masks of single epochs, and keep the run"),
    ("remove", "&Remove …", "Delete", "Remove the runs with their folders"),
)


class LibraryView(QWidget):
    """A filter, a table, the tags and the note of what is chosen."""

    filter_changed = Signal(object)
    """Other runs are wanted: (text, state, tag), each empty for any."""
    order_requested = Signal(object)
    """Another order is wanted (Order)."""
    chosen_changed = Signal(object)
    """Other runs are chosen (tuple of folders)."""
    act_requested = Signal(object)
    """Something is to be done with the chosen runs: its name (see `_ACTIONS`)."""
    columns_changed = Signal(object)
    """Columns are wider, narrower or in another order (QByteArray, for `restore_columns`)."""
    save_requested = Signal(bool)
    """The table is wanted as a file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("library")
        self.setAccessibleName("Library of runs")
        self._chosen: tuple[Path, ...] = ()
        self._possible: frozenset[str] = frozenset()
        self._filling = False
        self.model = RunsTable(self)
        content = QWidget(self)
        self._filter = QLineEdit(content)
        self._states, self._tags = QComboBox(content), QComboBox(content)
        self._count = QLabel(content)
        self._save = QPushButton("Save &table …", content)
        self._table = QTableView(content)
        self.marks = RunMarks(content)
        self._pause = QTimer(self, singleShot=True, interval=FILTER_PAUSE_MS)
        self._widths = QTimer(self, singleShot=True, interval=FILTER_PAUSE_MS)
        self._nothing = NoteOrContent(EmptyNote(*_NO_FIT, self), self._table, content)
        self._stack = NoteOrContent(EmptyNote("Looking for runs …", "", self), content, self)
        self._actions = {name: self._action(name, text, key, tip) for name, text, key, tip in _ACTIONS}
        self._prepare_filter()
        self._prepare_table()
        self._lay_out(content)
        self.set_possible(())

    def _action(self, name: str, text: str, key: str, tip: str) -> QAction:
        action = QAction(text, self._table)
        action.setObjectName(f"library_{name}")
        action.setToolTip(tip + (f" ({key})" if key else ""))
        if key:
            action.setShortcuts([QKeySequence(key), QKeySequence("Enter")] if key == "Return" else [QKeySequence(key)])
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda _checked=False: self.act_requested.emit(name))
        self._table.addAction(action)
        return action

    def _prepare_filter(self) -> None:
        self._filter.setObjectName("libraryFilter")
        self._filter.setAccessibleName("Filter")
        self._filter.setPlaceholderText("Filter: words that must be found, for example resnet-18 omp 95 %")
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._pause.start)
        self._filter.returnPressed.connect(self._say_filter)
        self._filter.installEventFilter(self)
        self._pause.timeout.connect(self._say_filter)
        for box, name, what in ((self._states, "libraryStates", "State"), (self._tags, "libraryTags", "Tag")):
            box.setObjectName(name)
            box.setAccessibleName(what)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.currentIndexChanged.connect(self._say_filter)
        self._count.setObjectName("libraryCount")
        self._save.setObjectName("saveLibrary")
        self._save.setToolTip("Write the table as it is shown, as CSV, PNG or SVG")
        self._save.clicked.connect(self.save_requested)

    def _prepare_table(self) -> None:
        table = self._table
        table.setObjectName("libraryTable")
        table.setAccessibleName("Runs")
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setTabKeyNavigation(False)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        offer(table, "Runs")
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setSortIndicatorClearable(False)
        header.sectionResized.connect(self._widths.start)
        header.sectionMoved.connect(self._widths.start)
        self._widths.timeout.connect(lambda: self.columns_changed.emit(header.saveState()))
        self.model.order_requested.connect(self.order_requested)
        table.doubleClicked.connect(lambda _index: self._do("open"))
        table.selectionModel().selectionChanged.connect(self._choose)

    def _lay_out(self, content: QWidget) -> None:
        top, below = QHBoxLayout(), QVBoxLayout()
        for widget, share in ((self._filter, 1), (self._states, 0), (self._tags, 0), (self._save, 0)):
            top.addWidget(widget, share)
        buttons = QHBoxLayout()
        buttons.addWidget(self._count)
        buttons.addStretch(1)
        for name, action in self._actions.items():
            buttons.addWidget(self._button(name, action, content))
        below.addLayout(buttons)
        below.addWidget(self.marks)
        below.setSpacing(8)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(10, 10, 10, 8)
        inner.setSpacing(8)
        inner.addLayout(top)
        inner.addWidget(self._nothing, 1)
        inner.addLayout(below)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self.setTabOrder(self._save, self._table)

    def _button(self, name: str, action: QAction, parent: QWidget) -> QPushButton:
        button = QPushButton(action.text().replace("&", ""), parent)  # the menu bar has most of the letters
        button.setObjectName(f"{action.objectName()}_button")
        button.setToolTip(action.toolTip())
        button.clicked.connect(lambda _checked=False: self._do(name))
        action.enabledChanged.connect(button.setEnabled)
        return button

    def set_columns(self, heads: Sequence[Head], widths: Sequence[int], toned: int) -> None:
        """Set the columns with their widths in letters, and which of them takes a line's tone."""
        self.model.set_heads(heads, toned)
        letter = self._table.fontMetrics().averageCharWidth()
        for column, width in enumerate(widths):
            self._table.horizontalHeader().resizeSection(column, width * letter + 16)

    def restore_columns(self, state: QByteArray) -> None:
        """Put the columns as they were; what sorts the table is set after this."""
        self._table.horizontalHeader().restoreState(state)

    def set_choices(self, states: Choices, tags: Choices) -> None:
        """Offer states and tags to filter by; what is chosen stays where it is still offered."""
        for box, choices in ((self._states, states), (self._tags, tags)):
            chosen = box.currentData()
            if [(box.itemData(place), box.itemText(place)) for place in range(box.count())] == list(choices):
                continue
            with QSignalBlocker(box):
                box.clear()
                for value, text in choices:
                    box.addItem(text, value)
                box.setCurrentIndex(max(0, box.findData(chosen)))
            if box.currentData() != chosen and chosen is not None:
                self._say_filter()

    def set_lines(self, lines: Sequence[RunLine]) -> None:
        """Show runs in this order; those that were chosen stay so."""
        same = self.model.is_same_runs(lines)
        chosen, current = set(self._chosen), self._current
        place = self._table.verticalScrollBar().value()
        self._filling = True  # a reset lets go of what was chosen, which nobody asked for
        self.model.set_lines(lines)
        if not same:
            self._select(chosen, current)
            self._table.verticalScrollBar().setValue(place)
        self._filling = False
        self._choose()
        self._nothing.show_content(bool(lines))
        self._stack.show_content(True)

    def set_nothing(self, title: str, text: str) -> None:
        """Show that there are no runs, and which ones would be seen here."""
        self._stack.note.set_text(title, text)
        self._stack.show_content(False)

    def set_count(self, text: str) -> None:
        """Say how many runs are shown, and how far looking for them is."""
        self._count.setText(text)

    def set_order(self, order: Order) -> None:
        """Show what is sorted by."""
        direction = Qt.SortOrder.DescendingOrder if order.falling else Qt.SortOrder.AscendingOrder
        with QSignalBlocker(self.model):
            self._table.horizontalHeader().setSortIndicator(order.column, direction)
            self._table.setSortingEnabled(True)

    def set_possible(self, names: Sequence[str]) -> None:
        """Tell what can be done with the chosen runs."""
        self._possible = frozenset(names)
        for name, action in self._actions.items():
            action.setEnabled(name in self._possible)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return self._stack.is_empty

    def _do(self, name: str) -> None:
        if name in self._possible:
            self.act_requested.emit(name)

    def _say_filter(self) -> None:
        self._pause.stop()
        self.filter_changed.emit((self._filter.text(), self._states.currentData() or "", self._tags.currentData() or ""))

    @property
    def _current(self) -> Path | None:
        index = self._table.currentIndex()
        return self.model.lines[index.row()].folder if index.isValid() else None

    def _select(self, folders: set[Path], current: Path | None) -> None:
        """Choose runs again after the table was filled anew."""
        lines, last = self.model.lines, self.model.columnCount() - 1
        found, begin = QItemSelection(), -1
        for row in range(len(lines) + 1):
            inside = row < len(lines) and lines[row].folder in folders
            if inside and begin < 0:
                begin = row
            elif not inside and begin >= 0:
                found.select(self.model.index(begin, 0), self.model.index(row - 1, last))
                begin = -1
        selection = self._table.selectionModel()
        row = next((row for row, line in enumerate(lines) if line.folder == current), -1)
        if row >= 0:
            selection.setCurrentIndex(self.model.index(row, 0), QItemSelectionModel.SelectionFlag.NoUpdate)
        selection.select(found, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _choose(self, *_ranges: QItemSelection | QModelIndex) -> None:
        if self._filling:
            return
        selected = self._table.selectionModel().selection()
        # not `selectedRows`: it asks the model for every cell
        rows = sorted({row for part in selected.toList() for row in range(part.top(), part.bottom() + 1)})
        chosen = tuple(self.model.lines[row].folder for row in rows)
        if set(chosen) != set(self._chosen):
            self._chosen = chosen
            self.chosen_changed.emit(chosen)

    def eventFilter(self, watched: QObject, happened: QEvent) -> bool:  # noqa: N802
        """Go from the filter down into the table with the arrow key."""
        if watched is self._filter and isinstance(happened, QKeyEvent) and happened.type() == QEvent.Type.KeyPress:
            if happened.key() == Qt.Key.Key_Down:
                self._table.setFocus()
                if not self._chosen and self.model.lines:
                    self._table.selectRow(0)
                return True
            if happened.key() == Qt.Key.Key_Escape and self._filter.text():
                self._filter.clear()
                return True
        return super().eventFilter(watched, happened)
