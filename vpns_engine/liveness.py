"""Whether the process that works on a run is still there: its number and start on the same machine, else its heartbeat."""

import os
import platform
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

HEARTBEAT_SECONDS = 10.0
"""How often a run says that it is there, whatever it is at."""
SILENT_SECONDS = 120.0
"""A run that was not heard of for so long is not worked on any more. Network file systems tell a minute late."""
_MISSED_SECONDS = 3 * HEARTBEAT_SECONDS
_SAME_SECONDS = 2.0
"""Two tellings of one process' start differ by less: the clock it is counted from may be set meanwhile."""
_GONE = "ZX"
_STATE, _START = 0, 19
"""Places in /proc/PID/stat, counted after the name."""


@dataclass(frozen=True)
class Place:
    """Which process it is, and where its number means something."""

    host: str
    boot: str
    """This start of the machine and, on Linux, the container's own numbering of processes; empty where it cannot be told."""
    process: int
    process_started: float
    """On Linux seconds after the machine's start, which setting the clock does not move; else seconds since 1970."""


def this_process() -> Place:
    """Say which process this is."""
    number = os.getpid()
    return Place(platform.node(), _boot(), number, started_at(number) or 0.0)


def is_alive(place: Place, heartbeat: float) -> bool:
    """Tell whether a process works, by its number where that can be looked up, and by when it was last heard of."""
    silent = abs(time.time() - heartbeat)
    if place.host != platform.node():
        return silent <= SILENT_SECONDS
    if place.boot != _boot():  # the machine was started anew, or it is another container of the same name
        return silent <= _MISSED_SECONDS
    started = started_at(place.process)
    return started is not None and abs(started - place.process_started) < _SAME_SECONDS and silent <= SILENT_SECONDS


def started_at(process: int) -> float | None:
    """Give when a process was started (see `Place.process_started`); None where there is none.

    One that has ended and that nobody has asked about yet (a zombie) is none.
    """
    if sys.platform == "linux":
        return _started_after_boot(process)
    with suppress(psutil.Error, OSError, ValueError, OverflowError):
        found = psutil.Process(process)
        if found.status() != psutil.STATUS_ZOMBIE:
            return float(found.create_time())
    return None


def _started_after_boot(process: int) -> float | None:
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        values = text.rpartition(")")[2].split()
        return None if values[_STATE] in _GONE else int(values[_START]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None


@cache
def _boot() -> str:
    with suppress(OSError):
        numbering = Path("/proc/self/ns/pid").readlink()
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text(encoding='ascii').strip()} {numbering}"
    return ""
