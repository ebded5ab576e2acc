"""What came out: accuracies of every saved state, with and without the prompt."""

from PySide6.QtWidgets import QHeaderView, QLabel, QTableWidget, QVBoxLayout, QWidget

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


class ResultsView(QWidget):
    """A table of plain text; no figures are computed here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("results")
        self.setAccessibleName("Results")
        content = QWidget(self)
        self._accuracies = text_table(ACCURACY_COLUMNS, "accuracies", content)
        self._accuracies.horizontalHeader().setToolTip(
            "Used rows only: density without the classifier's rows that no class of the task uses; they could be dropped anyway"
        )
        self._accuracies.setAccessibleName("Accuracies")
        self._note = QLabel(content)
        self._note.setWordWrap(True)
        _wrap(self._accuracies, ACCURACY_COLUMNS.index("State"), "Mask now, untuned")
        inner = QVBoxLayout(content)
        inner.setContentsMargins(10, 10, 10, 8)
        inner.setSpacing(8)
        inner.addWidget(heading("Accuracies", content))
        inner.addWidget(self._accuracies, 1)
        inner.addWidget(self._note)
        note = EmptyNote("No results yet", "The accuracies of every saved state appear here.", self)
        self._stack = NoteOrContent(note, content, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def set_accuracies(self, rows: Rows, note: str = "") -> None:
        """Show one row for each saved state, in the order of `ACCURACY_COLUMNS`."""
        fill_table(self._accuracies, rows, first_number=2)
        self._note.setText(note)
        self._stack.show_content(bool(rows))


def _wrap(table: QTableWidget, column: int, widest: str) -> None:
    """Keep a column of words narrow: they go on in the next line."""
    table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
    table.setColumnWidth(column, table.fontMetrics().horizontalAdvance(widest) + 14)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
