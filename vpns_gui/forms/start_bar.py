"""What will happen, and the button that makes it happen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.forms.editors import CheckEdit
from vpns_gui.theme import Colours

_CONTROL = (
    "Do the same settings without a prompt beside each run, with as many updates: the difference is what the prompt gives. "
    "Compare several seeds in the Summary tab."
)
_CONTROL_ALREADY = "These settings have no prompt: the run is a control arm itself."


class StartBar(QWidget):
    """The summary line, the reason why it cannot start, and Start."""

    start_requested = Signal()
    control_changed = Signal(bool)
    """The control arm is wanted as well, or not any more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._summary = _line(self, "summary")
        self._reason = _line(self, "reason")
        self._urgent = False
        self._control = CheckEdit(self)
        self._control.setText("Control arm as well")
        self._control.setObjectName("controlArm")
        self.set_control_possible(True)
        self._control.toggled.connect(self.control_changed)
        self._button = QPushButton("Start", self)
        self._button.setObjectName("start")
        self._button.setMinimumHeight(34)
        self._button.clicked.connect(self.start_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._summary)
        layout.addWidget(self._reason)
        layout.addWidget(self._control)
        layout.addWidget(self._button)
        theme.follow(self, self._colour)

    @property
    def control(self) -> bool:
        """Tell whether the control arm is wanted as well."""
        return self._control.isEnabled() and self._control.isChecked()

    def set_control_possible(self, possible: bool) -> None:
        """Offer the control arm where the settings are not those of one already."""
        self._control.setEnabled(possible)
        self._control.setToolTip(f"<p>{_CONTROL if possible else _CONTROL_ALREADY}</p>")

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
