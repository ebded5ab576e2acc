"""What Qt needs from the system."""

import subprocess
import sys

from vpns_gui import system_libraries
from vpns_gui.system_libraries import ALWAYS, WAYLAND, X11, problem


def everything(_file):
    return True


def asked_for(environment):
    files = []
    problem(environment, platform="linux", loads=lambda file: bool(files.append(file)) or True)
    return set(files)


def test_that_a_complete_system_is_no_problem():
    assert problem({"DISPLAY": ":0"}, platform="linux", loads=everything) == ""


def test_that_missing_libraries_are_named_with_both_install_lines():
    text = problem({"DISPLAY": ":0"}, platform="linux", loads=lambda file: file not in ("libEGL.so.1", "libxcb-cursor.so.0"))
    first, apt, dnf = text.splitlines()
    assert "libEGL.so.1, libxcb-cursor.so.0" in first
    assert apt.endswith("apt-get install libegl1 libxcb-cursor0")
    assert dnf.endswith("dnf install libglvnd-egl xcb-util-cursor")


def test_that_a_package_is_named_once():
    gone = {"libglib-2.0.so.0", "libgthread-2.0.so.0"}
    text = problem({"DISPLAY": ":0"}, platform="linux", loads=lambda file: file not in gone)
    assert text.count("libglib2.0-0") == 1


def test_that_no_display_is_said_in_one_line():
    text = problem({}, platform="linux", loads=everything)
    assert "DISPLAY" in text and "vpns run" in text and len(text.splitlines()) == 1


def test_that_only_the_display_in_use_is_asked_about():
    always, x11, wayland = ({library.file for library in found} for found in (ALWAYS, X11, WAYLAND))
    assert asked_for({"QT_QPA_PLATFORM": "offscreen"}) == always
    assert asked_for({"DISPLAY": ":0"}) == always | x11
    assert asked_for({"WAYLAND_DISPLAY": "wayland-0"}) == always | wayland
    assert asked_for({"QT_QPA_PLATFORM": "xcb;wayland", "WAYLAND_DISPLAY": "wayland-0"}) == always | x11


def test_that_other_systems_are_not_asked():
    assert problem({}, platform="darwin") == problem({}, platform="win32") == ""


def test_that_this_system_has_what_the_tests_need():
    assert problem({"QT_QPA_PLATFORM": "offscreen"}) == ""


def test_that_the_program_says_it_before_qt_is_loaded():
    script = (
        "import sys\n"
        "from vpns_gui import system_libraries, __main__\n"
        "system_libraries.problem = lambda: 'a library is missing'\n"
        "code = __main__.main()\n"
        "assert not [name for name in sys.modules if name.startswith('PySide6')]\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (1, "a library is missing")


def test_that_every_library_of_qts_x11_plugin_is_known():
    known = {library.file for library in ALWAYS + X11}
    assert {"libxcb-cursor.so.0", "libxkbcommon-x11.so.0", "libxcb-icccm.so.4"} <= known
    assert system_libraries.missing(ALWAYS, lambda _file: False) == ALWAYS
