"""Read variables of MATLAB's files (level 5, as every data set here has them).

Done here and not by scipy, whose reader ends the whole program at some damaged files.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from vpns_engine.data_sets.mat_values import (
    COMPRESSED,
    MATRIX,
    TAG_SIZE,
    DamagedError,
    Head,
    Order,
    head_of,
    tag_of,
    value_of,
)
from vpns_engine.data_sets.reading import unreadable
from vpns_engine.errors import EngineError

_HEADER_SIZE = 128
_PEEK = 4096
"""Bytes that hold the head of any variable."""


def read_mat(path: Path, name: str) -> Any:  # noqa: ANN401
    """Give one variable: an array without dimensions of size 1, a text, a list of cells, or a list of structures.

    Raises:
        EngineError: the file cannot be read, is damaged, or has no such variable.
    """
    try:
        with path.open("rb") as file:
            found = _find(file, name)
            return value_of(found.body(file), found.order)
    except OSError as error:
        raise unreadable(error, path) from error
    except (DamagedError, MemoryError) as error:
        raise EngineError(f"{path} is damaged or no file of this data set: {error}") from error


def shape_in_mat(path: Path, name: str) -> tuple[int, ...]:
    """Give the shape of a variable without reading it.

    Raises:
        EngineError: as `read_mat`.
    """
    try:
        with path.open("rb") as file:
            return _find(file, name).head.shape
    except OSError as error:
        raise unreadable(error, path) from error
    except DamagedError as error:
        raise EngineError(f"{path} is damaged or no file of this data set: {error}") from error


@dataclass(frozen=True)
class _Variable:
    head: Head
    order: Order
    start: int
    size: int
    packed: bool

    def body(self, file: BinaryIO) -> memoryview:
        """Read all of a variable's bytes."""
        file.seek(self.start)
        raw = file.read(self.size)
        if len(raw) < self.size:
            raise DamagedError("it ends too early")
        return _unpacked(raw, self.order) if self.packed else memoryview(raw)


def _find(file: BinaryIO, name: str) -> _Variable:
    found = next((variable for variable in _variables(file) if variable.head.name == name), None)
    if found is None:
        raise DamagedError(f"it has no '{name}'")
    return found


def _variables(file: BinaryIO) -> Iterator[_Variable]:
    order = _order_of(file.read(_HEADER_SIZE))
    at = _HEADER_SIZE
    while tag := file.read(TAG_SIZE):
        if len(tag) < TAG_SIZE:
            raise DamagedError("it ends too early")
        kind, size = tag_of(tag, order)
        if kind not in (MATRIX, COMPRESSED):
            raise DamagedError(f"something of type {kind} where a variable is expected")
        first = file.read(min(size, _PEEK))
        packed = kind == COMPRESSED
        body = memoryview(_start(first)[TAG_SIZE:] if packed else first)
        yield _Variable(head_of(body, order), order, at + TAG_SIZE, size, packed)
        at += TAG_SIZE + size
        file.seek(at)


def _order_of(header: bytes) -> Order:
    match header[126:128]:
        case b"IM" if header[124:126] == b"\x00\x01":
            return "<"
        case b"MI" if header[124:126] == b"\x01\x00":
            return ">"
        case _:
            raise DamagedError("it is no MATLAB 5 file")


def _start(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _PEEK)
    except zlib.error as error:
        raise DamagedError("packed bytes that do not unpack") from error


def _unpacked(packed: bytes, order: Order) -> memoryview:
    """Unpack one matrix, as many bytes as it says it has, and compare its checksum."""
    start = _start(packed)
    if len(start) < TAG_SIZE:
        raise DamagedError("it ends too early")
    kind, size = tag_of(start, order)
    if kind != MATRIX:
        raise DamagedError(f"something of type {kind} where a variable is expected")
    unpacker = zlib.decompressobj()
    try:
        whole = unpacker.decompress(packed, TAG_SIZE + size)
        rest = unpacker.decompress(unpacker.unconsumed_tail, 8)  # the checksum is compared at the end
    except zlib.error as error:
        raise DamagedError("packed bytes that do not unpack") from error
    if len(whole) < TAG_SIZE + size or rest.strip(b"\0") or not unpacker.eof:
        raise DamagedError("packed bytes that do not unpack to a whole variable")
    return memoryview(whole)[TAG_SIZE:]
