"""The program as it starts."""

import subprocess
import sys

import pytest
from PySide6.QtWidgets import QPlainTextEdit

from vpns_gui.dialogs.problem import ProblemDialog
from vpns_gui.unexpected import UnexpectedErrors


def test_that_the_window_is_there_without_torch():
    script = (
        "import sys\n"
        "from vpns_gui import app\n"
        "made = app.make_application(['vpns-studio'])\n"
        "studio = app.Studio(app.runs_folder(), made)\n"
        "studio.window.show()\n"
        "studio.complete()\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'torch', 'torchvision', 'PIL'}, loaded\n"
        "assert studio.window.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_that_importing_the_app_leaves_plots_and_torch_alone():
    script = "import sys, vpns_gui.app\nassert not {'torch', 'pyqtgraph'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_that_the_program_opens_and_ends_by_its_own_entry_point():
    script = (
        "import sys\n"
        "from PySide6.QtCore import QTimer\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from vpns_gui import __main__, app\n"
        "make = app.make_application\n"
        "def closing(arguments):\n"
        "    made = make(arguments)\n"
        "    QTimer.singleShot(400, made.closeAllWindows)\n"
        "    return made\n"
        "app.make_application = closing\n"
        "sys.exit(__main__.main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "QThread" not in done.stderr


@pytest.fixture
def errors(qapp):
    return UnexpectedErrors(qapp)


def test_that_an_unexpected_error_is_told_and_the_window_lives(studio, errors):
    errors.happened.connect(studio.tell_unexpected)
    try:
        raise KeyError("prompt/delta")
    except KeyError as error:
        errors.take(type(error), error, error.__traceback__)
        errors.take(type(error), error, error.__traceback__)
    assert "KeyError: 'prompt/delta'" in studio.window.log.text
    (dialog,) = studio.window.findChildren(ProblemDialog)
    assert "Traceback" in dialog.findChild(QPlainTextEdit, "problemLines").toPlainText()
    assert studio.window.isVisible()
    dialog.close()


def test_that_an_interrupt_is_not_an_error_of_the_program(errors):
    told = []
    errors.happened.connect(told.append)
    errors.take(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert told == []
