"""Which devices this machine has: asked of a process of its own, because finding out loads torch."""

import json
import sys

from PySide6.QtCore import QObject, QProcess, QTimer

from vpns_gui.forms.choices import Choices
from vpns_gui.forms.setup_panel import SetupPanel

_AFTER_MS = 1500
"""Time for the window to settle before another program takes a core for some seconds."""
_KILLED_MS = 200


class DeviceController(QObject):
    """Offers the devices in the form once they are known; until then, and where the question fails, the CPU."""

    def __init__(self, panel: SetupPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._panel = panel
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.setArguments(["-m", "vpns_engine.training.device"])
        self._process.finished.connect(self._take)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._process.start)

    def look(self, after_ms: int = _AFTER_MS) -> None:
        """Ask, in a moment."""
        self._soon.start(after_ms)

    def close(self) -> None:
        """Give up the question; the window that closes does not wait for the answer."""
        self._soon.stop()
        self._process.kill()
        self._process.waitForFinished(_KILLED_MS)

    def _take(self, code: int) -> None:
        devices = devices_in(bytes(self._process.readAllStandardOutput().data())) if code == 0 else ()
        if devices:
            self._panel.set_choices(Choices(devices=devices))


def devices_in(output: bytes) -> tuple[str, ...]:
    """Read the list off the last line: a driver may have written its own words before; empty where it is no list of names."""
    lines = output.split(b"\n")
    try:
        found = json.loads(next((line for line in reversed(lines) if line.strip()), b""))
    except ValueError:
        return ()
    return tuple(found) if isinstance(found, list) and all(isinstance(name, str) for name in found) else ()
