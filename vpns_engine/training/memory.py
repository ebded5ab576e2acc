"""Says what helps when a pass does not fit into the device's memory."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from vpns_engine.errors import OutOfMemory

_WORDS = ("out of memory", "can't allocate memory", "alloc_failed", "not enough memory")
_BATCH_NORM = nn.modules.batchnorm._BatchNorm


@contextmanager
def guarded_pass(network: nn.Module, num_images: int, size: int) -> Iterator[None]:
    """Make a pass of `num_images` images of `size` px, and turn a lack of memory into what to do about it.

    Raises:
        OutOfMemory: the pass did not fit.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_lack_of_memory(error):
            raise
        raise OutOfMemory(_advice(network, num_images, size), num_images // 2) from error


def is_lack_of_memory(error: RuntimeError | MemoryError) -> bool:
    """Tell a lack of memory, of the machine's or an accelerator's, from other errors of a pass."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).casefold()
    return any(words in text for words in _WORDS)


def _advice(network: nn.Module, num_images: int, size: int) -> str:
    if num_images < 2:
        return f"not enough memory for a single image of {size} px: take a smaller image or a smaller network"
    if any(isinstance(module, _BATCH_NORM) for module in network.modules()):
        what = "results differ a little then: batch-norm sees the smaller batches"
    else:
        what = "updates stay the same, gradients are summed"
    half = num_images // 2
    way_out = f"take a micro-batch of {half} (--micro-batch {half})"
    return f"not enough memory for {num_images} images of {size} px at once: {way_out}; {what}"
