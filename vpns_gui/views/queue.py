"""The queue: its runs in their order, and what can be done with them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QSizePolicy,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vpns_gui.elided_label import ElidedLabel
from vpns_gui.models.queue_table import QueueRow, QueueTable
from vpns_gui.take_away import offer
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent

_NAME_COLUMN, _WHAT_COLUMN = 1, 2
_EMPTY = (
    "Nothing waits",
    "Add to queue, beside Start, puts the settings of the form here; Sweep puts every combination of several values. "
    "The runs begin when you start the queue.",
)


@dataclass(frozen=True)
class Allowed:
    """What can be done now: with the queue, and with the chosen runs."""

    start: bool = False
    hold: bool = False
    open: bool = False
    resume: bool = False
    stop: bool = False
    edit: bool = False
    duplicate: bool = False
    remove: bool = False
    up: bool = False
    down: bool = False
    clear: bool = False


class QueueView(QWidget):
    """Takes rows, gives wishes. Each wish carries the keys of the chosen runs."""

    start_requested = Signal()
    hold_requested = Signal()
    clear_requested = Signal()
    """Those that are over are to leave the list."""
    open_requested = Signal(object)
    resume_requested = Signal(object)
    stop_requested = Signal(object)
    edit_requested = Signal(object)
    duplicate_requested = Signal(object)
    remove_requested = Signal(object)
    up_requested = Signal(object)
    down_requested = Signal(object)
    moved = Signal(object)
    """(keys, row): dragged to before that row."""
    chosen_changed = Signal(object)
    """The keys of the chosen runs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queueView")
        self._going = False
        self._model = QueueTable(self)
        self._model.moved.connect(self.moved)
        self._table = self._make_table()
        self._go = QPushButton("Start queue", self)
        self._go.setObjectName("queueGo")
        self._go.clicked.connect(self._toggle)
        tip = "Take what is over, in whatever way, out of the list; run folders stay"
        self._clear = self._button("Clear ended", "queueClear", tip)
        self._clear.clicked.connect(self.clear_requested)
        self._words = ElidedLabel(self)
        self._words.setObjectName("queueWords")
        self._words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._actions = self._make_actions()
        note = EmptyNote(*_EMPTY, self)
        self._stack = NoteOrContent(note, self._table, self)
        self._lay_out()
        self.set_allowed(Allowed())

    def set_rows(self, rows: Sequence[QueueRow], words: str) -> None:
        """Show the queue; those that were chosen stay so. `words` sum it up."""
        chosen = self.chosen
        current = self._table.currentIndex().row()
        if self._model.set_rows(rows):
            self._choose(chosen, current)
        self._table.setColumnHidden(_NAME_COLUMN, not any(row.name for row in rows))
        self._stack.show_content(bool(rows))
        self._words.set_text(words, words)

    def set_going(self, going: bool) -> None:
        """Tell whether the queue was started."""
        self._going = going
        self._go.setText("Hold" if going else "Start queue")
        tip = "Let no further run of the queue begin; what is at work goes on" if going else "Begin the runs in their order"
        self._go.setToolTip(f"<p>{tip}.</p>")

    def set_allowed(self, allowed: Allowed) -> None:
        """Switch on what can be done."""
        self._go.setEnabled(allowed.hold if self._going else allowed.start)
        self._clear.setEnabled(allowed.clear)
        for name, action in self._actions.items():
            action.setEnabled(getattr(allowed, name))

    def set_can_move(self, possible: bool) -> None:
        """Tell whether rows can be dragged."""
        self._model.can_move = possible
        self._table.setDragEnabled(possible)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The keys of the chosen runs, in their order."""
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        return tuple(self._model.rows[row].key for row in rows)

    @property
    def rows(self) -> tuple[QueueRow, ...]:
        """What is shown."""
        return self._model.rows

    def choose(self, keys: Sequence[str]) -> None:
        """Choose runs."""
        self._choose(keys, -1)

    def _choose(self, keys: Sequence[str], otherwise: int) -> None:
        """Choose runs by key; where none of them is there any more, the row that now stands where they were."""
        selection, model = QItemSelection(), self._table.selectionModel()
        found = [number for number, row in enumerate(self._model.rows) if row.key in keys]
        if not found and keys and self._model.rows and otherwise >= 0:
            found = [min(otherwise, len(self._model.rows) - 1)]
        for row in found:
            selection.select(self._model.index(row, 0), self._model.index(row, self._model.columnCount() - 1))
        flags = QItemSelectionModel.SelectionFlag
        if found:
            model.setCurrentIndex(self._model.index(found[0], 0), flags.NoUpdate)
        model.select(selection, flags.ClearAndSelect)
        self.chosen_changed.emit(self.chosen)

    def _toggle(self) -> None:
        (self.hold_requested if self._going else self.start_requested).emit()

    def _make_table(self) -> QTableView:
        table = QTableView(self)
        table.setObjectName("queue")
        table.setAccessibleName("Queue")
        table.setModel(self._model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        table.setDefaultDropAction(Qt.DropAction.MoveAction)
        table.setDragDropOverwriteMode(False)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_WHAT_COLUMN, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setMaximumSectionSize(260)
        table.doubleClicked.connect(self._open)
        table.selectionModel().selectionChanged.connect(lambda: self.chosen_changed.emit(self.chosen))
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        offer(table, "Queue")
        table.customContextMenuRequested.connect(self._show_menu)
        return table

    def _make_actions(self) -> dict[str, QAction]:
        """Make what can be done with the chosen runs; the keys work while the table has the focus."""
        found: dict[str, QAction] = {}
        for name, text, key, tip, wish in (
            ("open", "&Open", "Return", "Show the run in the views", self.open_requested),
            ("resume", "&Resume", "Ctrl+Return", "Let it go on where it was when its turn comes", self.resume_requested),
            ("stop", "S&top", "", "Stop within one batch; the result so far is kept", self.stop_requested),
            ("edit", "&Edit", "F2", "Put its settings in the form, and back here when you are done", self.edit_requested),
            ("duplicate", "&Duplicate", "Ctrl+D", "Put a copy after it", self.duplicate_requested),
            ("up", "Move &up", "Alt+Up", "Begin it earlier", self.up_requested),
            ("down", "Move do&wn", "Alt+Down", "Begin it later", self.down_requested),
            ("remove", "Re&move", "Delete", "Take it out of the list; a run folder stays", self.remove_requested),
        ):
            action = QAction(text, self._table)
            action.setObjectName(f"queue{name.title()}")
            action.setIconText({"up": "Up", "down": "Down"}.get(name, text.replace("&", "")))  # on its button
            action.setToolTip(tip)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            if key:
                action.setShortcut(QKeySequence(key))
            action.triggered.connect(lambda _checked=False, wish=wish: wish.emit(self.chosen))
            self._table.addAction(action)
            found[name] = action
        return found

    def _open(self, _index: QModelIndex) -> None:
        if self._actions["open"].isEnabled():
            self.open_requested.emit(self.chosen)

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for name, action in self._actions.items():
            if name in ("edit", "up", "remove"):
                menu.addSeparator()
            menu.addAction(action)
        menu.popup(self._table.viewport().mapToGlobal(place))

    def _button(self, text: str, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(f"<p>{tip}.</p>")
        return button

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(6, 2, 6, 2)
        bar.setSpacing(6)
        bar.addWidget(self._go)
        bar.addWidget(self._words, 1)
        for name in ("up", "down", "edit", "duplicate", "resume", "remove"):
            button = self._button(name, f"{name}Queued", "")
            button.setDefaultAction(self._actions[name])
            bar.addWidget(button)
        bar.addWidget(self._clear)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(bar)
        layout.addWidget(self._stack, 1)
