"""A line above the views that offers something without being in the way: words, and buttons that act on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.theme import Colours

_MARK_PX = 4


@dataclass(frozen=True)
class Choice:
    """A button: what `chosen` says, its label, and what it does in a sentence."""

    key: str
    label: str
    tip: str


class OfferBar(QWidget):
    """Hidden until there is something to offer."""

    chosen = Signal(str)
    """The key of the button that was pressed."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Offer")
        self._tone = "accent"
        self._title = ElidedLabel(self)
        self._title.setObjectName(f"{name}Title")
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._details = ElidedLabel(self)
        self._details.setObjectName(f"{name}Details")
        self._buttons: list[QPushButton] = []
        self._choices: tuple[Choice, ...] = ()
        self._row = QHBoxLayout(self)
        self._lay_out()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()
        theme.follow(self, self._recolour)

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._title)
        words.addWidget(self._details)
        self._row.setContentsMargins(14, 7, 8, 7)
        self._row.setSpacing(8)
        self._row.addLayout(words, 1)

    def offer(self, title: str, details: str, choices: Sequence[Choice], *, tone: str = "accent") -> None:
        """Show an offer; `tone` is the colour of the theme it is marked with."""
        self._tone = tone
        self._title.set_text(title, title)
        self._details.set_text(details, details)
        self._details.setVisible(bool(details))
        self._match(choices)
        self._recolour(theme.colours())
        self.show()

    def withdraw(self) -> None:
        """Hide it."""
        self.hide()

    @property
    def text(self) -> str:
        """What it says, whole; empty while it is hidden."""
        return f"{self._title.whole}\n{self._details.whole}".strip() if self.isVisible() else ""

    def _match(self, choices: Sequence[Choice]) -> None:
        if tuple(choices) == self._choices:
            return  # a button that is about to be pressed stays
        self._choices = tuple(choices)
        for button in self._buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = [self._button(choice) for choice in choices]
        for button in self._buttons:
            self._row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
            button.show()  # a layout shows what is new in it only later

    def _button(self, choice: Choice) -> QPushButton:
        button = QPushButton(choice.label, self)
        button.setObjectName(f"{self.objectName()}_{choice.key}")
        button.setToolTip(f"<p>{choice.tip}</p>")
        button.clicked.connect(lambda _checked=False, key=choice.key: self.chosen.emit(key))
        return button

    def _recolour(self, scheme: Colours) -> None:
        self._details.setStyleSheet(f"color: {scheme.muted}")
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw the ground, the mark at the left and the line below; a style sheet would hold the buttons' colours fast."""
        scheme, painter = theme.colours(), QPainter(self)
        painter.fillRect(self.rect(), QColor(scheme.surface))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(scheme.border))
        painter.fillRect(0, 0, _MARK_PX, self.height(), QColor(getattr(scheme, self._tone)))
        painter.end()
