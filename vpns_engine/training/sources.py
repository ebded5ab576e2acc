"""Which way to the pictures a data set takes."""

from collections.abc import Callable

import torch

from vpns_engine.datasets import Split
from vpns_engine.specs.data import DataSpec
from vpns_engine.training.image_files import FileImages
from vpns_engine.training.images import HeldImages, ImageSource, SmallImages
from vpns_engine.training.transforms import train_side

_SMALL_BYTES = 1 << 24


def open_source(split: Split, data: DataSpec, device: torch.device, warn: Callable[[str], None]) -> ImageSource:
    """Open a data set's pictures; `warn` is told of each file that cannot be read.

    Raises:
        EngineError: the files of a set that is held whole cannot be read.
    """
    if split.load is None:
        return FileImages(split.paths, warn, device)
    pictures = split.load()
    is_small = len(pictures) * 3 * train_side(data.image_size) ** 2 <= _SMALL_BYTES
    return SmallImages(pictures, device) if is_small else HeldImages(pictures, device)
