"""A data set's images as a table: class and part of each, and where its pixels come from.

Shapes: N images, H height, W width.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TRAIN, VALIDATION, TEST = 0, 1, 2

IdArray = npt.NDArray[np.int64]
Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ImageTable:
    """Every image of a data set, in an order that never changes.

    The pixels are in image files (`paths`) or, where a set is small enough to be held whole, behind `load`.
    """

    classes: tuple[str, ...]
    labels: IdArray
    """Class number of each image, shape (N,)."""
    parts: IdArray
    """Part of each image, shape (N,): 0 train, 1 validation, 2 test."""
    paths: tuple[str, ...] = ()
    """File of each image; empty where there is `load`."""
    load: Callable[[], Pictures] | None = None
    """Reads all pictures, RGB, shape (N, H, W, 3); raises EngineError where the files changed since."""
    skipped: tuple[str, ...] = ()
    """Files among the images that are none by their name."""

    def __len__(self) -> int:
        return int(self.labels.size)
