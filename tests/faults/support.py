"""What the fault tests share: disks that fill up for real, and what a run gave, to be held against another's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vpns_engine.drive import Control, resume
from vpns_engine.events import Event, RunEnded
from vpns_engine.store import RunStore

_NOT_COMPARED = {"seq": True, "time": True, "seconds": True}
_BALLAST = "ballast"


class NoDiskError(Exception):
    """No small disk can be made here; the message says why."""


@contextmanager
def small_disk(place: Path, megabytes: int, *, read_only: bool = False) -> Iterator[Path]:
    """Give a disk of its own, in memory.

    Raises:
        NoDiskError: this takes Linux and a user who may mount.
    """
    if not sys.platform.startswith("linux"):
        raise NoDiskError("a file system in memory is mounted on Linux only")
    place.mkdir()
    options = f"size={megabytes}m" + (",ro" if read_only else "")
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoDiskError(f"this user may not mount a small disk ({done.stderr.strip()})")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> None:
    """Write until nothing more fits."""
    handle = os.open(disk / _BALLAST, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for size in (2**16, 2**12, 1):
            while _written(handle, size):
                pass
    finally:
        os.close(handle)


def _written(handle: int, size: int) -> bool:
    try:
        return os.write(handle, b"x" * size) == size
    except OSError:
        return False


def empty(disk: Path) -> None:
    """Make room again."""
    (disk / _BALLAST).unlink()


def go_on(folder: Path) -> list[Event]:
    """Resume a run in this process and give what it told."""
    told: list[Event] = []
    resume(RunStore.open(folder), Control(), [told.append])
    return told


def end_of(events: list[Event]) -> RunEnded:
    """Give the end that a run told: once, last, in one line."""
    ends = [event for event in events if isinstance(event, RunEnded)]
    assert len(ends) == 1 and events[-1] is ends[0]
    assert "\n" not in ends[0].text
    return ends[0]


def result_of(folder: Path) -> dict[str, Any]:
    """Give all that a run came to: its artifacts byte for byte, and what it measured."""
    history = RunStore.open(folder).read().history
    artifacts = {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("artifacts/**/*.safetensors")}
    levels = [*history.levels.items(), *([(-1, history.dense)] if history.dense else [])]
    measured = {
        "epochs": [[_plain(epoch) for epoch in phase.epochs] for phase in history.phases],
        "saved": [_plain(saved) for _, level in levels for saved in level.saved if saved.complete],
        "tested": [_plain(tested) for _, level in levels for tested in level.tested],
        "mapped": [(level.sources, level.counts) for _, level in levels],
    }
    assert history.ended is not None and history.ended.status == "finished"
    return {**artifacts, **measured}


def _plain(event: Event) -> dict[str, Any]:
    return event.model_dump(exclude=_NOT_COMPARED)
