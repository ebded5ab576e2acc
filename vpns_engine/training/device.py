"""Where a run computes: device and threads. As a program: print the devices a person can choose, as JSON."""

import json
import os

import torch

from vpns_engine.errors import EngineError
from vpns_engine.nn.normalization import forget_constants
from vpns_engine.training.held import let_go
from vpns_engine.training.transforms import forget_weights


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


def clear_device() -> None:
    """Give back what lies on the devices and is no part of a run: constants, weights of resizing, work memory."""
    forget_constants()
    forget_weights()
    # the matrix library keeps tens of megabytes for the next product; torch gives them back by this alone
    clear_work_memory = getattr(torch._C, "_cuda_clearCublasWorkspaces", None)
    if clear_work_memory is not None and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        clear_work_memory()
    let_go()


def offered_devices() -> tuple[str, ...]:
    """List what a person can choose on this machine: `auto`, then the devices; a single GPU goes by `cuda`."""
    found = available_devices()
    gpus = [device for device in found if device.startswith("cuda")]
    several = gpus if len(gpus) > 1 else []
    return ("auto", *(["cuda"] if gpus else []), *several, *(device for device in found if device not in gpus))


if __name__ == "__main__":
    print(json.dumps(offered_devices()))
