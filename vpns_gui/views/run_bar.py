"""The run at a glance: its name, its timeline, how it stands, and the buttons that pause, resume, stop or discard it."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.theme import Colours
from vpns_gui.views.timeline import TimelineView

BarState = Literal["idle", "running", "pausing", "paused", "stopping", "elsewhere"]

_PAUSE_LABELS: dict[str, str] = {"pausing": "Pausing …", "paused": "Continue"}
_PAUSE_TIP = (
    "Finish the batch, write a checkpoint and let go of the device; Continue goes on at the same batch. "
    "Pressing again before the pause begins takes it back"
)
_STOP_TIP = "Stop within one batch. The best and the last state are kept, and Resume goes on at the same batch later"
_RESUME_TIP = "Go on where the run was left, with the same result as if it had never been"
_DISCARD_TIP = "Remove the run with everything in its folder; a run that is on is stopped first"
_ELSEWHERE_TIP = "Another process works on this run: it can be paused and stopped there only"
_BUSY_TIP = "Another run is on in this window: this one can go on after it"


@dataclass(frozen=True)
class RunButtons:
    """What can be done with the open run now."""

    state: BarState = "idle"
    """How it stands in this window; `elsewhere`: another process works on it."""
    resumable: bool = False
    """It was left before its end."""
    busy: bool = False
    """Another run is on in this window."""
    can_discard: bool = False
    went_wrong: bool = False
    """It failed or was cut off."""


class RunBar(QWidget):
    """Stands between the views and the log."""

    pause_requested = Signal(bool)
    """Pause, or go on."""
    resume_requested = Signal(bool)
    stop_requested = Signal(bool)
    discard_requested = Signal(bool)
    export_requested = Signal(bool)
    details_requested = Signal(bool)
    """Of what went wrong."""
    fold_requested = Signal(bool)
    """One line is enough, or not any more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runBar")
        self._severity, self._folded = "info", False
        self._title = ElidedLabel(self)
        self._title.setObjectName("runTitle")
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._notice = QLabel(self)
        self._notice.setObjectName("runNotice")
        self._notice.setTextFormat(Qt.TextFormat.PlainText)
        self._notice.setWordWrap(True)
        self._notice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.timeline = TimelineView(self)
        self._resume = self._button("Resume", "resume", _RESUME_TIP)
        self._pause = self._button("Pause", "pause", _PAUSE_TIP)
        self._stop = self._button("Stop", "stop", _STOP_TIP)
        self._discard = self._button("Discard …", "discard", _DISCARD_TIP)
        self._export = self._button("Export …", "exportRun", "Write the pruned network for plain PyTorch")
        self._fold = self._fold_button()
        self._share = QLabel(self)
        self._share.setObjectName("runShare")
        self._details = self._button("What happened …", "details", "The message, what to do, the end of the log, and a report")
        self._keep_width()
        self._connect()
        self._lay_out()
        self.timeline.share_changed.connect(self._show_share)
        self.set_folded(False)
        self.set_buttons(RunButtons())
        self.set_can_export(False)
        self.set_notice("")
        theme.follow(self, self._recolour)

    def _button(self, text: str, name: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setToolTip(tip)
        return button

    def _fold_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("foldRun")
        button.setCheckable(True)
        button.setAutoRaise(True)
        button.clicked.connect(self.fold_requested)
        return button

    def _keep_width(self) -> None:
        """Make the buttons whose words change as wide as their widest words: nothing moves under the pointer."""
        pause, stop = ("Pause", "Resume", *_PAUSE_LABELS.values()), ("Stop", "Stopping …")
        for button, words in ((self._pause, pause), (self._stop, stop)):
            before, widths = button.text(), []
            for text in words:
                button.setText(text)
                widths.append(button.sizeHint().width())
            button.setText(before)
            button.setMinimumWidth(max(widths))
        self._resume.setMinimumWidth(self._pause.minimumWidth())

    def _connect(self) -> None:
        for button, request in (
            (self._resume, self.resume_requested),
            (self._pause, self.pause_requested),
            (self._stop, self.stop_requested),
            (self._discard, self.discard_requested),
            (self._export, self.export_requested),
            (self._details, self.details_requested),
        ):
            button.clicked.connect(request)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(8, 0, 8, 0)
        top.setSpacing(8)
        top.addWidget(self._fold)
        top.addWidget(self._title, 1)
        top.addWidget(self._share)
        for button in (self._resume, self._pause, self._stop, self._discard, self._export):
            top.addWidget(button)
        layout = self._layout = QVBoxLayout(self)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.timeline)
        below = QHBoxLayout()
        below.setContentsMargins(8, 0, 8, 4)
        below.setSpacing(8)
        below.addWidget(self._notice, 1)
        below.addWidget(self._details, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(below)

    def set_folded(self, folded: bool) -> None:
        """Show one line, or all of it; what went wrong is shown in any case."""
        self._folded = folded
        self._fold.setChecked(folded)
        self._fold.setArrowType(Qt.ArrowType.RightArrow if folded else Qt.ArrowType.DownArrow)
        words = "Show the whole run bar" if folded else "Fold the run bar to one line"
        self._fold.setToolTip(words)
        self._fold.setAccessibleName(words)
        self.timeline.setVisible(not folded)
        self._layout.setContentsMargins(0, 4 if folded else 8, 0, 2)
        self._show_share()
        self.set_notice(self._notice.text(), self._severity)

    def _show_share(self) -> None:
        self._share.setText(self.timeline.share)
        self._share.setVisible(self._folded and bool(self.timeline.share))

    def set_title(self, text: str, tip: str = "") -> None:
        """Name the run; the tooltip has the whole name and `tip`."""
        self._title.set_text(text, f"{text} · {tip}" if tip else "")

    def set_notice(self, text: str, severity: str = "info") -> None:
        """Say how the run stands, in a sentence; empty hides the line."""
        self._severity = severity
        self._notice.setText(text)
        self._notice.setVisible(bool(text) and (severity != "info" or not self._folded))
        self._recolour(theme.colours())

    @property
    def notice(self) -> str:
        """What it says."""
        return self._notice.text()

    def set_buttons(self, can: RunButtons) -> None:
        """Enable what can be done now."""
        state = can.state
        self._resume.setVisible(can.resumable)
        self._resume.setEnabled(can.resumable and not can.busy)
        self._resume.setToolTip(_BUSY_TIP if can.busy else _RESUME_TIP)
        self._pause.setVisible(not can.resumable)
        self._pause.setEnabled(state in ("running", "pausing", "paused"))
        self._pause.setText(_PAUSE_LABELS.get(state, "Pause"))
        self._pause.setToolTip(_ELSEWHERE_TIP if state == "elsewhere" else _PAUSE_TIP)
        self._stop.setEnabled(state in ("running", "pausing", "paused"))
        self._stop.setText("Stopping …" if state == "stopping" else "Stop")
        self._stop.setToolTip(_ELSEWHERE_TIP if state == "elsewhere" else _STOP_TIP)
        self._discard.setEnabled(can.can_discard)
        self._details.setVisible(can.went_wrong)

    def set_can_export(self, possible: bool) -> None:
        """Enable the export."""
        self._export.setEnabled(possible)

    def _recolour(self, scheme: Colours) -> None:
        colour = {"error": scheme.danger, "warning": scheme.warning}.get(self._severity, scheme.text)
        self._notice.setStyleSheet(f"color: {colour}")
