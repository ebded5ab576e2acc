"""CIFAR-10 and CIFAR-100: pickled batches of 32 x 32 pictures."""

from pathlib import Path
from typing import Any

import numpy as np

from vpns_engine.data_sets.pickles import read_pickle
from vpns_engine.data_sets.reading import as_labels
from vpns_engine.errors import EngineError
from vpns_engine.image_table import TEST, TRAIN, IdArray, ImageTable, Pictures

_SIDE = 32
_FILES10 = {**{f"data_batch_{number}": TRAIN for number in range(1, 6)}, "test_batch": TEST}
_FILES100 = {"train": TRAIN, "test": TEST}


def read_cifar10(folder: Path) -> ImageTable:
    """List the pictures of CIFAR-10 (folder `cifar-10-batches-py`)."""
    return _table(folder, _FILES10, "labels", _names(folder / "batches.meta", "label_names"))


def read_cifar100(folder: Path) -> ImageTable:
    """List the pictures of CIFAR-100 (folder `cifar-100-python`), by their fine labels."""
    return _table(folder, _FILES100, "fine_labels", _names(folder / "meta", "fine_label_names"))


def _table(folder: Path, files: dict[str, int], label_key: str, classes: tuple[str, ...]) -> ImageTable:
    paths = {folder / name: part for name, part in files.items()}
    labels = [_labels(path, label_key, len(classes)) for path in paths]
    parts = [np.full(some.size, part, dtype=np.int64) for some, part in zip(labels, paths.values(), strict=True)]
    total = sum(some.size for some in labels)
    return ImageTable(
        classes, np.concatenate(labels), np.concatenate(parts), load=lambda: _load(tuple(paths), label_key, total)
    )


def _load(paths: tuple[Path, ...], label_key: str, expected: int) -> Pictures:
    rows = np.concatenate([_rows(read_pickle(path), label_key, path) for path in paths])
    if len(rows) != expected:
        raise EngineError(f"{paths[0].parent} has {len(rows)} pictures, but had {expected} before: its files have changed")
    return np.ascontiguousarray(rows.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1))


def _labels(path: Path, label_key: str, num_classes: int) -> IdArray:
    batch = read_pickle(path)
    labels = as_labels(_field(batch, label_key, path), num_classes, path)
    _rows(batch, label_key, path)
    return labels


def _rows(batch: dict[str, Any], label_key: str, path: Path) -> Pictures:
    rows, labels = _field(batch, "data", path), _field(batch, label_key, path)
    wanted = (len(labels), 3 * _SIDE * _SIDE)
    if not isinstance(rows, np.ndarray) or rows.dtype != np.uint8 or rows.shape != wanted:
        found = f"{rows.dtype} of shape {rows.shape}" if isinstance(rows, np.ndarray) else type(rows).__name__
        raise EngineError(f"{path}: 'data' is {found}, but uint8 of shape {wanted} is expected")
    return rows


def _names(path: Path, key: str) -> tuple[str, ...]:
    names = _field(read_pickle(path), key, path)
    if not isinstance(names, list) or len(names) < 2:
        raise EngineError(f"{path}: '{key}' is no list of at least 2 class names")
    return tuple(str(name).replace("_", " ") for name in names)


def _field(batch: dict[str, Any], key: str, path: Path) -> Any:  # noqa: ANN401
    if key not in batch:
        raise EngineError(f"{path} has no '{key}': it is no file of this data set")
    return batch[key]
