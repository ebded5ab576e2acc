"""Faults that a run's own process brings about, each at one of its events; for processes that may be spoilt."""

import gc
import resource
from collections.abc import Callable
from pathlib import Path

import torch

from vpns_engine.events import Event
from vpns_engine.training.image_files import FileImages

_SPARE = 24 * 2**20
_LEFT = 4
_HELD: list[torch.Tensor] = []


def _take_memory(_event: Event) -> None:
    """Set a limit on this process's memory, and take what it leaves and what the C library has in store, but for a little."""
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + _SPARE, resource.RLIM_INFINITY))
    for size in (2**24, 2**20, 2**18):
        while _taken(size):
            pass
    del _HELD[:_LEFT]  # without any the libraries end the process, which is another fault


def _taken(size: int) -> bool:
    try:
        _HELD.append(torch.empty(size, dtype=torch.uint8))
    except RuntimeError:
        return False
    return True


def _end_decoders(_event: Event) -> None:
    """Shut down what decodes image files."""
    for found in gc.get_objects():
        if isinstance(found, FileImages):
            found.close()


def _break_gpu(_event: Event) -> None:
    """Let a kernel fail: after that the device answers nothing but errors in this process."""
    torch.zeros(1, device="cuda")[torch.tensor([7], device="cuda")]


def _fill_gpu(_event: Event) -> None:
    """Take all of the GPU's memory but a few megabytes."""
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    _HELD.append(torch.empty(free - _SPARE, dtype=torch.uint8, device="cuda"))


def _at(act: Callable[[Event], None], kind: str, **values: int) -> Callable[[Event], None]:
    def watch(event: Event) -> None:
        if event.kind == kind and all(getattr(event, name) == value for name, value in values.items()):
            act(event)

    return watch


FAULTS = {
    "no memory at the start": _at(_take_memory, "run-started"),
    "no memory after the first epoch": _at(_take_memory, "epoch", epoch=1),
    "decoders end": _at(_end_decoders, "run-started"),
    "the GPU fails": _at(_break_gpu, "step", epoch=2, step=1),
    "the GPU is full": _at(_fill_gpu, "epoch", epoch=1),
}
