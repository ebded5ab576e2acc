"""SVHN: house numbers, 32 x 32 pictures in two MATLAB files."""

from pathlib import Path

import numpy as np

from vpns_engine.data_sets.mat_files import read_mat, shape_in_mat
from vpns_engine.data_sets.reading import as_labels
from vpns_engine.errors import EngineError
from vpns_engine.image_table import TEST, TRAIN, IdArray, ImageTable, Pictures

_FILES = {"train_32x32.mat": TRAIN, "test_32x32.mat": TEST}
_PICTURE = (32, 32, 3)


def read_svhn(folder: Path) -> ImageTable:
    """List the pictures of SVHN (in the data root itself)."""
    paths = {folder / name: part for name, part in _FILES.items()}
    labels = [_labels(path) for path in paths]
    parts = [np.full(some.size, part, dtype=np.int64) for some, part in zip(labels, paths.values(), strict=True)]
    sizes = {path: some.size for path, some in zip(paths, labels, strict=True)}
    return ImageTable(
        tuple(str(digit) for digit in range(10)), np.concatenate(labels), np.concatenate(parts), load=lambda: _load(sizes)
    )


def _labels(path: Path) -> IdArray:
    # the file calls the digit 0 "10"
    labels = as_labels(read_mat(path, "y"), 11, path)
    wanted = (*_PICTURE, labels.size)
    # a single picture may come without its last dimension
    if (shape := shape_in_mat(path, "X")) != wanted and (*shape, 1) != wanted:
        raise EngineError(f"{path}: 'X' has shape {shape}, but {wanted} is expected")
    return np.where(labels == 10, 0, labels)


def _load(sizes: dict[Path, int]) -> Pictures:
    return np.concatenate([_pictures(path, size) for path, size in sizes.items()])


def _pictures(path: Path, size: int) -> Pictures:
    pictures = np.asarray(read_mat(path, "X"))
    if pictures.dtype != np.uint8 or pictures.size != size * 32 * 32 * 3:
        raise EngineError(
            f"{path}: 'X' is {pictures.dtype} of shape {pictures.shape}, but uint8 of {(*_PICTURE, size)} is expected"
        )
    return np.ascontiguousarray(pictures.reshape(*_PICTURE, size).transpose(3, 0, 1, 2))
