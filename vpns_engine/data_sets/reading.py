"""What the readers of all sets share: unreadable files, lists of lines, class numbers."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vpns_engine.errors import EngineError
from vpns_engine.image_table import IdArray, ImageTable


@dataclass(frozen=True)
class Listing:
    """The pictures of one part, as a file of the data set lists them."""

    part: int
    labels: IdArray
    names: Sequence[str]
    """Relative to the folder of the pictures, with forward slashes."""
    source: Path
    """The file that lists them."""


def table_of_listings(classes: tuple[str, ...], folder: Path, listings: Sequence[Listing]) -> ImageTable:
    """Join the parts of a set whose pictures stand in files.

    Raises:
        EngineError: a listed picture is not there.
    """
    for listing in listings:
        _check_there(folder, listing)
    # joined as text: a Path for each of a million names takes long
    start = str(folder)
    return ImageTable(
        classes,
        np.concatenate([listing.labels for listing in listings]),
        np.concatenate([np.full(len(listing.names), listing.part, dtype=np.int64) for listing in listings]),
        tuple(f"{start}/{name}" for listing in listings for name in listing.names),
    )


def names_in(folder: Path) -> list[str]:
    """Give the names in a folder, sorted, without hidden ones.

    Raises:
        EngineError: the folder cannot be read.
    """
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))  # noqa: PTH208 - a million names
    except OSError as error:
        raise unreadable(error, folder) from error


def readable(name: str) -> str:
    """Write a class name that stands for a file or folder as a person would."""
    return name.replace("_", " ").strip()


def _check_there(folder: Path, listing: Listing) -> None:
    """Look for every picture; one look at each folder, as there may be many pictures in few folders."""
    there: dict[str, frozenset[str]] = {}
    lost = []
    for name in listing.names:
        place, _, file = name.rpartition("/")
        if place not in there:
            there[place] = _all_in(folder / place)
        if file not in there[place]:
            lost.append(name)
    if lost:
        raise EngineError(
            f"{len(lost)} of {len(listing.names)} pictures named in {listing.source} are missing in {folder}, "
            f"the first is {lost[0]}: the data set is not whole"
        )


def _all_in(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return frozenset()


def as_labels(values: object, num_classes: int, path: Path, *, first: int = 0) -> IdArray:
    """Turn class numbers into labels from 0 on.

    Args:
        values: whole numbers, a list or an array of shape (N,).
        num_classes: how many classes there are.
        path: the file they are from, for the message.
        first: the number that the first class has in the file.

    Raises:
        EngineError: no whole numbers, none at all, or one outside the range.
    """
    try:
        labels = np.asarray(values)
    except ValueError:  # lists of different lengths
        labels = np.empty(0)
    # MATLAB keeps whole numbers as others
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels == np.rint(labels)).all():
        labels = np.clip(labels, -1e9, 1e9).astype(np.int64)
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "iu":
        raise EngineError(f"{path}: its labels are no list of whole numbers")
    wrong = np.flatnonzero((labels < first) | (labels > first + num_classes - 1))
    if wrong.size:
        at = int(wrong[0])
        raise EngineError(
            f"{path}: label {labels[at]} of picture {at} is outside the range {first} to {first + num_classes - 1}"
        )
    return labels.astype(np.int64) - first


def lines_of(path: Path) -> list[str]:
    """Give a text file's lines that are not empty, stripped.

    Raises:
        EngineError: the file cannot be read, or is no text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise unreadable(error, path) from error
    except UnicodeDecodeError as error:
        raise EngineError(f"{path} is damaged: it is no text") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def unreadable(error: OSError, path: Path) -> EngineError:
    """Say in one line that a file or folder cannot be read."""
    return EngineError(f"{path} cannot be read: {error.strerror or error}")
