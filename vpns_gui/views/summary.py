"""Several runs together: one table for the runs that can be compared, and which runs these are."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.heading import heading
from vpns_gui.views.text_table import Rows, fill_table, text_table

SUMMARY_COLUMNS = (
    "Sparsity",
    "Method",
    "State",
    "Seeds",
    "Test %\nno prompt",
    "Test %\nwith prompt",
    "Gain over control\nno prompt",
    "Gain over control\nwith prompt",
)
_FIRST_NUMBER = 4


class SummaryView(QWidget):
    """A table of plain text; no figures are computed here."""

    family_requested = Signal(int)
    """Other runs are chosen: their place in the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("summary")
        self.setAccessibleName("Summary of several runs")
        content = QWidget(self)
        self._families = QComboBox(content)
        self._families.setObjectName("families")
        self._families.setAccessibleName("Runs that can be compared")
        self._families.setToolTip("Runs that differ in seed, method, prompt and sparsities only")
        self._families.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._families.setMinimumContentsLength(20)
        self._families.currentIndexChanged.connect(self.family_requested)
        self._table = text_table(SUMMARY_COLUMNS, "summaryTable", content)
        self._table.setAccessibleName("Summary")
        self._table.horizontalHeader().setToolTip(
            "Mean ± sample standard deviation over the seeds. Gain over control: the difference to it, seed by seed"
        )
        self._note = QLabel(content)
        self._note.setObjectName("summaryNote")
        self._note.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(heading("Runs that can be compared", content))
        top.addWidget(self._families, 1)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(10, 10, 10, 8)
        inner.setSpacing(8)
        inner.addLayout(top)
        inner.addWidget(self._table, 1)
        inner.addWidget(self._note)
        note = EmptyNote(
            "Nothing to sum up yet",
            "When a level is done its accuracies appear here: mean and spread over the seeds, and the difference to the "
            "control arm.",
            self,
        )
        self._stack = NoteOrContent(note, content, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def set_families(self, titles: Sequence[str], chosen: int) -> None:
        """Offer groups of runs, by what those of each have in common; without any the view is empty."""
        with QSignalBlocker(self._families):
            self._families.clear()
            self._families.addItems(list(titles))
            for place, title in enumerate(titles):
                self._families.setItemData(place, title, Qt.ItemDataRole.ToolTipRole)
            self._families.setCurrentIndex(chosen if titles else -1)
        self._stack.show_content(bool(titles))

    def set_rows(self, rows: Rows, note: str) -> None:
        """Show the table of the chosen group, in the order of `SUMMARY_COLUMNS`."""
        fill_table(self._table, rows, first_number=_FIRST_NUMBER)
        self._note.setText(note)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return self._stack.is_empty
