"""Which devices this machine has: asked of a process of its own, because finding out loads torch."""

import json
import sys

from PySide6.QtCore import QObject, QProcess, QTimer

from vpns_gui.forms.choices import Choices
from vpns_gui.forms.setup_panel import SetupPanel

_AFTER_MS = 1500
"""Time for the window to settle before another program takes a core for some seconds."""


class DeviceController(QObject):
    """Offers the devices in the form once they are known; until then, and where the question fails, the CPU."""

    def __init__(self, panel: SetupPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._panel = panel
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.setArguments(["-m", "vpns_engine.training.device"])
        self._process.finished.connect(self._take)

    def look(self, after_ms: int = _AFTER_MS) -> None:
        """Ask, in a moment."""
        QTimer.singleShot(after_ms, self, self._process.start)

    def close(self) -> None:
        """Give up the question."""
        self._process.kill()
        self._process.waitForFinished(2000)

    def _take(self, code: int) -> None:
        if code != 0:
            return
        found = json.loads(bytes(self._process.readAllStandardOutput().data()))
        self._panel.set_choices(Choices(devices=tuple(found)))
