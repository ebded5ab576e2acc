"""A folder that appears whole or not at all."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vpns_engine.errors import EngineError
from vpns_engine.files import explain


def check_target(target: Path) -> None:
    """Refuse a place where an export would overwrite something.

    Raises:
        EngineError: it exists and is no empty folder.
    """
    try:
        if target.is_dir() and any(target.iterdir()):
            raise EngineError(f"{target} is not empty: choose a new folder for the export")
        if target.exists() and not target.is_dir():
            raise EngineError(f"{target} is a file: choose a new folder for the export")
    except OSError as error:
        raise EngineError(explain(error, target)) from error


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """Give a hidden folder beside `target` to fill; it takes the target's name at the end, or vanishes at any failure.

    Raises:
        EngineError: the target is not empty, or the place cannot be written.
    """
    target = target.absolute()
    check_target(target)
    hidden = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    made = [parent for parent in target.parents if not parent.exists()]
    try:
        hidden.mkdir(parents=True)
        yield hidden
        _flush(hidden)
        if target.is_dir():
            target.rmdir()  # it is empty; Windows renames onto no folder
        hidden.rename(target)
    except OSError as error:
        _remove(hidden, made)
        raise EngineError(explain(error, target)) from error
    except BaseException:
        _remove(hidden, made)
        raise


def _flush(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def _remove(hidden: Path, made: list[Path]) -> None:
    shutil.rmtree(hidden, ignore_errors=True)
    for parent in made:
        try:
            parent.rmdir()
        except OSError:  # somebody else has put something there meanwhile, or it was never made
            return
