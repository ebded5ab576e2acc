"""What this process holds on a device."""

import csv
import gc
import os
import subprocess
from contextlib import suppress

import psutil
import torch

_MIB = 2**20
_QUERY = ("nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits")
_QUERY_SECONDS = 10


def let_go() -> None:
    """Give back what nobody refers to any more, on every device."""
    gc.collect()
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def held_mib(device: str) -> float | None:
    """Give what this process still holds on the device, in MiB; on the CPU its memory. None where that cannot be told."""
    match device.partition(":")[0]:
        case "cuda":
            told = _told_by_driver()
            return told if told is not None else torch.cuda.memory_reserved(device) / _MIB
        case "mps":
            return float(torch.mps.driver_allocated_memory() / _MIB)
        case "cpu":
            return float(psutil.Process().memory_info().rss / _MIB)
    return None


def _told_by_driver() -> float | None:
    """Ask the driver: only it knows of the context. In a container it may number the processes in another way."""
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        asked = subprocess.run(_QUERY, capture_output=True, text=True, check=True, timeout=_QUERY_SECONDS)
        rows = [row for row in csv.reader(asked.stdout.splitlines()) if len(row) == 2]
        mine = [float(used) for number, used in rows if int(number) == os.getpid()]
        return sum(mine) if mine else None
    return None
