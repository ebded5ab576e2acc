"""Memory for batches, used again once nobody holds the batch before."""

import math
import weakref

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_IDLE = 4
"""Pieces of memory that are kept at most."""


class Buffers:
    """Gives tensors for batches. On the CPU fresh memory costs more than filling it: every page of it is cleared first.

    A piece of memory is given out again when the tensor that had it is gone, with all that was made of its storage.
    """

    def __init__(self) -> None:
        self._pieces: list[tuple[npt.NDArray[np.float32], weakref.ref[npt.NDArray[np.float32]]]] = []

    def take(self, shape: tuple[int, ...], device: torch.device) -> Tensor:
        """Give a float32 tensor with arbitrary values."""
        if device.type != "cpu":
            return torch.empty(shape, device=device)  # the allocators of accelerators do the same themselves
        length = math.prod(shape)
        self._pieces = [piece for piece in self._pieces if piece[0].size >= length or piece[1]() is not None]
        base = next((base for base, user in self._pieces if base.size >= length and user() is None), None)
        self._pieces = [piece for piece in self._pieces if piece[0] is not base]
        base = np.empty(length, dtype=np.float32) if base is None else base
        view = base[:length].reshape(shape)
        self._pieces = [*self._pieces, (base, weakref.ref(view))][-_IDLE:]
        return torch.from_numpy(view)  # holds the view as long as its storage lives
