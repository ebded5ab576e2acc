"""Batches: the two views of the training images, validation and test (spec sections 4 and 5).

Shapes: B batch, S image side.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from vpns_engine.datasets import Part
from vpns_engine.specs.data import DataSpec
from vpns_engine.training.images import ImageSource
from vpns_engine.training.prefetch import begun_ahead
from vpns_engine.training.randomness import key_of, order_of
from vpns_engine.training.transforms import Cuts, Ids, drawn_cuts, train_side, whole_picture


@dataclass(frozen=True)
class Batch:
    """Images (B, 3, S, S) in [0, 1] and classes (B,), on the device."""

    x_BCHW: Tensor
    y_B: Tensor
    number: int = 0
    """Its place in the pass, from 0; those that are left out are counted."""
    ids_B: Ids | None = None
    """Which images of the data set they are; None where nobody asks."""


class Feed(Protocol):
    """A source of batches."""

    def __len__(self) -> int:
        """Number of batches in a pass."""

    def batches(self, purpose: str, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Give one pass, from batch number `first` on. Its order depends on the purpose (kind of phase) and the epoch alone."""


@dataclass(frozen=True)
class Feeds:
    """All a run reads. `validation` is None under the paper protocol."""

    train: Feed
    vp: Feed
    validation: Feed | None
    test: Feed


@dataclass(frozen=True)
class ImageFeed:
    """Batches of one part of a data set."""

    source: ImageSource
    part: Part
    data: DataSpec
    device: torch.device
    seed: int
    name: str
    """What distinguishes this feed's order from the others'."""
    augmented: bool
    """Train transform (resize, random crop, flip) rather than the test transform."""
    shuffled: bool

    def __len__(self) -> int:
        return ceil(len(self.part) / self.data.batch_size)

    def batches(self, purpose: str, epoch: int, first: int = 0) -> Iterator[Batch]:
        """See `Feed`. A batch whose pictures are all broken is left out."""
        for batch in begun_ahead(self._begun(purpose, epoch, first), self.source.ahead):
            if batch is not None:
                yield batch

    def _begun(self, purpose: str, epoch: int, first: int) -> Iterator[Callable[[], Batch | None]]:
        key = key_of(self.seed, self.name, purpose, epoch)
        count = len(self.part)
        order = order_of(key, count) if self.shuffled else np.arange(count)
        for number in range(first, len(self)):
            places = order[number * self.data.batch_size : (number + 1) * self.data.batch_size]
            yield self._batch(number, key, self.part.ids[places], self.part.labels[places])

    def _batch(self, number: int, key: int, ids_B: Ids, labels_B: Ids) -> Callable[[], Batch | None]:
        """Begin a batch; what is returned waits for it."""
        wait = self.source.begin(ids_B, self._cuts(key, ids_B))

        def finish() -> Batch | None:
            x, good = wait()
            labels = torch.from_numpy(labels_B[good]).to(self.device)
            return Batch(x, labels, number, ids_B[good]) if good.size else None

        return finish

    def _cuts(self, key: int, ids_B: Ids) -> Cuts:
        size = self.data.image_size
        if not self.augmented:
            return whole_picture(ids_B.size, size)
        return drawn_cuts(key, ids_B, size, side=train_side(size), flip=self.data.flip)
