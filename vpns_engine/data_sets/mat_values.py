"""The inside of MATLAB's level 5 format: numbers, text, cells and structures from bytes that may be anything."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Order = Literal["<", ">"]

MATRIX, COMPRESSED = 14, 15
TAG_SIZE = 8
_INT8, _INT32, _UINT32 = 1, 5, 6
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_CELL, _STRUCTURE, _TEXT = 1, 2, 4
_NUMERIC = range(6, 16)
_COMPLEX = 0x0800
_DEEPEST = 8


class DamagedError(Exception):
    """The bytes are not what the format asks for; the message says what is wrong."""


@dataclass(frozen=True)
class Head:
    """How a variable begins."""

    kind: int
    """Class of array: cell, structure, text, or one of the numeric ones."""
    shape: tuple[int, ...]
    name: str
    size: int
    """Bytes up to where its values begin."""


def tag_of(raw: bytes | memoryview, order: Order) -> tuple[int, int]:
    """Give type and size of what follows the first 8 bytes."""
    kind, size = struct.unpack(f"{order}II", raw[:TAG_SIZE])
    return kind, size


def head_of(body: memoryview, order: Order) -> Head:
    """Read the head of a matrix; its values need not be there yet.

    Raises:
        DamagedError: it is none.
    """
    flags, at = _element(body, 0, order, _UINT32)
    sizes, at = _element(body, at, order, _INT32)
    name, at = _element(body, at, order, _INT8)
    if len(flags) != 8 or len(sizes) < 8 or len(sizes) % 4:
        raise DamagedError("an array without class or shape")
    (word,) = struct.unpack(f"{order}I", flags[:4])
    shape = struct.unpack(f"{order}{len(sizes) // 4}i", sizes)
    if min(shape) < 0:
        raise DamagedError(f"an array of shape {shape}")
    if word & _COMPLEX:
        raise DamagedError("complex numbers")
    return Head(word & 0xFF, shape, bytes(name).decode("latin-1"), at)


def value_of(body: memoryview, order: Order, depth: int = 0) -> Any:  # noqa: ANN401
    """Give a matrix's values: an array without dimensions of size 1, a text, a list of cells, or a list of structures.

    Raises:
        DamagedError: the bytes are cut off, or no values of these kinds.
    """
    if not len(body):
        return np.empty(0)
    if depth > _DEEPEST:
        raise DamagedError(f"cells in cells, more than {_DEEPEST} deep")
    head = head_of(body, order)
    match head.kind:
        case kind if kind in _NUMERIC:
            return _numbers(body, head, order)
        case kind if kind == _TEXT:
            return _text(body, head.size, order)
        case kind if kind == _CELL:
            return list(_inner(body, head.size, prod(head.shape), order, depth))
        case kind if kind == _STRUCTURE:
            return _structures(body, head, order, depth)
        case kind:
            raise DamagedError(f"values of class {kind}")


def _numbers(body: memoryview, head: Head, order: Order) -> npt.NDArray[Any]:
    kind, raw, _ = _any_element(body, head.size, order)
    if kind not in _NUMBERS:
        raise DamagedError(f"numbers of type {kind}")
    dtype = np.dtype(_NUMBERS[kind]).newbyteorder(order)
    if len(raw) != prod(head.shape) * dtype.itemsize:
        raise DamagedError(f"{len(raw)} bytes for {dtype.name} of shape {head.shape}")
    values = np.frombuffer(raw, dtype=dtype).astype(dtype.newbyteorder("="), copy=False)
    return np.atleast_1d(values.reshape(head.shape, order="F").squeeze())


def _text(body: memoryview, at: int, order: Order) -> str:
    kind, raw, _ = _any_element(body, at, order)
    if kind not in _TEXTS:
        raise DamagedError(f"text of type {kind}")
    coding = _TEXTS[kind]
    wide = coding in ("utf-16", "utf-32")
    try:
        return bytes(raw).decode(f"{coding}-{'le' if order == '<' else 'be'}" if wide else coding)
    except UnicodeDecodeError as error:
        raise DamagedError(f"text that is no {coding}") from error


def _structures(body: memoryview, head: Head, order: Order, depth: int) -> list[dict[str, Any]]:
    raw, at = _element(body, head.size, order, _INT32)
    names, at = _element(body, at, order, _INT8)
    if len(raw) != 4:
        raise DamagedError("structures without the length of their names")
    (length,) = struct.unpack(f"{order}i", raw)
    if length < 1 or len(names) % length or not len(names):
        raise DamagedError("structures without names")
    keys = [
        bytes(names[start : start + length]).partition(b"\0")[0].decode("latin-1") for start in range(0, len(names), length)
    ]
    count = prod(head.shape)
    values = _inner(body, at, count * len(keys), order, depth)
    return [{key: next(values) for key in keys} for _ in range(count)]


def _inner(body: memoryview, at: int, count: int, order: Order, depth: int) -> Iterator[Any]:
    for _ in range(count):
        raw, at = _element(body, at, order, MATRIX)
        yield value_of(raw, order, depth + 1)


def _element(body: memoryview, at: int, order: Order, expected: int) -> tuple[memoryview, int]:
    kind, raw, end = _any_element(body, at, order)
    if kind != expected:
        raise DamagedError(f"something of type {kind} where {expected} is expected")
    return raw, end


def _any_element(body: memoryview, at: int, order: Order) -> tuple[int, memoryview, int]:
    """Give type and bytes of the element at a place, and where the next one begins."""
    if at + TAG_SIZE > len(body):
        raise DamagedError("it ends too early")
    kind, size = tag_of(body[at:], order)
    if kind >> 16:  # up to 4 bytes stand in the tag itself
        kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + TAG_SIZE
    else:
        start = at + TAG_SIZE
        end = start + size + -size % 8
    if start + size > min(end, len(body)):
        raise DamagedError("it ends too early")
    return kind, body[start : start + size], end
