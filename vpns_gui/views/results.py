"""What came out: accuracies of every saved state, with and without the prompt, and the label mapping by name."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from vpns_gui.views.empty_note import EmptyNote, NoteOrContent

ACCURACY_COLUMNS = (
    "Sparsity",
    "State",
    "Epoch",
    "Weights\nkept",
    "Kept, used\nrows only",
    "Validation\nno prompt",
    "Validation\nwith prompt",
    "Test\nno prompt",
    "Test\nwith prompt",
)
MAPPING_COLUMNS = ("Target", "Source", "Training images\ntaken for it")
Rows = Sequence[Sequence[str]]


class ResultsView(QWidget):
    """Two tables of plain text; no figures are computed here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("results")
        self.setAccessibleName("Results")
        content = QSplitter(Qt.Orientation.Horizontal, self)
        content.setChildrenCollapsible(False)
        self._accuracies = _table(ACCURACY_COLUMNS, "accuracies", content)
        self._accuracies.horizontalHeader().setToolTip(
            "Used rows only: density without the classifier's rows that no class of the task uses; they could be dropped anyway"
        )
        self._mapping = _table(MAPPING_COLUMNS, "mapping", content)
        self._mapping_title = _heading("Label mapping", content)
        self._note = QLabel(content)
        self._note.setWordWrap(True)
        self._mapping_note = QLabel(content)
        self._mapping_note.setWordWrap(True)
        self._mapping_note.hide()
        _wrap(self._accuracies, ACCURACY_COLUMNS.index("State"), "Mask now,")
        content.addWidget(_titled(_heading("Accuracies", content), self._accuracies, self._note, content))
        content.addWidget(_titled(self._mapping_title, self._mapping, self._mapping_note, content))
        self._mapping.horizontalHeader().setToolTip(
            "How many training images of the target class the network took for the source"
        )
        content.setSizes([700, 240])
        content.setStretchFactor(0, 3)
        content.setStretchFactor(1, 1)
        note = EmptyNote("No results yet", "The accuracies of every saved state and the label mapping appear here.", self)
        self._stack = NoteOrContent(note, content, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def set_accuracies(self, rows: Rows, note: str = "") -> None:
        """Show one row for each saved state, in the order of `ACCURACY_COLUMNS`."""
        _fill(self._accuracies, rows, first_number=2)
        self._note.setText(note)
        self._show()

    def set_mapping(self, rows: Rows, title: str = "Label mapping", note: str = "") -> None:
        """Show one row for each target class, in the order of `MAPPING_COLUMNS`."""
        _fill(self._mapping, rows, first_number=2)
        self._mapping_title.setText(title)
        self._mapping_note.setText(note)
        self._mapping_note.setVisible(bool(note))
        self._show()

    def _show(self) -> None:
        self._stack.show_content(self._accuracies.rowCount() + self._mapping.rowCount() > 0)


def _table(columns: Sequence[str], name: str, parent: QWidget) -> QTableWidget:
    table = QTableWidget(0, len(columns), parent)
    table.setObjectName(name)
    table.setHorizontalHeaderLabels(columns)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setHighlightSections(False)
    header.setStretchLastSection(True)
    return table


def _wrap(table: QTableWidget, column: int, widest: str) -> None:
    """Keep a column of words narrow: they go on in the next line."""
    table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
    table.setColumnWidth(column, table.fontMetrics().horizontalAdvance(widest) + 14)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)


def _fill(table: QTableWidget, rows: Rows, *, first_number: int) -> None:
    table.setRowCount(len(rows))
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            item = table.item(row, column)
            if item is None:
                item = QTableWidgetItem()
                side = Qt.AlignmentFlag.AlignRight if column >= first_number else Qt.AlignmentFlag.AlignLeft
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                table.setItem(row, column, item)
            if item.text() != text:
                item.setText(text)


def _heading(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label


def _titled(title: QLabel, table: QTableWidget, note: QLabel | None, parent: QWidget) -> QWidget:
    side = QWidget(parent)
    layout = QVBoxLayout(side)
    layout.setContentsMargins(10, 10, 10, 8)
    layout.setSpacing(8)
    layout.addWidget(title)
    layout.addWidget(table, 1)
    if note is not None:
        layout.addWidget(note)
    return side
