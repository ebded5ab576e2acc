"""Which images belong to training, validation and test: by name and label only, no picture is opened."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vpns_engine.bundled import resource
from vpns_engine.data_sets.tables import read_table
from vpns_engine.errors import EngineError
from vpns_engine.files import expanded
from vpns_engine.folders import data_folder
from vpns_engine.image_folders import scan
from vpns_engine.image_table import TEST, TRAIN, VALIDATION, IdArray, ImageTable, Pictures
from vpns_engine.specs.data import DataSpec

MIN_TEST_PER_CLASS = 1
MIN_VALIDATION_PER_CLASS = 5
_TEST_SALT, _VALIDATION_SALT = 1, 2


@dataclass(frozen=True)
class Part:
    """Images of one part, in the data set's order: `ids` and class numbers `labels`, both of shape (N,)."""

    ids: IdArray
    labels: IdArray

    def __len__(self) -> int:
        return int(self.ids.size)


@dataclass(frozen=True)
class Split:
    """A data set's parts. An id is the position in `paths`, or the row of what `load` gives."""

    classes: tuple[str, ...]
    train: Part
    validation: Part
    test: Part
    paths: tuple[str, ...] = ()
    """File of each image; empty where there is `load`."""
    load: Callable[[], Pictures] | None = None
    """Reads all pictures, RGB uint8 of shape (N, H, W, 3), where a set is held whole."""
    skipped: tuple[str, ...] = ()
    """Files among the images that are none by their name."""


@dataclass(frozen=True)
class DatasetInfo:
    """What the window shows of a data set before it is read."""

    classes: tuple[str, ...]
    num_train: int
    num_validation: int
    num_test: int
    skipped: tuple[str, ...] = ()
    """Files among the images that are none by their name."""


def root_of(data: DataSpec) -> Path:
    """Give the data root of a spec: its own, else the one that is set for all runs."""
    root = expanded(data.root) if data.root.strip() else data_folder()
    return Path(os.path.abspath(root))  # noqa: PTH100 - answers where pathlib raises


def describe(data: DataSpec, seed: int = 0) -> DatasetInfo:
    """Count what `split_of` gives.

    Raises:
        EngineError: as `split_of`.
    """
    split = split_of(data, seed)
    return DatasetInfo(split.classes, len(split.train), len(split.validation), len(split.test), split.skipped)


def split_of(data: DataSpec, seed: int) -> Split:
    """Split a data set; the same data, shares and seed always give the same parts.

    Under protocol `paper` nothing is held out: a validation split that the data set brings joins the training images.

    Raises:
        EngineError: the data set is not there, not whole or damaged; too few images of a class; or a folder without images,
            with one class only, or with classes that differ between parts.
    """
    table = _table(data)
    train, validation, test = (np.flatnonzero(table.parts == part) for part in (TRAIN, VALIDATION, TEST))
    if not test.size:
        test = _draw(train, table.labels, _test_quota(data, table, train), seed, _TEST_SALT)
        train = np.setdiff1d(train, test, assume_unique=True)
    if data.protocol == "paper":
        train, validation = np.union1d(train, validation), validation[:0]
    elif not validation.size:
        validation = _draw(train, table.labels, _validation_quota(data, table, train), seed, _VALIDATION_SALT)
        train = np.setdiff1d(train, validation, assume_unique=True)
    take = _taker(table.labels)
    return Split(table.classes, take(train), take(validation), take(test), table.paths, table.load, table.skipped)


def _table(data: DataSpec) -> ImageTable:
    match data.dataset:
        case "digits":
            return _digits()
        case "folder":
            return scan(data.folder)
        case "unknown":
            raise EngineError("the data set of this imported checkpoint is not known: choose one")
        case key:
            return read_table(key, root_of(data))


def _digits() -> ImageTable:
    with np.load(resource("demo/digits.npz")) as file:
        labels, parts = file["labels"].astype(np.int64), file["part"].astype(np.int64)
    return ImageTable(tuple(str(digit) for digit in range(int(labels.max()) + 1)), labels, parts, load=_digit_pictures)


def _digit_pictures() -> Pictures:
    with np.load(resource("demo/digits.npz")) as file:
        return np.repeat(file["images"][..., None], 3, axis=-1)


def _taker(labels: IdArray) -> Callable[[IdArray], Part]:
    return lambda ids: Part(ids, labels[ids])


def _test_quota(data: DataSpec, found: ImageTable, train: IdArray) -> IdArray:
    counts = np.bincount(found.labels[train], minlength=len(found.classes))
    quota = np.maximum(MIN_TEST_PER_CLASS, _rounded(data.test_share, counts))
    _check_rest(counts, quota, found, f"to the test (at least {MIN_TEST_PER_CLASS})", "or bring a test folder")
    return quota


def _validation_quota(data: DataSpec, found: ImageTable, train: IdArray) -> IdArray:
    counts = np.bincount(found.labels[train], minlength=len(found.classes))
    quota = np.maximum(MIN_VALIDATION_PER_CLASS, _rounded(data.validation_share, counts))
    purpose = f"to validation (at least {MIN_VALIDATION_PER_CLASS})"
    _check_rest(counts, quota, found, purpose, "or take protocol 'paper', which holds none back")
    return quota


def _rounded(share: float, counts: IdArray) -> IdArray:
    rounded: IdArray = np.floor(share * counts + 0.5).astype(np.int64)
    return rounded


def _check_rest(counts: IdArray, quota: IdArray, found: ImageTable, purpose: str, otherwise: str) -> None:
    """Refuse a split that would leave a class without a training image. A class that has no image at all loses none."""
    poor = np.flatnonzero((counts <= quota) & (counts > 0))
    if poor.size:
        first = int(poor[0])
        total = int(np.count_nonzero(found.labels[found.parts == 0] == first))
        before = f"{total - counts[first]} to the test and " if total > counts[first] else ""
        raise EngineError(
            f"class '{found.classes[first]}' would have no training image: of its {total}, "
            f"{before}{quota[first]} {purpose} are needed; add images, {otherwise}"
        )


def _draw(ids: IdArray, labels: IdArray, quota: IdArray, seed: int, salt: int) -> IdArray:
    """Draw `quota[class]` of the ids of each class, seeded; gives them in ascending order."""
    # a bit generator's raw stream is the same in every numpy version, a Generator's methods need not be
    keys = np.random.PCG64(np.random.SeedSequence([seed, salt])).random_raw(ids.size)
    order = np.lexsort((keys, labels[ids]))
    counts = np.bincount(labels[ids], minlength=quota.size)
    rank = np.arange(ids.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(ids[order[rank < np.repeat(quota, counts)]])
