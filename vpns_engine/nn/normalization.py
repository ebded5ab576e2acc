"""Normalisation of a network's input, and the clamp before it.

Shapes: B batch, C channels, H height, W width.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from vpns_engine.catalogue import catalogue

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

Channels = tuple[float, float, float]


@dataclass(frozen=True)
class Normalization:
    """Subtracts a mean from each channel and divides by a standard deviation, in the input's own precision."""

    mean: Channels
    std: Channels

    def __call__(self, x_BCHW: Tensor) -> Tensor:
        """Normalise images in [0, 1]."""
        mean, std = _constants(self, x_BCHW.dtype, x_BCHW.device)
        return (x_BCHW - mean) / std


IMAGENET = Normalization(MEAN, STD)


def normalize(x_BCHW: Tensor) -> Tensor:
    """Subtract the ImageNet mean and divide by the standard deviation, in the input's own precision."""
    return IMAGENET(x_BCHW)


def normalization_of(architecture: str) -> Normalization:
    """Give the normalisation an architecture's pre-trained weights were made with."""
    entry = catalogue()[architecture]
    return Normalization(entry.mean, entry.std)


def forget_constants() -> None:
    """Let go of what lies on devices."""
    _constants.cache_clear()


@cache
def _constants(numbers: Normalization, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    # made in the target precision: float64 replays need the constants in true double
    # outside of inference mode: an export may ask first, and a run could not learn through what it left here
    with torch.inference_mode(False):
        mean, std = (torch.tensor(each, dtype=dtype, device=device).view(1, 3, 1, 1) for each in (numbers.mean, numbers.std))
    return mean, std


class _ClosedClamp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward((x >= 0) & (x <= 1))
        return x.clamp(0, 1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # noqa: ANN401
        (inside,) = ctx.saved_tensors
        gradient: Tensor = grad * inside
        return gradient


def clamp_unit(x: Tensor) -> Tensor:
    """Clamp to [0, 1]; the gradient passes on the closed interval, AT 0 and 1 too.

    torch's own clamp did that when the method was published and gives 0 at the bounds since 2026: with it a zero prompt on
    black or saturated pixels would never move.
    """
    result: Tensor = _ClosedClamp.apply(x)
    return result
