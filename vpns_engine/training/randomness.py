"""Random choices that depend on what they are for, not on when they are drawn.

So a run that goes on in the middle of an epoch meets the same batches, whatever the number of workers.

Shapes: B batch.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

UintArray = npt.NDArray[np.uint64]


def key_of(*parts: int | str) -> int:
    """Give a 63-bit number that names its parts: (seed, what for, phase, epoch)."""
    text = "|".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def order_of(key: int, count: int) -> npt.NDArray[np.int64]:
    """Shuffle 0 .. count - 1."""
    return np.random.default_rng(key).permutation(count)


def uniform(key: int, ids_B: npt.NDArray[np.int64], stream: int) -> npt.NDArray[np.float64]:
    """Draw a number in [0, 1) for each sample id, from (key, id, stream) alone (splitmix64)."""
    with np.errstate(over="ignore"):
        state = np.uint64(key) + (ids_B.astype(np.uint64) * np.uint64(8) + np.uint64(stream)) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return (state >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def device_numbers(device: torch.device) -> Tensor | None:
    """Give where an accelerator's own generator stands; None for the CPU, whose generator is torch's."""
    match device.type:
        case "cuda":
            return torch.cuda.get_rng_state(device)
        case "mps":
            return torch.mps.get_rng_state()
        case _:
            return None


def set_device_numbers(device: torch.device, numbers: Tensor) -> None:
    """Put an accelerator's generator where it stood."""
    match device.type:
        case "cuda":
            torch.cuda.set_rng_state(numbers, device)
        case "mps":
            torch.mps.set_rng_state(numbers)
        case _:
            raise ValueError(f"{device} has no generator of its own")


class PromptPlaces:
    """Draws the random prompt's place at each call, uniform in [0, C - M); levels start it anew, so they are independent."""

    def __init__(self, key: int, room: int) -> None:
        self._key = key
        self._room = room
        self.restart()

    def restart(self) -> None:
        """Begin with the first place again."""
        self._generator = np.random.default_rng(self._key)

    @property
    def position(self) -> dict[str, Any]:
        """What is drawn next depends on this alone; plain values."""
        return dict(self._generator.bit_generator.state)

    @position.setter
    def position(self, position: Mapping[str, Any]) -> None:
        self._generator.bit_generator.state = position

    def __call__(self) -> tuple[int, int]:
        """Give row and column of the square's top-left corner, in px."""
        return int(self._generator.integers(self._room)), int(self._generator.integers(self._room))
