"""Find the images of a folder: class folders in it, or train / val / test with class folders in each."""

import os
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from vpns_engine.errors import EngineError
from vpns_engine.files import expanded
from vpns_engine.image_table import TEST, TRAIN, VALIDATION, ImageTable

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"))
_PART_NAMES = {TRAIN: ("train",), VALIDATION: ("val", "valid", "validation"), TEST: ("test",)}


def scan(folder: str) -> ImageTable:
    """List a folder's images without opening them. Where it has train and val but no test, val is the test part.

    Raises:
        EngineError: no such folder, no images, one class only, a class without images, classes that differ between parts.
    """
    # the functions of os.path answer where pathlib's raise: a place one may not look into
    root = Path(os.path.abspath(expanded(folder)))  # noqa: PTH100
    if not os.path.isdir(root):  # noqa: PTH112
        raise EngineError(f"image folder {root} is not there")
    return table_of_folders(_part_roots(root))


def table_of_folders(roots: Mapping[int, Path]) -> ImageTable:
    """List the images of the parts of a data set without opening them.

    Args:
        roots: folder of each part (0 train, 1 validation, 2 test), a folder for each class in it. Training must be among them.

    Raises:
        EngineError: no images, one class only, a class without images, classes that differ between parts.
    """
    skipped: list[str] = []
    listings = {part: _classes_in(place, skipped) for part, place in roots.items()}
    if not any(paths for listing in listings.values() for paths in listing.values()):
        places = " and ".join(str(place) for place in roots.values())
        raise EngineError(f"no images in class folders below {places}: each class needs a folder of its own")
    classes = tuple(listings[TRAIN])
    if len(classes) < 2:
        raise EngineError(f"{roots[TRAIN]} has {len(classes)} class folder: at least 2 are needed")
    for part, listing in listings.items():
        _check_same(classes, tuple(listing), roots[TRAIN], roots[part])
        _check_filled(listing, roots[part])
    return _joined(classes, listings, tuple(skipped))


def _part_roots(root: Path) -> dict[int, Path]:
    folders = {folder.name.casefold(): folder for folder in _folders_in(root)}
    found = {part: folders[name] for part, names in _PART_NAMES.items() for name in reversed(names) if name in folders}
    others = set(folders) - {name for names in _PART_NAMES.values() for name in names}
    # a class may be called "train": then it holds images, or stands among other classes
    if TRAIN not in found or not _folders_in(found[TRAIN]) or (len(found) == 1 and others):
        return {TRAIN: root}
    if TEST not in found and VALIDATION in found:
        found[TEST] = found.pop(VALIDATION)
    return found


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        raise _unreadable(error, str(folder)) from error


def _classes_in(folder: Path, skipped: list[str]) -> dict[str, list[str]]:
    listing: dict[str, list[str]] = {}
    for entry in _folders_in(folder):
        # two folders whose names are the same to a reader are one class
        listing.setdefault(_class_name(entry.name), []).extend(sorted(_images_below(entry, skipped)))
    return dict(sorted(listing.items()))


def _class_name(folder_name: str) -> str:
    """Write a folder's name as text: composed letters, and marks for bytes that are no letters in any script."""
    return unicodedata.normalize("NFC", folder_name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _images_below(folder: Path, skipped: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True, onerror=_refuse):
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back up
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if name.startswith("."):
                continue
            path = os.path.join(place, name)  # noqa: PTH118 - a million names
            if os.path.splitext(name)[1].casefold() in SUFFIXES:  # noqa: PTH122
                yield path
            else:
                skipped.append(path)


def _refuse(error: OSError) -> None:
    raise _unreadable(error, str(error.filename)) from error


def _unreadable(error: OSError, place: str) -> EngineError:
    return EngineError(f"image folder {place} cannot be read: {error.strerror or error}")


def _check_same(expected: tuple[str, ...], classes: tuple[str, ...], train: Path, other: Path) -> None:
    for here, there, folder in ((expected, classes, other), (classes, expected, train)):
        missing = sorted(set(here) - set(there))
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise EngineError(f"class '{missing[0]}'{more} is missing in {folder}: every part needs the same classes")


def _check_filled(listing: dict[str, list[str]], folder: Path) -> None:
    empty = [name for name, paths in listing.items() if not paths]
    if empty:
        more = f" and {len(empty) - 1} more" if len(empty) > 1 else ""
        raise EngineError(f"class '{empty[0]}'{more} has no images in {folder}: add some, or remove the folder")


def _joined(classes: tuple[str, ...], listings: dict[int, dict[str, list[str]]], skipped: tuple[str, ...]) -> ImageTable:
    groups = [(part, label, listings[part][name]) for part in sorted(listings) for label, name in enumerate(classes)]
    sizes = [len(paths) for _, _, paths in groups]
    return ImageTable(
        classes,
        np.repeat(np.array([label for _, label, _ in groups], dtype=np.int64), sizes),
        np.repeat(np.array([part for part, _, _ in groups], dtype=np.int64), sizes),
        tuple(path for _, _, paths in groups for path in paths),
        skipped=skipped,
    )
