"""What a run will take: disk at once, time and memory when they are asked for, and what will not fit."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.forms.text_line import text_line
from vpns_gui.theme import Colours

ESTIMATE, CANCEL = "Estimate", "Cancel"
_TIP = "Time a few iterations of this run on its device, and reckon how long all of it takes and how much memory it needs."


class EstimateLine(QWidget):
    """Two lines of text with one button."""

    estimate_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cost, self._disk, self._warning = text_line(self, "cost"), text_line(self, "disk"), text_line(self, "doesNotFit")
        self._busy, self._why_not = False, ""
        self._button = QPushButton(ESTIMATE, self)
        self._button.setObjectName("estimate")
        self._button.setAutoDefault(False)
        self._button.clicked.connect(self._press)
        texts = QVBoxLayout()
        texts.setContentsMargins(0, 0, 0, 0)
        texts.setSpacing(2)
        for label in (self._disk, self._cost):
            texts.addWidget(label)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addLayout(texts, 1)
        row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._warning)
        self.set_possible("")
        theme.follow(self, self._colour)

    def set_disk(self, text: str) -> None:
        """Say what a run puts on the disk; empty where that is not known."""
        _say(self._disk, text)

    def set_cost(self, text: str) -> None:
        """Say what a run takes of time and memory, how far the estimate is, or nothing."""
        _say(self._cost, text)

    def set_warning(self, text: str) -> None:
        """Say what will not fit, or why there is no estimate; empty where all is well."""
        _say(self._warning, text)

    def set_busy(self, busy: bool) -> None:
        """Tell whether an estimate is on: then the button cancels it."""
        self._busy = busy
        self._button.setText(CANCEL if busy else ESTIMATE)
        self.set_possible(self._why_not)

    def set_possible(self, why_not: str) -> None:
        """Say why nothing can be estimated now; empty where it can."""
        self._why_not = why_not
        self._button.setEnabled(self._busy or not why_not)
        self._button.setToolTip(f"<p>{'' if self._busy else why_not or _TIP}</p>")

    def _press(self) -> None:
        (self.cancel_requested if self._busy else self.estimate_requested).emit()

    def _colour(self, colours: Colours) -> None:
        for label in (self._cost, self._disk):
            label.setStyleSheet(f"color: {colours.muted}")
        self._warning.setStyleSheet(f"color: {colours.danger}")


def _say(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))
