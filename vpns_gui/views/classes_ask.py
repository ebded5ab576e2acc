"""What stands where nobody read the test images yet: why, and a button that does it, with its progress."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from vpns_gui.views.empty_note import EmptyNote


class AskToRead(QWidget):
    """A note, and below it either the button, or the progress with a button to stop."""

    read_requested = Signal()
    """Have the test images read."""
    cancel_requested = Signal()
    """Do not go on with that."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = EmptyNote("", "", self)
        self.read = QPushButton("&Read the test images", self)
        self.read.setObjectName("readTestImages")
        self.read.setToolTip("Have the saved network look at every test image, with the prompt and without")
        self.read.clicked.connect(lambda: self.read_requested.emit())
        self.progress = QProgressBar(self)
        self.progress.setAccessibleName("Progress of reading the test images")
        self.cancel = QPushButton("&Cancel", self)
        self.cancel.setObjectName("cancelReading")
        self.cancel.clicked.connect(lambda: self.cancel_requested.emit())
        row = QHBoxLayout()
        row.addStretch(1)
        for widget in (self.read, self.progress, self.cancel):
            row.addWidget(widget)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(self.note)
        layout.addLayout(row)
        layout.addStretch(2)
        layout.setAlignment(row, Qt.AlignmentFlag.AlignHCenter)
        self.say("", "")

    def say(self, title: str, text: str, *, can_read: bool = False) -> None:
        """Say why there is nothing to see; offer to read the images where that helps."""
        self.note.set_text(title, text)
        self.read.setVisible(can_read)
        for widget in (self.progress, self.cancel):
            widget.hide()

    def set_progress(self, text: str, share: float | None) -> None:
        """Say how far the reading is; None: nobody knows."""
        self.note.set_text("Reading the test images", text)
        self.read.hide()
        self.progress.setRange(0, 0 if share is None else 1000)
        self.progress.setValue(round(1000 * (share or 0.0)))
        for widget in (self.progress, self.cancel):
            widget.show()
