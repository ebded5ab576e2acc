"""The images a run reads, one at a time or a few; and files of one's own, read the same way.

Shapes: N images, S image side.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import torch

from vpns_engine.datasets import Part, Split, split_of
from vpns_engine.errors import EngineError
from vpns_engine.specs.run import RunConfig
from vpns_engine.training.decode import BrokenPictureError, decode
from vpns_engine.training.images import CPU, ImageSource
from vpns_engine.training.sources import open_source
from vpns_engine.training.transforms import resized, whole_picture

PartName = Literal["train", "validation", "test"]
Pixels = npt.NDArray[np.uint8]


class Images:
    """A run's data set. Nothing of it is read before it is asked for."""

    def __init__(self, config: RunConfig, classes: Sequence[str]) -> None:
        self._config = config
        self._classes = tuple(classes)
        self._split: Split | None = None
        self._source: ImageSource | None = None

    @property
    def split(self) -> Split:
        """The data set's parts.

        Raises:
            EngineError: it is not there, or has other classes now than the run was begun with.
        """
        if self._split is None:
            split = split_of(self._config.data, self._config.seed)
            if split.classes != self._classes:
                raise EngineError(
                    f"the data set has other classes now than the run was begun with ({len(split.classes)}, then "
                    f"{len(self._classes)}): bring the old one back"
                )
            self._split = split
        return self._split

    @property
    def source(self) -> ImageSource:
        """Where its pictures come from.

        Raises:
            EngineError: its files cannot be read.
        """
        if self._source is None:
            self._source = open_source(self.split, self._config.data, CPU, lambda _text: None)  # `picture` says why
        return self._source

    def close(self) -> None:
        """Let go of files and threads."""
        if self._source is not None:
            self._source.close()
        self._source = None

    def part(self, name: str) -> Part:
        """Give a part: `train`, `validation` or `test`.

        Raises:
            EngineError: there is no such part, or no data set.
        """
        if name not in get_args(PartName):
            raise EngineError(f"there is no part {name!r}: train, validation or test")
        found: Part = getattr(self.split, name)
        return found

    def name(self, part: str, index: int) -> str:
        """Name an image: its file below the folder of its class, or its place in the data set."""
        number = int(self._checked(part, (index,))[0])
        if self.split.paths:
            path = Path(self.split.paths[number])
            return f"{path.parent.name}/{path.name}"
        return f"image {number}"

    def pictures(self, part: str, indices: Sequence[int]) -> tuple[Pixels, npt.NDArray[np.int64]]:
        """Read a few images as the run reads them to test: uint8 (N, 3, S, S), and which of the indices those are.

        Images that are broken are left out.

        Raises:
            EngineError: there is no such image, or the data set went away.
        """
        ids = self._checked(part, indices)
        side = self._config.data.image_size
        if not ids.size:
            return np.empty((0, 3, side, side), np.uint8), np.empty(0, np.int64)
        x_N3SS, good = self.source.begin(ids, whole_picture(ids.size, side))()
        return as_pixels(x_N3SS), np.asarray(good, np.int64)

    def picture(self, part: str, index: int) -> Pixels:
        """Read one image; see `pictures`.

        Raises:
            EngineError: it is broken; or as there.
        """
        pixels, good = self.pictures(part, (index,))
        if not good.size:
            number = int(self._checked(part, (index,))[0])
            return read_file(Path(self.split.paths[number]), self._config.data.image_size)
        first: Pixels = pixels[0]
        return first

    def _checked(self, part: str, indices: Sequence[int]) -> npt.NDArray[np.int64]:
        ids = self.part(part).ids
        wanted = np.asarray(indices, np.int64)
        if wanted.size and not (wanted.min() >= 0 and wanted.max() < ids.size):
            raise EngineError(f"there is no {part} image {int(wanted.max()) + 1}: there are {ids.size}")
        return ids[wanted]


def read_file(path: Path, side: int) -> Pixels:
    """Read a picture file as a run reads its own: RGB, both sides resized to `side`; shape (3, S, S).

    The orientation that a camera notes in the file is not looked at, as a run does not look at it either.

    Raises:
        EngineError: it is no picture, damaged, or not there.
    """
    try:
        picture = decode(str(path))
    except BrokenPictureError as error:
        raise EngineError(f"{path.name}: {error}") from error
    # by numpy: torch would start threads of its own in each worker
    found: Pixels = np.ascontiguousarray(resized(picture, side).numpy())
    return found


def as_pixels(x: torch.Tensor) -> Pixels:
    """Give images in steps of 1/255 as uint8; exact."""
    pixels: Pixels = (x * 255).round_().to(torch.uint8).cpu().numpy()
    return pixels
