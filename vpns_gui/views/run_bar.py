"""The run at a glance: its name, its timeline, how it ended, and the buttons that stop or discard it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.theme import Colours
from vpns_gui.views.timeline import TimelineView


class RunBar(QWidget):
    """Stands between the views and the log."""

    stop_requested = Signal(bool)
    discard_requested = Signal(bool)
    export_requested = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runBar")
        self._severity = "info"
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
        self._stop = self._button("Stop", "stop", "Stop within one batch; the result so far is kept")
        self._discard = self._button(
            "Discard …", "discard", "Remove the run with everything in its folder; a run that is on is stopped first"
        )
        self._export = self._button("Export …", "exportRun", "Write the pruned network for plain PyTorch")
        self._stop.clicked.connect(self.stop_requested)
        self._discard.clicked.connect(self.discard_requested)
        self._export.clicked.connect(self.export_requested)
        self._lay_out()
        self.set_state("idle", can_discard=False)
        self.set_can_export(False)
        self.set_notice("")
        theme.follow(self, self._recolour)

    def _button(self, text: str, name: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setToolTip(tip)
        return button

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(8, 0, 8, 0)
        top.setSpacing(8)
        top.addWidget(self._title, 1)
        for button in (self._stop, self._discard, self._export):
            top.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 2)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.timeline)
        layout.addWidget(self._notice)
        self._notice.setContentsMargins(8, 0, 8, 4)

    def set_title(self, text: str, tip: str = "") -> None:
        """Name the run; the tooltip has the whole name and `tip`."""
        self._title.set_text(text, f"{text} · {tip}" if tip else "")

    def set_notice(self, text: str, severity: str = "info") -> None:
        """Say how the run stands, in a sentence; empty hides the line."""
        self._severity = severity
        self._notice.setText(text)
        self._notice.setVisible(bool(text))
        self._recolour(theme.colours())

    @property
    def notice(self) -> str:
        """What it says."""
        return self._notice.text()

    def set_state(self, state: str, *, can_discard: bool) -> None:
        """Enable what can be done now: `idle`, `running` or `stopping`."""
        self._stop.setEnabled(state == "running")
        self._stop.setText("Stopping …" if state == "stopping" else "Stop")
        self._discard.setEnabled(can_discard)

    def set_can_export(self, possible: bool) -> None:
        """Enable the export."""
        self._export.setEnabled(possible)

    def _recolour(self, scheme: Colours) -> None:
        colour = {"error": scheme.danger, "warning": scheme.warning}.get(self._severity, scheme.text)
        self._notice.setStyleSheet(f"color: {colour}")
