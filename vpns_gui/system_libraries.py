"""What Qt needs from the system, looked for before Qt is loaded: Qt itself only aborts."""

import ctypes
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Library:
    """A shared library and the packages that bring it, on Debian (apt) and on Fedora (dnf)."""

    file: str
    apt: str
    dnf: str


ALWAYS = (
    Library("libEGL.so.1", "libegl1", "libglvnd-egl"),
    Library("libGL.so.1", "libgl1", "libglvnd-glx"),
    Library("libX11.so.6", "libx11-6", "libX11"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig"),
    Library("libfreetype.so.6", "libfreetype6", "freetype"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2"),
    Library("libgthread-2.0.so.0", "libglib2.0-0", "glib2"),
)
"""Needed whatever the window is drawn on."""

X11 = (
    Library("libxcb.so.1", "libxcb1", "libxcb"),
    Library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11"),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm"),
    Library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms"),
    Library("libxcb-randr.so.0", "libxcb-randr0", "libxcb"),
    Library("libxcb-render.so.0", "libxcb-render0", "libxcb"),
    Library("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil"),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb"),
    Library("libxcb-shm.so.0", "libxcb-shm0", "libxcb"),
    Library("libxcb-sync.so.1", "libxcb-sync1", "libxcb"),
    Library("libxcb-util.so.1", "libxcb-util1", "xcb-util"),
    Library("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb"),
)
"""Needed on an X11 display."""

WAYLAND = (
    Library("libwayland-client.so.0", "libwayland-client0", "libwayland-client"),
    Library("libwayland-cursor.so.0", "libwayland-cursor0", "libwayland-cursor"),
)
"""Needed on a Wayland display."""

_NO_DISPLAY = (
    "VPNs Studio: there is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set). "
    "Log in to a desktop, use `ssh -X`, or work without a window: `vpns run --help`."
)


def problem(
    environment: Mapping[str, str] = os.environ,
    *,
    platform: str = sys.platform,
    loads: Callable[[str], bool] | None = None,
) -> str:
    """Say why a window cannot be opened here and what to do; empty where nothing stands in the way.

    Args:
        environment: the process's environment variables.
        platform: `sys.platform`; only Linux is looked at, elsewhere Qt brings what it needs.
        loads: tells whether a shared library can be loaded.
    """
    if not platform.startswith("linux"):
        return ""
    plugin = _plugin(environment)
    if plugin is None:
        return _NO_DISPLAY
    found = missing(_needed(plugin), loads or _loads)
    return _advice(found) if found else ""


def missing(libraries: Iterable[Library], loads: Callable[[str], bool]) -> tuple[Library, ...]:
    """Give the libraries that cannot be loaded."""
    return tuple(library for library in libraries if not loads(library.file))


def _plugin(environment: Mapping[str, str]) -> str | None:
    """Name the Qt platform plugin that will be taken; None where there is no display for one."""
    asked = environment.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    if asked:
        return asked
    if environment.get("DISPLAY"):
        # on Wayland desktops too: Qt falls back to it where the Wayland plugin does not start
        return "wayland" if environment.get("XDG_SESSION_TYPE") == "wayland" and environment.get("WAYLAND_DISPLAY") else "xcb"
    return "wayland" if environment.get("WAYLAND_DISPLAY") else None


def _needed(plugin: str) -> tuple[Library, ...]:
    match plugin:
        case "xcb":
            return ALWAYS + X11
        case "wayland" | "wayland-egl":
            return ALWAYS + WAYLAND
        case _:
            return ALWAYS


def _loads(file: str) -> bool:
    try:
        ctypes.CDLL(file)
    except OSError:
        return False
    return True


def _advice(found: tuple[Library, ...]) -> str:
    files = ", ".join(library.file for library in found)
    apt = " ".join(dict.fromkeys(library.apt for library in found))
    dnf = " ".join(dict.fromkeys(library.dnf for library in found))
    return (
        f"VPNs Studio: the window needs system libraries that are not there: {files}\n"
        f"  Debian, Ubuntu:  sudo apt-get install {apt}\n"
        f"  Fedora:          sudo dnf install {dnf}"
    )
