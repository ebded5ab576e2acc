"""Files that appear whole or not at all, and files of others that are read within bounds."""

import errno
import os
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from pydantic_core import from_json

from vpns_engine.errors import EngineError

MOST_JSON_BYTES = 4 * 2**20
"""No JSON file of ours is larger."""
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


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
        flush_folder(path.parent)
    except OSError as error:
        _remove(beside)
        raise EngineError(explain(error, path)) from error
    except BaseException:
        _remove(beside)
        raise


def flush_folder(folder: Path) -> None:
    """Make sure that files that were renamed in a folder have their new names after a power failure too."""
    if os.name == "nt":  # there a folder cannot be opened, and renaming is recorded by the file system itself
        return
    with explained(folder):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Write a small text file whole."""
    write_whole(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def overwritten(path: Path, text: str) -> bool:
    """Write into a file's own room, where a full disk has none for another; tell whether that could be done."""
    try:
        with path.open("r+", encoding="utf-8") as file:
            file.write(text)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    return True


def open_plain(path: Path) -> IO[bytes]:
    """Open a plain file for reading: of a pipe one would wait for ever, a device has no end.

    Raises:
        EngineError: it is something else, not there, or may not be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | _AT_ONCE)
    except ValueError as error:  # a null character
        raise EngineError(f"{str(path)!r} is no path") from error
    except OSError as error:
        raise EngineError(explain(error, path, "read")) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise EngineError(f"{path} is no plain file")
    return os.fdopen(handle, "rb")


def read_bounded(path: Path, most: int = MOST_JSON_BYTES) -> bytes:
    """Read a whole plain file of `most` bytes at most.

    Raises:
        EngineError: it is larger, no plain file, not there, or may not be read.
    """
    with open_plain(path) as file, explained(path, "read"):
        data = file.read(most + 1)
    if len(data) > most:
        raise EngineError(f"{path} is larger than {most} bytes: not a file of ours")
    return data


def read_json(path: Path, most: int = MOST_JSON_BYTES) -> Any:  # noqa: ANN401 - whatever stands in the file
    """Read a JSON file of anybody's: bounded in size and depth, without NaN, in characters that can be written again.

    Raises:
        EngineError: it is not there, cannot be read, or is no such JSON.
    """
    return parsed(read_bounded(path, most), str(path))


def parsed(data: bytes | str, where: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Give what JSON says, bounded in depth, without NaN; `where` is what a message calls it.

    Raises:
        EngineError: it is no such JSON.
    """
    try:
        return from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise EngineError(f"{where} cannot be read: {error}") from error


def bounded_lines(file: IO[bytes], most: int) -> Iterator[bytes]:
    """Give a file's lines; of one longer than `most` bytes only as much, and a line end: it cannot be ours."""
    while line := file.readline(most):
        whole = line.endswith(b"\n") or len(line) < most
        yield line if whole else line + b"\n"
        while not whole and (rest := file.readline(most)):
            whole = rest.endswith(b"\n")


def expanded(text: str) -> Path:
    """Give the path a person typed, `~` and `~user` filled in; an unknown user stays as typed, where pathlib would raise."""
    return Path(os.path.expanduser(text))  # noqa: PTH111


@contextmanager
def explained(path: Path, what: str = "write") -> Iterator[None]:
    """Give what the file system refuses as one line; `what` was to be done: write, read.

    Raises:
        EngineError: an OSError came.
    """
    try:
        yield
    except OSError as error:
        raise EngineError(explain(error, path, what)) from error


def explain(error: OSError, path: Path, what: str = "write") -> str:
    """Say in one line why `path` could not be read or written."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"no space left for {path}: free some, or choose another folder"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"no permission to {what} {path}" + (": choose another folder" if what == "write" else "")
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
