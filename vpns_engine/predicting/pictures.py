"""Which files of a folder are pictures, by their names."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vpns_engine.errors import EngineError
from vpns_engine.image_folders import SUFFIXES


@dataclass(frozen=True)
class Unreadable:
    """A folder among the pictures into which one may not look."""

    path: Path
    problem: str


def pictures_in(folder: Path, *, recursive: bool = False) -> list[Path | Unreadable]:
    """List the pictures of a folder in the order of their names; of a picture file, that one. Hidden ones are left out.

    Raises:
        EngineError: it is not there, cannot be read, or has none.
    """
    if os.path.isfile(folder):  # noqa: PTH113 - pathlib's raises where one may not look
        if folder.suffix.casefold() not in SUFFIXES:
            raise EngineError(f"{folder} is no picture by its name: {', '.join(sorted(SUFFIXES))} are")
        return [folder]
    if not os.path.isdir(folder):  # noqa: PTH112
        raise EngineError(f"{folder} is not there")
    found: list[Path | Unreadable] = list(_below(folder, recursive=recursive))
    if not any(isinstance(item, Path) for item in found):
        where = "" if recursive else " itself (folders within it are looked into only if that is asked for)"
        raise EngineError(f"no pictures in {folder}{where}: files named {', '.join(sorted(SUFFIXES))} are taken")
    return found


def _below(folder: Path, *, recursive: bool) -> Iterator[Path | Unreadable]:
    seen: set[str] = set()
    refused: list[OSError] = []
    for place, folders, names in os.walk(folder, followlinks=True, onerror=refused.append):
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back up
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if recursive and not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if _is_picture(name))
    for error in refused:
        if Path(error.filename) == folder:
            raise EngineError(f"{folder} cannot be read: {error.strerror or error}") from error
        yield Unreadable(Path(error.filename), f"the folder cannot be read: {error.strerror or error}")


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].casefold() in SUFFIXES  # noqa: PTH122 - a million names
