"""MNIST: grey digits in the idx format."""

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vpns_engine.data_sets.reading import as_labels, unreadable
from vpns_engine.errors import EngineError
from vpns_engine.image_table import TEST, TRAIN, ImageTable, Pictures

_FILES = {"train": TRAIN, "t10k": TEST}
_BYTES = 0x08
"""The idx format's number for unsigned bytes."""


def read_mnist(folder: Path) -> ImageTable:
    """List the pictures of MNIST (folder `MNIST/raw`)."""
    labels, parts, images = [], [], {}
    for name, part in _FILES.items():
        path = folder / f"{name}-labels-idx1-ubyte"
        labels.append(as_labels(_read_idx(path, dimensions=1), 10, path))
        parts.append(np.full(labels[-1].size, part, dtype=np.int64))
        images[folder / f"{name}-images-idx3-ubyte"] = labels[-1].size
    for path, expected in images.items():
        _check_number(_shape_of(path, dimensions=3), expected, path)
    return ImageTable(
        tuple(str(digit) for digit in range(10)), np.concatenate(labels), np.concatenate(parts), load=lambda: _load(images)
    )


def _load(images: dict[Path, int]) -> Pictures:
    grey = []
    for path, expected in images.items():
        grey.append(_read_idx(path, dimensions=3))
        _check_number(grey[-1].shape, expected, path)
    if len({some.shape[1:] for some in grey}) > 1:
        raise EngineError(f"{' and '.join(map(str, images))} have pictures of different sizes")
    return np.repeat(np.concatenate(grey)[..., None], 3, axis=-1)


def _check_number(shape: tuple[int, ...], expected: int, path: Path) -> None:
    if shape[0] != expected:
        raise EngineError(f"{path} has {shape[0]} pictures, but there are {expected} labels")


def _shape_of(path: Path, *, dimensions: int) -> tuple[int, ...]:
    """Read the head of an idx file, and see that the file is as long as it says."""
    size = 4 + 4 * dimensions
    try:
        with path.open("rb") as file:
            head = file.read(size)
        length = path.stat().st_size
    except OSError as error:
        raise unreadable(error, path) from error
    if len(head) < size or head[:4] != bytes((0, 0, _BYTES, dimensions)):
        raise EngineError(f"{path} is no idx file of bytes in {dimensions} dimensions")
    shape = struct.unpack(f">{dimensions}I", head[4:])
    wanted = size + int(np.prod(shape, dtype=object))
    if length != wanted or 0 in shape:
        raise EngineError(f"{path} is cut off or damaged: it has {length:,} bytes, but {wanted:,} are expected")
    return shape


def _read_idx(path: Path, *, dimensions: int) -> npt.NDArray[np.uint8]:
    shape = _shape_of(path, dimensions=dimensions)
    try:
        return np.fromfile(path, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    except OSError as error:
        raise unreadable(error, path) from error
