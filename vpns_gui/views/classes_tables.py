"""The two tables of the classes: what each is recognised by, and how often each is."""

from collections.abc import Sequence

from PySide6.QtCore import QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from vpns_gui.models.class_table import PROMPT_COLUMNS, SHARE_COLUMNS, SORT_ROLE, ClassRow, ClassTable, ShareDelegate
from vpns_gui.take_away import offer
from vpns_gui.terms import tip
from vpns_gui.views.heading import heading
from vpns_gui.views.text_table import Rows, fill_table, text_table

MAPPING_COLUMNS = ("Target class", "Recognised by\nsource class", "Images\ntaken")


class AccuracyTable(QTableView):
    """Classes with their accuracies; sorted by a click on a title."""

    class_picked = Signal(int)
    """The class (its index) whose row was chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("classAccuracies")
        self.setAccessibleName("Accuracy of each class")
        self._model = ClassTable(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._model)
        self._sorted.setSortRole(SORT_ROLE)
        self.setModel(self._sorted)
        bars = ShareDelegate(self)
        for column in SHARE_COLUMNS:
            self.setItemDelegateForColumn(column, bars)
        self.setSortingEnabled(True)
        self.setTabKeyNavigation(False)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setResizeContentsPrecision(200)
        header.setHighlightSections(False)
        self.selectionModel().selectionChanged.connect(self._choose)
        offer(self, "Accuracy of each class")

    @property
    def rows(self) -> tuple[ClassRow, ...]:
        """The classes, in the task's order."""
        return self._model.rows

    def set_rows(self, rows: Sequence[ClassRow], *, has_prompt: bool) -> None:
        """Show classes; without a prompt, nothing is said of it."""
        self._model.set_rows(rows)
        for column in PROMPT_COLUMNS:
            self.setColumnHidden(column, not has_prompt)

    def choose(self, index: int) -> None:
        """Choose a class."""
        self.setCurrentIndex(self._sorted.mapFromSource(self._model.index(index, 0)))

    def _choose(self) -> None:
        chosen = self.selectionModel().selectedRows()
        if chosen:
            self.class_picked.emit(self._sorted.mapToSource(chosen[0]).row())


class MappingTable(QWidget):
    """What each target class is recognised by."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = heading("Label mapping", self)
        self._title.setObjectName("mappingTitle")
        self._title.setWordWrap(True)
        self.table = text_table(MAPPING_COLUMNS, "mapping", self)
        self.table.setAccessibleName("Label mapping")
        self.table.horizontalHeader().setToolTip(
            "<p>Taken: how many training images of the target class the network took for the source class.</p>"
            f"{tip('label mapping')}"
        )
        self._note = QLabel(self)
        self._note.setObjectName("mappingNote")
        self._note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._title)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._note)
        layout.addStretch(0)  # takes the room of a table that is hidden

    @property
    def note(self) -> str:
        """What is said below it."""
        return self._note.text()

    @property
    def title(self) -> str:
        """What is said above it."""
        return self._title.text()

    def set_mapping(self, rows: Rows, title: str = "Label mapping", note: str = "") -> None:
        """Show one row for each target class, in the order of `MAPPING_COLUMNS`."""
        fill_table(self.table, rows, first_number=2)
        self._title.setText(title)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self.table.setVisible(bool(rows) or not note)  # where the note says that nothing is mapped, no empty table
