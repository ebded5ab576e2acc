"""What came out: accuracies of every saved state, with and without the prompt, and the label mapping by name."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QLabel, QSplitter, QTableWidget, QVBoxLayout, QWidget

from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.heading import heading
from vpns_gui.views.text_table import Rows, fill_table, text_table

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
MAPPING_COLUMNS = ("Target", "Source", "Images\ntaken")


class ResultsView(QWidget):
    """Two tables of plain text; no figures are computed here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("results")
        self.setAccessibleName("Results")
        content = QSplitter(Qt.Orientation.Horizontal, self)
        content.setChildrenCollapsible(False)
        self._accuracies = text_table(ACCURACY_COLUMNS, "accuracies", content)
        self._accuracies.horizontalHeader().setToolTip(
            "Used rows only: density without the classifier's rows that no class of the task uses; they could be dropped anyway"
        )
        self._mapping = text_table(MAPPING_COLUMNS, "mapping", content)
        self._accuracies.setAccessibleName("Accuracies")
        self._mapping.setAccessibleName("Label mapping")
        self._mapping_title = heading("Label mapping", content)
        self._mapping_title.setWordWrap(True)  # the accuracies need the room
        self._note = QLabel(content)
        self._note.setWordWrap(True)
        self._mapping_note = QLabel(content)
        self._mapping_note.setWordWrap(True)
        self._mapping_note.hide()
        _wrap(self._accuracies, ACCURACY_COLUMNS.index("State"), "Mask now,")
        content.addWidget(_titled(heading("Accuracies", content), self._accuracies, self._note, content))
        content.addWidget(_titled(self._mapping_title, self._mapping, self._mapping_note, content))
        self._mapping.horizontalHeader().setToolTip(
            "How many training images of the target class the network took for the source"
        )
        content.setSizes([688, 184])
        content.setStretchFactor(0, 3)
        content.setStretchFactor(1, 1)
        note = EmptyNote("No results yet", "The accuracies of every saved state and the label mapping appear here.", self)
        self._stack = NoteOrContent(note, content, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def set_accuracies(self, rows: Rows, note: str = "") -> None:
        """Show one row for each saved state, in the order of `ACCURACY_COLUMNS`."""
        fill_table(self._accuracies, rows, first_number=2)
        self._note.setText(note)
        self._show()

    def set_mapping(self, rows: Rows, title: str = "Label mapping", note: str = "") -> None:
        """Show one row for each target class, in the order of `MAPPING_COLUMNS`."""
        fill_table(self._mapping, rows, first_number=2)
        self._mapping_title.setText(title)
        self._mapping_note.setText(note)
        self._mapping_note.setVisible(bool(note))
        self._mapping.setVisible(bool(rows) or not note)  # where the note says that nothing is mapped, no empty table
        self._show()

    def _show(self) -> None:
        self._stack.show_content(self._accuracies.rowCount() + self._mapping.rowCount() > 0)


def _wrap(table: QTableWidget, column: int, widest: str) -> None:
    """Keep a column of words narrow: they go on in the next line."""
    table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
    table.setColumnWidth(column, table.fontMetrics().horizontalAdvance(widest) + 14)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)


def _titled(title: QLabel, table: QTableWidget, note: QLabel | None, parent: QWidget) -> QWidget:
    side = QWidget(parent)
    layout = QVBoxLayout(side)
    layout.setContentsMargins(10, 10, 10, 8)
    layout.setSpacing(8)
    layout.addWidget(title)
    layout.addWidget(table, 1)
    if note is not None:
        layout.addWidget(note)
    layout.addStretch(0)  # takes the room of a table that is hidden
    return side
