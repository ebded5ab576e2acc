"""Batches: the two views of the training images, validation and test (spec sections 4 and 5).

Shapes: B batch, R side after resizing, S image side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from vpns_engine.datasets import Part
from vpns_engine.specs.data import DataSpec
from vpns_engine.training.images import Ids, ImageSource
from vpns_engine.training.randomness import key_of, order_of, uniform


@dataclass(frozen=True)
class Batch:
    """Images (B, 3, S, S) in [0, 1] and classes (B,), on the device."""

    x_BCHW: Tensor
    y_B: Tensor


class Feed(Protocol):
    """A source of batches."""

    def __len__(self) -> int:
        """Number of batches in a pass."""

    def batches(self, purpose: str, epoch: int) -> Iterator[Batch]:
        """Give one pass. The order depends on the purpose (kind of phase) and the epoch, nothing else."""


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

    def batches(self, purpose: str, epoch: int) -> Iterator[Batch]:
        """See `Feed`. A batch whose pictures are all broken is left out."""
        key = key_of(self.seed, self.name, purpose, epoch)
        count = len(self.part)
        order = order_of(key, count) if self.shuffled else np.arange(count)
        for start in range(0, count, self.data.batch_size):
            places = order[start : start + self.data.batch_size]
            batch = self._batch(key, self.part.ids[places], self.part.labels[places])
            if batch is not None:
                yield batch

    def _batch(self, key: int, ids_B: Ids, labels_B: Ids) -> Batch | None:
        size = self.data.image_size
        pictures, good = self.source.fetch(ids_B, int(size * 9 / 8) if self.augmented else size)
        if good.size == 0:
            return None
        x = pictures.to(self.device, non_blocking=True).float().div_(255)
        y = torch.from_numpy(labels_B[good]).to(self.device)
        return Batch(augment(x, key, ids_B[good], size, flip=self.data.flip) if self.augmented else x, y)


def augment(x_BCRR: Tensor, key: int, ids_B: Ids, size: int, *, flip: bool) -> Tensor:
    """Crop each image to `size` at a random place, and mirror half of them; the place depends on (key, id) alone."""
    room = x_BCRR.shape[-1] - size + 1
    tops, lefts = (torch.from_numpy((uniform(key, ids_B, stream) * room).astype(np.int64)) for stream in (0, 1))
    span = torch.arange(size)
    columns_BS = lefts[:, None] + span
    if flip:
        mirrored = torch.from_numpy(uniform(key, ids_B, 2) < 0.5)
        columns_BS = torch.where(mirrored[:, None], columns_BS.flip(1), columns_BS)
    rows_BS = (tops[:, None] + span).to(x_BCRR.device)
    which = torch.arange(x_BCRR.shape[0], device=x_BCRR.device)[:, None, None]
    # indices around a slice put the channels last
    return x_BCRR[which, :, rows_BS[:, :, None], columns_BS.to(x_BCRR.device)[:, None, :]].permute(0, 3, 1, 2).contiguous()
