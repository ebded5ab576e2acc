"""Use the wheel as a stranger would: `python -m tests.architecture.wheel_check DIST`.

Installs it (with everything it needs, some gigabytes) in a fresh environment outside the checkout, runs the bundled demo
with few epochs, exports it, and opens the window without a display. Needs a network. Exit code 0: all of it worked.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

_WINDOW = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
import vpns_gui.app
assert vpns_gui.app.__file__.startswith(sys.prefix), vpns_gui.app.__file__
shown = []
def look():
    shown.extend(window.windowTitle() for window in QApplication.topLevelWidgets() if window.isVisible())
    QApplication.closeAllWindows()
make = vpns_gui.app.make_application
def make_and_look(arguments):
    app = make(arguments)
    QTimer.singleShot(2000, app, look)
    return app
vpns_gui.app.make_application = make_and_look
code = vpns_gui.app.run(sys.argv)
assert shown and code == 0, (shown, code)
print("window:", *shown)
"""


def main() -> int:
    """Check the only wheel in the folder named on the command line."""
    (wheel,) = Path(sys.argv[1]).resolve().glob("*.whl")
    with tempfile.TemporaryDirectory(prefix="vpns-wheel-") as name:
        place = Path(name)
        venv.create(place / "venv", with_pip=True)
        scripts = place / "venv" / ("Scripts" if os.name == "nt" else "bin")
        python, vpns = str(scripts / "python"), str(scripts / "vpns")
        own = {f"VPNS_{kind}": str(place / kind.lower()) for kind in ("RUNS", "CONFIG", "CACHE")}
        for command in (
            [python, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", str(wheel)],
            [vpns, "run", "--preset", "digits", "--search-epochs", "1", "--finetune-epochs", "1"],
            [vpns, "show", "latest"],
            [vpns, "export", "latest", str(place / "exported")],
            [python, "-c", _WINDOW],
        ):
            print("$", *command[:6], "..." if command[-1] is _WINDOW else "", flush=True)
            environment = {**os.environ, **own, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": ""}
            done = subprocess.run(command, cwd=place, env=environment, check=False)
            if done.returncode != 0:
                print(f"failed with exit code {done.returncode}", file=sys.stderr)
                return 1
    print("the wheel works")
    return 0


if __name__ == "__main__":
    sys.exit(main())
