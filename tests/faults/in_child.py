"""Faults that a run's own process brings about, each at one of its events; for processes that may be spoilt."""

import ctypes
import gc
import resource
from collections.abc import Callable

import torch

from vpns_engine.events import Event
from vpns_engine.training.image_files import FileImages

_SPARE = 24 * 2**20
_HELD: list[torch.Tensor] = []


def _take_memory(_event: Event) -> None:
    """Leave this process a few megabytes more than it has."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # or the C library goes on with what it once had
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + _SPARE, resource.RLIM_INFINITY))


def _end_decoders(_event: Event) -> None:
    """Shut down what decodes image files."""
    for found in gc.get_objects():
        if isinstance(found, FileImages):
            found.close()


def _take_threads(_event: Event) -> None:
    """Leave no room for another thread's stack."""
    _end_decoders(_event)


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
    "no more threads": _at(_take_threads, "run-started"),
    "decoders end": _at(_end_decoders, "run-started"),
    "the GPU fails": _at(_break_gpu, "step", epoch=2, step=1),
    "the GPU is full": _at(_fill_gpu, "epoch", epoch=1),
}
