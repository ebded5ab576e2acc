"""What stands in a view that has nothing to show yet."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

_WIDTH_PX = 520


class EmptyNote(QWidget):
    """A short title and a sentence, in the middle."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = QLabel(self)
        self._text = QLabel(self)
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 1.35)
        font.setBold(True)
        self._title.setFont(font)
        self._text.setObjectName("emptyText")
        for label in (self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addWidget(self._title)
        layout.addSpacing(4)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._text, 1000)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addStretch(3)
        self.set_text(title, text)

    def set_text(self, title: str, text: str) -> None:
        """Say something else."""
        self._title.setText(title)
        self._text.setText(text)
        # a wrapped label between two stretches has no width of its own: it takes all there is up to this
        self._text.setMaximumWidth(min(_WIDTH_PX, self._text.fontMetrics().horizontalAdvance(text) + 8))
        self.setAccessibleName(f"{title}. {text}")

    @property
    def text(self) -> str:
        """What it says."""
        return f"{self._title.text()}\n{self._text.text()}"


class NoteOrContent(QStackedWidget):
    """Either an empty note or the content."""

    def __init__(self, note: EmptyNote, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = note
        self.addWidget(note)
        self.addWidget(content)

    def show_content(self, shown: bool) -> None:
        """Choose which of the two is seen."""
        self.setCurrentIndex(1 if shown else 0)

    @property
    def is_empty(self) -> bool:
        """Tell whether the note is seen."""
        return self.currentIndex() == 0
