"""What a pickle names, looked at before anything is made of it."""

import pickle
import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_GROWING = ("builtins bytearray", "__builtin__ bytearray")
"""Let through by torch's weights_only, and made as long as a number in the file says."""
_OLD_FORMAT_PICKLES = 5
"""A file of torch's old format begins with so many: magic number, version, system, what was saved, names of storages."""


def refuse_growing(path: Path) -> None:
    """Refuse a file of a few bytes that would take any amount of memory as it is opened.

    Raises:
        pickle.UnpicklingError: it is one.
        OSError: it cannot be read.
    """
    if any(name in _GROWING for name in _names(path)):
        raise pickle.UnpicklingError(f"{path} asks for memory that it does not fill")


def _names(path: Path) -> Iterator[str]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            yield from _named(file, _OLD_FORMAT_PICKLES)
        return
    with zipfile.ZipFile(path) as parts:
        for info in parts.infolist():
            if info.filename.endswith("data.pkl"):
                with parts.open(info) as part:
                    yield from _named(part, 1)


def _named(file: IO[bytes], count: int) -> Iterator[str]:
    """Give what up to `count` pickles in a row name; a damaged one ends it, and torch says so."""
    try:
        for _ in range(count):
            for operation, name, _place in pickletools.genops(file):
                if operation.name == "GLOBAL":
                    yield str(name)
    except (ValueError, UnicodeDecodeError, zipfile.BadZipFile, EOFError):
        return
