"""Batches as they were recorded, in place of a data set's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from tests.conformance.cases import Array
from vpns_engine.training.feeds import Batch

DENSE = -1
"""The label mapping of the dense network comes before the first level."""


def pictures(bytes_N3SS: Array, dtype: torch.dtype) -> Tensor:
    """Give pictures in [0, 1]: float32(u8) / float32(255), widened where double is asked for."""
    return (torch.from_numpy(np.array(bytes_N3SS)).float() / 255).to(dtype)


class Passes(Protocol):
    """Says which recorded pass serves a purpose."""

    def __call__(self, level: int, purpose: str, epoch: int) -> int:
        """Give the pass of an epoch (from 1)."""


def train_passes(epochs: int) -> Passes:
    """Pass 0 maps the dense network's labels; then each level takes one for its mapping and `epochs` for each stage."""

    def number(level: int, purpose: str, epoch: int) -> int:
        first = 1 + level * (1 + 2 * epochs)
        numbers = {"map": 0 if level == DENSE else first, "search": first + epoch, "finetune": first + epochs + epoch}
        return numbers[purpose]

    return number


def vp_passes(epochs: int) -> Passes:
    """Each level takes `epochs` passes for each stage."""

    def number(level: int, purpose: str, epoch: int) -> int:
        return 2 * epochs * level + {"search": 0, "finetune": epochs}[purpose] + epoch - 1

    return number


@dataclass
class RecordedFeed:
    """Batches of consecutive samples of a recorded order. `level` says which density is at work."""

    x_N3SS: Tensor
    y_N: Tensor
    orders_PN: Array
    batch_size: int
    passes: Passes
    level: int = DENSE
    used: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return ceil(int(self.orders_PN.shape[1]) / self.batch_size)

    def batches(self, purpose: str, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Give the pass that was recorded for this purpose and epoch."""
        number = self.passes(self.level, purpose, epoch)
        self.used.append(number)
        order = torch.from_numpy(self.orders_PN[number].astype(np.int64))
        for batch, places in enumerate(torch.split(order, self.batch_size)):
            if batch >= first:
                yield Batch(self.x_N3SS[places], self.y_N[places], batch)


@dataclass
class FixedFeed:
    """All samples in their own order."""

    x_N3SS: Tensor
    y_N: Tensor
    batch_size: int

    def __len__(self) -> int:
        return ceil(len(self.y_N) / self.batch_size)

    def batches(self, _purpose: str, _epoch: int, _first: int = 0) -> Iterator[Batch]:
        """Give the whole set."""
        for x, y in zip(torch.split(self.x_N3SS, self.batch_size), torch.split(self.y_N, self.batch_size), strict=True):
            yield Batch(x, y)
