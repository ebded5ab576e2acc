"""Where a run computes: device and threads. As a program: print the devices a person can choose, as JSON."""

import json
import os

import torch

from vpns_engine.errors import EngineError


def available_devices() -> tuple[str, ...]:
    """List the devices of this machine, best first; the CPU is always there."""
    cuda = tuple(f"cuda:{index}" for index in range(torch.cuda.device_count())) if torch.cuda.is_available() else ()
    mps = ("mps",) if torch.backends.mps.is_available() else ()
    return (*cuda, *mps, "cpu")


def choose_device(wanted: str) -> torch.device:
    """Give the device a config asks for; `auto` takes the best.

    Raises:
        EngineError: it is not there.
    """
    found = available_devices()
    if wanted == "auto":
        return torch.device(found[0])
    if wanted == "cuda" and found[0].startswith("cuda"):
        return torch.device(found[0])
    if wanted not in found:
        raise EngineError(f"device {wanted} is not there: this machine has {', '.join(found)}")
    return torch.device(wanted)


def set_threads(wanted: int) -> int:
    """Set torch's threads and give their number; 0 leaves one core to the window."""
    threads = wanted or max(1, (os.cpu_count() or 1) - 1)
    torch.set_num_threads(threads)
    return threads


def offered_devices() -> tuple[str, ...]:
    """List what a person can choose on this machine: `auto`, then the devices; a single GPU goes by `cuda`."""
    found = available_devices()
    gpus = [device for device in found if device.startswith("cuda")]
    several = gpus if len(gpus) > 1 else []
    return ("auto", *(["cuda"] if gpus else []), *several, *(device for device in found if device not in gpus))


if __name__ == "__main__":
    print(json.dumps(offered_devices()))
