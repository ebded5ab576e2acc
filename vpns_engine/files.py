"""Files that appear whole or not at all."""

import errno
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vpns_engine.errors import EngineError


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, flush it to disk, and rename it into place.

    Raises:
        EngineError: no space, no permission, or the folder is gone; nothing is left behind.
    """
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.touch()
        mode = beside.stat().st_mode
        write(beside)
        beside.chmod(mode)  # a library that writes through a private temporary file would hide it from others
        _flush(beside)
        beside.replace(path)
    except OSError as error:
        _remove(beside)
        raise EngineError(explain(error, path)) from error
    except BaseException:
        _remove(beside)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a small text file whole."""
    write_whole(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def expanded(text: str) -> Path:
    """Give the path a person typed, `~` and `~user` filled in; an unknown user stays as typed, where pathlib would raise."""
    return Path(os.path.expanduser(text))  # noqa: PTH111


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Give what the file system refuses as one line.

    Raises:
        EngineError: an OSError came.
    """
    try:
        yield
    except OSError as error:
        raise EngineError(explain(error, path)) from error


def explain(error: OSError, path: Path) -> str:
    """Say in one line why `path` could not be read or written."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"no space left for {path}: free some, or choose another folder"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"no permission to write {path}: choose another folder"
        case errno.ENOENT:
            return f"{path} is not there"
        case errno.EISDIR:
            return f"{path} is a folder, not a file"
        case errno.EEXIST if path.is_file():
            return f"{path} is a file, not a folder"
        case errno.ENOTDIR:
            return f"{path} is not there: a part of it is a file"
        case _:
            return f"{path}: {error.strerror or error}"


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
