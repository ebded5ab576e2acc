"""What a run will cost, from a few timed iterations of it: the numbers, in words, and what speaks against starting it."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from vpns_engine.keeping import Keeping
from vpns_engine.specs.run import RunConfig
from vpns_engine.usage import Room, room_of
from vpns_engine.words import duration, size_text

_STEP_BYTES = 200
_STEPS_PER_SECOND = 10
_CGROUP = Path("/sys/fs/cgroup")


class Estimate(BaseModel):
    """Measured on this machine, with the run's own network, images and device. Sizes are bytes."""

    model_config = ConfigDict(frozen=True)

    device: str
    threads: int
    seconds: float
    """Of the whole run."""
    parts: dict[str, float]
    """The same, by what it is spent on."""
    memory: int
    """Most that the process has of the machine's memory."""
    memory_free: int
    """What was free before."""
    device_memory: int | None = None
    """Most that is taken of an accelerator's own memory; None on the CPU."""
    device_free: int | None = None
    num_source: int = 0
    """Classes of the network, as it is loaded."""
    num_target: int = 0
    """Classes of the data set."""
    num_test: int = 0
    """Its test images."""
    iterations: int = 0
    """Of all phases."""

    def times(self, num_runs: int) -> "Estimate":
        """Give the estimate for several such runs, one after another."""
        parts = {name: seconds * num_runs for name, seconds in self.parts.items()}
        changes = {"seconds": self.seconds * num_runs, "parts": parts, "iterations": self.iterations * num_runs}
        return self.model_copy(update=changes)


def room_of_all(configs: Iterable[RunConfig], keeping: Keeping, estimate: Estimate) -> Room:
    """Count what runs put on the disk, one after another; the estimate is that of all of them."""
    found = Room(0, 0, 0, 0)
    for config in configs:
        room = room_of(
            config, keeping, num_target=estimate.num_target, num_in_file=estimate.num_source, num_test=estimate.num_test
        )
        assert room is not None  # the classes are known
        found += room
    # at most ten iterations a second are written down
    written = min(estimate.iterations, int(estimate.seconds * _STEPS_PER_SECOND))
    return found + Room(0, 0, 0, written * _STEP_BYTES)


def cost_words(estimate: Estimate) -> str:
    """Say time and memory in one line."""
    device = f", {size_text(estimate.device_memory)} on {estimate.device}" if estimate.device_memory is not None else ""
    return f"About {duration(estimate.seconds)} on {estimate.device}; {size_text(estimate.memory)} of memory{device}"


def disk_words(room: Room, free: int | None) -> str:
    """Say the disk in one line."""
    most = f"{size_text(room.stays)} on the disk"
    if room.most > 1.05 * room.stays:
        most += f", up to {size_text(room.most)} while it runs"
    return most + ("" if free is None else f"; {size_text(free)} free")


def disk_problem(room: Room, free: int | None, folder: Path) -> str:
    """Say that a run will not fit on the disk; empty where it will."""
    if free is None or room.most <= free:
        return ""
    return f"{size_text(room.most)} are needed in {folder}, {size_text(free)} are free: clear runs, or keep fewer epochs"


def memory_problems(estimate: Estimate) -> Iterator[str]:
    """Say what of the memory will not do."""
    if estimate.memory > estimate.memory_free:
        yield (
            f"{size_text(estimate.memory)} of memory are needed, {size_text(estimate.memory_free)} are free: take a "
            "smaller batch, micro-batch or image"
        )
    needed, free = estimate.device_memory, estimate.device_free
    if needed is not None and free is not None and needed > free:
        yield (
            f"{size_text(needed)} of the memory of {estimate.device} are needed, {size_text(free)} are free: take a micro-batch"
        )


def memory_free() -> int:
    """Give the bytes of memory that this process could still get, within what a container leaves it."""
    free = int(psutil.virtual_memory().available)
    limit, used = (_number(_CGROUP / name) for name in ("memory.max", "memory.current"))
    return free if limit is None or used is None else min(free, max(0, limit - used + _of_files()))


def _of_files() -> int:
    """Give the bytes that a container holds of files that were read: they count as used, and go when memory is asked for."""
    try:
        rows = [line.split() for line in (_CGROUP / "memory.stat").read_text(encoding="ascii").splitlines()]
    except OSError:
        return 0
    return sum(int(row[1]) for row in rows if len(row) == 2 and row[0] in ("active_file", "inactive_file"))


def peak_memory() -> int:
    """Give the most bytes of memory that this process ever had."""
    if os.name == "nt":
        return int(psutil.Process().memory_info().peak_wset)
    import resource
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
