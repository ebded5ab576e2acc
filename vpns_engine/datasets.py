"""Which images belong to training, validation and test: by name and label only, no picture is opened."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vpns_engine.bundled import resource
from vpns_engine.errors import EngineError
from vpns_engine.image_folders import ImageFolder, scan
from vpns_engine.specs.data import DataSpec

IdArray = npt.NDArray[np.int64]

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
    """A data set's parts.

    For digits an id is the row in the bundled file; for a folder it is the position in `paths`.
    """

    classes: tuple[str, ...]
    train: Part
    validation: Part
    test: Part
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetInfo:
    """What the window shows of a data set before it is read."""

    classes: tuple[str, ...]
    num_train: int
    num_validation: int
    num_test: int


def describe(data: DataSpec, seed: int = 0) -> DatasetInfo:
    """Count what `split_of` gives.

    Raises:
        EngineError: as `split_of`.
    """
    split = split_of(data, seed)
    return DatasetInfo(split.classes, len(split.train), len(split.validation), len(split.test))


def split_of(data: DataSpec, seed: int) -> Split:
    """Split a data set; the same data, shares and seed always give the same parts.

    Under protocol `paper` nothing is held out: a validation split that the data set brings joins the training images.

    Raises:
        EngineError: no such folder, no images, one class only, too few images of a class, classes that differ between parts.
    """
    return _digits(data) if data.dataset == "digits" else _folder(data, seed)


def _digits(data: DataSpec) -> Split:
    with np.load(resource("demo/digits.npz")) as file:
        labels, part = file["labels"].astype(np.int64), file["part"]
    train = part <= 1 if data.protocol == "paper" else part == 0
    validation = np.zeros_like(train) if data.protocol == "paper" else part == 1
    take = _taker(labels)
    classes = tuple(str(digit) for digit in range(int(labels.max()) + 1))
    return Split(classes, take(np.flatnonzero(train)), take(np.flatnonzero(validation)), take(np.flatnonzero(part == 2)))


def _folder(data: DataSpec, seed: int) -> Split:
    """Split an image folder: what it does not bring itself is taken out of its training images."""
    found = scan(data.folder)
    labels = found.labels
    train, validation, test = (np.flatnonzero(found.parts == number) for number in range(3))
    if not test.size:
        test = _draw(train, labels, _test_quota(data, found, train), seed, _TEST_SALT)
        train = np.setdiff1d(train, test, assume_unique=True)
    if data.protocol == "paper":
        train, validation = np.union1d(train, validation), validation[:0]
    elif not validation.size:
        validation = _draw(train, labels, _validation_quota(data, found, train), seed, _VALIDATION_SALT)
        train = np.setdiff1d(train, validation, assume_unique=True)
    take = _taker(labels)
    return Split(found.classes, take(train), take(validation), take(test), found.paths)


def _taker(labels: IdArray) -> Callable[[IdArray], Part]:
    return lambda ids: Part(ids, labels[ids])


def _test_quota(data: DataSpec, found: ImageFolder, train: IdArray) -> IdArray:
    counts = np.bincount(found.labels[train], minlength=len(found.classes))
    quota = np.maximum(MIN_TEST_PER_CLASS, _rounded(data.test_share, counts))
    _check_rest(counts, quota, found, f"to the test (at least {MIN_TEST_PER_CLASS})", "or bring a test folder")
    return quota


def _validation_quota(data: DataSpec, found: ImageFolder, train: IdArray) -> IdArray:
    counts = np.bincount(found.labels[train], minlength=len(found.classes))
    quota = np.maximum(MIN_VALIDATION_PER_CLASS, _rounded(data.validation_share, counts))
    purpose = f"to validation (at least {MIN_VALIDATION_PER_CLASS})"
    _check_rest(counts, quota, found, purpose, "or take protocol 'paper', which holds none back")
    return quota


def _rounded(share: float, counts: IdArray) -> IdArray:
    rounded: IdArray = np.floor(share * counts + 0.5).astype(np.int64)
    return rounded


def _check_rest(counts: IdArray, quota: IdArray, found: ImageFolder, purpose: str, otherwise: str) -> None:
    """Refuse a split that would leave a class without a training image."""
    poor = np.flatnonzero(counts <= quota)
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
