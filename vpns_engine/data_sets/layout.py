"""Where each named data set stands below the data root, laid out as torchvision does it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vpns_engine.errors import EngineError
from vpns_engine.specs.data import DATASET_LABELS, Dataset

_CIFAR10_FILES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta")
_MNIST_FILES = tuple(f"{part}-{what}-ubyte" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1"))


@dataclass(frozen=True)
class Layout:
    """One way in which a set may stand on the disk."""

    folder: str
    """Below the data root; `.` is the root itself."""
    needs: tuple[str, ...]
    """Files, and folders (with a slash at the end) that hold something; one whose name has a * is any that begins so."""


LAYOUTS: dict[Dataset, tuple[Layout, ...]] = {
    "cifar10": (Layout("cifar-10-batches-py", _CIFAR10_FILES),),
    "cifar100": (Layout("cifar-100-python", ("train", "test", "meta")),),
    "dtd": (Layout("dtd/dtd", ("labels/train1.txt", "labels/val1.txt", "labels/test1.txt", "images/")),),
    "eurosat": (Layout("eurosat", ("2750/",)),),
    "flowers102": (Layout("flowers-102", ("imagelabels.mat", "setid.mat", "jpg/")),),
    "food101": (Layout("food-101", ("meta/train.json", "meta/test.json", "images/")),),
    "gtsrb": (Layout("gtsrb", ("GTSRB/Training/", "GTSRB/Final_Test/Images/", "GT-final_test.csv")),),
    "imagenet": (Layout("imagenet", ("train/n*/", "val/n*/")), Layout(".", ("train/n*/", "val/n*/"))),
    "mnist": (Layout("MNIST/raw", _MNIST_FILES),),
    "oxford_pets": (Layout("oxford-iiit-pet", ("annotations/trainval.txt", "annotations/test.txt", "images/")),),
    "stanford_cars": (
        Layout("car_data/car_data", ("train/", "test/")),
        Layout(
            "stanford_cars",
            (
                "devkit/cars_meta.mat",
                "devkit/cars_train_annos.mat",
                "cars_test_annos_withlabels.mat",
                "cars_train/",
                "cars_test/",
            ),
        ),
    ),
    "sun397": (Layout("SUN397", ("ClassName.txt", "a/")),),
    "svhn": (Layout(".", ("train_32x32.mat", "test_32x32.mat")),),
    "tiny_imagenet": (Layout("tiny-imagenet-200", ("wnids.txt", "train/", "val/")),),
}
"""The ways of each set; the first is the one that a download makes, or that a person is told to make."""


@dataclass(frozen=True)
class Place:
    """Where a set was looked for, and what of it is not there."""

    folder: Path
    layout: Layout
    missing: tuple[str, ...]


def missing(key: Dataset, root: Path) -> tuple[str, ...]:
    """Give what a set lacks, relative to `folder_of`; empty where its files are all there. Fast: no file is opened.

    Whether every picture is there is seen when the set is read.
    """
    return place_of(key, root).missing


def folder_of(key: Dataset, root: Path) -> Path:
    """Give the folder a set stands in; where it is not there, the one in which it would be put."""
    return place_of(key, root).folder


def is_absent(key: Dataset, root: Path) -> bool:
    """Tell whether nothing at all of a set is there."""
    place = place_of(key, root)
    return len(place.missing) == len(place.layout.needs)


def place_of(key: Dataset, root: Path) -> Place:
    """Find the place where most of a set is there: below the root, or below a folder of the root with the set's name."""
    places = [_looked_at(layout, base) for base in (root, root / key) for layout in LAYOUTS[key]]
    # min gives the first of equals
    return min(places, key=lambda place: (len(place.missing) > 0, -_num_there(place)))


def whole_place(key: Dataset, root: Path) -> Place:
    """Find a set that is there.

    Raises:
        EngineError: it is not there, or only a part of it; what was looked for, and where.
    """
    place = place_of(key, root)
    if not place.missing:
        return place
    label = DATASET_LABELS[key]
    if _num_there(place):
        raise EngineError(f"{label} is not whole: {listed(place.missing)} missing in {place.folder}")
    if os.path.exists(root) and not os.access(root, os.R_OK | os.X_OK):  # noqa: PTH110
        raise EngineError(f"the data root {root} cannot be read: no permission")
    wanted = " or ".join(f"{_place_name(layout)} (with {listed(layout.needs)})" for layout in LAYOUTS[key])
    raise EngineError(f"{label} is not there: {wanted} was looked for below the data root {root}")


def listed(names: tuple[str, ...], most: int = 3) -> str:
    """Name a few of many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _looked_at(layout: Layout, base: Path) -> Place:
    folder = base / layout.folder
    return Place(folder, layout, tuple(name for name in layout.needs if not _is_there(folder, name)))


def _num_there(place: Place) -> int:
    return len(place.layout.needs) - len(place.missing)


def _place_name(layout: Layout) -> str:
    return "the root itself" if layout.folder == "." else f"folder {layout.folder}"


def _is_there(folder: Path, name: str) -> bool:
    # the functions of os.path answer where pathlib's raise: a place one may not look into
    place = os.path.join(folder, name)  # noqa: PTH118
    if name.endswith("*/"):
        parent, _, start = place.removesuffix("*/").rpartition("/")
        return any(entry.startswith(start) and _holds_something(f"{parent}/{entry}") for entry in _entries(parent))
    return _holds_something(place) if name.endswith("/") else os.path.isfile(place)  # noqa: PTH113


def _holds_something(folder: str) -> bool:
    return next(_entries(folder), None) is not None


def _entries(folder: str) -> Iterator[str]:
    """Give the names in a folder that are not hidden; none where it cannot be looked into."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry.name for entry in entries if not entry.name.startswith("."))
    except (OSError, ValueError):  # ValueError: a name that no folder can have
        return
