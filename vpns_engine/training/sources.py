"""Which way to the pictures a data set takes."""

from collections.abc import Callable

import torch

from vpns_engine.datasets import Split
from vpns_engine.specs.data import DataSpec
from vpns_engine.training.image_files import FileImages
from vpns_engine.training.images import DigitImages, HeldImages, ImageSource


def open_source(split: Split, data: DataSpec, device: torch.device, warn: Callable[[str], None]) -> ImageSource:
    """Open a data set's pictures; `warn` is told of each file that cannot be read.

    Raises:
        EngineError: the files of a set that is held whole cannot be read.
    """
    if data.dataset == "digits":
        return DigitImages(device)
    if split.load is not None:
        return HeldImages(split.load(), device)
    return FileImages(split.paths, warn, device)
