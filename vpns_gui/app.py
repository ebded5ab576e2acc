"""The program with its event loop."""

import signal
import sys
from collections.abc import Sequence

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

import vpns_engine
from vpns_engine.bundled import resource
from vpns_engine.folders import runs_folder
from vpns_gui import theme
from vpns_gui.studio import Studio
from vpns_gui.unexpected import UnexpectedErrors

SWITCH_SECONDS = 0.001
"""How long another thread may keep Python's lock while the window waits; Python's own 0.005 is felt while torch loads."""
_COMPLETE_AFTER_MS = 30
"""Time for the window to be painted before the plots' library is loaded."""


def make_application(arguments: Sequence[str]) -> QApplication:
    """Make the QApplication with its name, icon and look."""
    app = QApplication(list(arguments))
    app.setApplicationName("VPNs Studio")
    app.setApplicationVersion(vpns_engine.__version__)
    app.setDesktopFileName("vpns-studio")
    app.setWindowIcon(QIcon(str(resource("icons/vpns-studio.svg"))))
    theme.apply(app)
    return app


def run(arguments: Sequence[str]) -> int:
    """Open the window and work until it is closed; gives the exit code."""
    sys.setswitchinterval(SWITCH_SECONDS)
    app = make_application(arguments)
    errors = UnexpectedErrors(app)
    errors.install()
    studio = Studio(runs_folder(), app)
    errors.happened.connect(studio.tell_unexpected)
    # Python sees the signal at the next tick of one of the window's timers
    signal.signal(signal.SIGINT, lambda *_: studio.window.close())
    studio.window.show()
    QTimer.singleShot(_COMPLETE_AFTER_MS, studio.complete)
    studio.devices.look()
    code = app.exec()
    errors.uninstall()
    return code
