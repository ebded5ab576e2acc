"""What will happen, and the buttons that make it happen: at once, in the queue, or in many variants."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.forms.editors import CheckEdit
from vpns_gui.forms.estimate_line import EstimateLine
from vpns_gui.forms.text_line import text_line
from vpns_gui.theme import Colours

_CONTROL = (
    "Do the same settings without a prompt beside each run, with as many updates: the difference is what the prompt gives. "
    "Compare several seeds in the Summary tab."
)
_QUEUE = "Put these settings at the end of the queue. They begin when the queue is started, not before."
_SWEEP = "Give several values to any setting, and put every combination in the queue."
_CONTROL_ALREADY = "These settings have no prompt: the run is a control arm itself."


class StartBar(QWidget):
    """The summary line, the reason why it cannot start, and Start; or what to do with a run of the queue that is edited."""

    start_requested = Signal()
    queue_requested = Signal()
    sweep_requested = Signal()
    put_back_requested = Signal()
    cancel_requested = Signal()
    """The run of the queue is to stay as it was."""
    control_changed = Signal(bool)
    """The control arm is wanted as well, or not any more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._summary = text_line(self, "summary")
        self.estimate_line = EstimateLine(self)
        self._reason = text_line(self, "reason")
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
        self._queue = _button(self, "Add to queue", "addToQueue", _QUEUE)
        self._queue.clicked.connect(self.queue_requested)
        self._sweep = _button(self, "Sweep …", "sweep", _SWEEP)
        self._sweep.clicked.connect(self.sweep_requested)
        self._edited = text_line(self, "edited")
        self._put_back = _button(self, "Put back", "putBack", "Give the run of the queue these settings.")
        self._put_back.clicked.connect(self.put_back_requested)
        self._cancel = _button(self, "Leave as it was", "cancelEdit", "Leave the run of the queue as it was.")
        self._cancel.clicked.connect(self.cancel_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._summary)
        layout.addWidget(self.estimate_line)
        layout.addWidget(self._reason)
        layout.addWidget(self._control)
        layout.addWidget(self._edited)
        layout.addLayout(_row((self._button, 1), (self._queue, 0), (self._sweep, 0)))
        layout.addLayout(_row((self._put_back, 1), (self._cancel, 0)))
        self.set_edited("")
        theme.follow(self, self._colour)

    @property
    def control(self) -> bool:
        """Tell whether the control arm is wanted as well."""
        return self._control.isEnabled() and self._control.isChecked()

    def set_control_possible(self, possible: bool) -> None:
        """Offer the control arm where the settings are not those of one already."""
        self._control.setEnabled(possible)
        self._control.setToolTip(f"<p>{_CONTROL if possible else _CONTROL_ALREADY}</p>")

    @property
    def control_wanted(self) -> bool:
        """Tell whether the control arm is ticked, possible with these settings or not."""
        return self._control.isChecked()

    def set_control_wanted(self, wanted: bool) -> None:
        """Tick the control arm, or not."""
        self._control.set_value(wanted)

    def set_edited(self, name: str) -> None:
        """Offer to put the settings back into the run of the queue that they are of; empty: they are of none."""
        editing = bool(name)
        self._edited.setText(f"These are the settings of a run in the queue: {name}")
        offered: tuple[QWidget, ...] = (self._button, self._queue, self._sweep, self._control)
        for widget in (self._edited, self._put_back, self._cancel, *offered):
            widget.setVisible(editing != (widget in offered))

    def set_can_queue(self, why_not: str) -> None:
        """Say why the settings cannot be put in the queue; empty where they can."""
        self._queue.setEnabled(not why_not)
        self._put_back.setEnabled(not why_not)
        self._queue.setToolTip(f"<p>{why_not or _QUEUE}</p>")

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
        for button in (self._button, self._put_back):
            button.setPalette(_inviting(colours))
        self._reason.setStyleSheet(f"color: {colours.danger if self._urgent else colours.muted}")


def _inviting(colours: Colours) -> QPalette:
    """Make the palette of the one button that matters."""
    palette, active = theme.palette(colours), QPalette.ColorGroup.Active
    for group in (active, QPalette.ColorGroup.Inactive):
        palette.setColor(group, QPalette.ColorRole.Button, QColor(colours.accent))
        palette.setColor(group, QPalette.ColorRole.ButtonText, QColor(colours.on_accent))
    return palette


def _button(parent: QWidget, text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text, parent)
    button.setObjectName(name)
    button.setMinimumHeight(34)
    button.setToolTip(f"<p>{tip}</p>")
    return button


def _row(*parts: tuple[QWidget, int]) -> QHBoxLayout:
    """Lay widgets side by side, each with its share of the room."""
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    for widget, stretch in parts:
        row.addWidget(widget, stretch)
    return row
