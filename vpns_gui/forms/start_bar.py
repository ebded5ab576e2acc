"""What will happen, and the button that makes it happen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.theme import Colours


class StartBar(QWidget):
    """The summary line, the reason why it cannot start, and Start."""

    start_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._summary = _line(self, "summary")
        self._reason = _line(self, "reason")
        self._urgent = False
        self._button = QPushButton("Start", self)
        self._button.setObjectName("start")
        self._button.setMinimumHeight(34)
        self._button.clicked.connect(self.start_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._summary)
        layout.addWidget(self._reason)
        layout.addWidget(self._button)
        theme.follow(self, self._colour)

    def set_summary(self, text: str) -> None:
        """Say what a run would do."""
        self._summary.setText(text)
        self._summary.setVisible(bool(text))

    def set_reason(self, text: str, *, urgent: bool) -> None:
        """Say why Start is off; empty switches it on. `urgent`: something is wrong, not just going on."""
        self._urgent = urgent
        self._reason.setText(text[:1].upper() + text[1:])
        self._reason.setVisible(bool(text))
        self._button.setEnabled(not text)
        self._button.setToolTip(f"<p>{text}</p>" if text else "")
        self._colour(theme.colours())

    def _colour(self, colours: Colours) -> None:
        self._summary.setStyleSheet(f"color: {colours.text}")
        self._button.setPalette(_inviting(colours))
        self._reason.setStyleSheet(f"color: {colours.danger if self._urgent else colours.muted}")


def _inviting(colours: Colours) -> QPalette:
    """Make the palette of the one button that matters."""
    palette, active = theme.palette(colours), QPalette.ColorGroup.Active
    for group in (active, QPalette.ColorGroup.Inactive):
        palette.setColor(group, QPalette.ColorRole.Button, QColor(colours.accent))
        palette.setColor(group, QPalette.ColorRole.ButtonText, QColor(colours.on_accent))
    return palette


def _line(parent: QWidget, name: str) -> QLabel:
    label = QLabel(parent)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    label.hide()
    return label
