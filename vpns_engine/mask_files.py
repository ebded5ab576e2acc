"""Masks as they lie in a run's files: packed bits, mapped into memory and counted without being unpacked as a whole.

A masks file of 138 million weights is 17 MB on the disk; as an array of booleans it would be 138.

Shapes: O output channels, I input channels, K weights of a kernel, P packed bytes.
"""

import math
import mmap
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from vpns_engine.artifacts import BitArray, BoolArray, shapes_of, unpack
from vpns_engine.errors import EngineError
from vpns_engine.files import explained, open_plain, parsed

IntArray = npt.NDArray[np.int64]

_MOST_HEADER_BYTES = 8 * 2**20
_MOST_SIDES = 8
_CHUNK_BITS = 1 << 22
"""Bits that are unpacked at once."""
_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)
"""How many bits of a byte are set."""
_TYPES: dict[str, str] = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "F16": "<f2", "U32": "<u4", "I32": "<i4", "F32": "<f4",
    "U64": "<u8", "I64": "<i8", "F64": "<f8",
}  # fmt: skip
"""The kinds of values in such files that numpy knows."""


@dataclass(frozen=True)
class ChannelCounts:
    """Kept weights of each output channel and of each input channel of a layer."""

    out_O: IntArray
    into_I: IntArray

    @property
    def kept(self) -> int:
        """Kept weights of the layer."""
        return int(self.out_O.sum())

    @property
    def num_empty_out(self) -> int:
        """Output channels of which every weight is pruned: they always give the same."""
        return int(np.count_nonzero(self.out_O == 0))

    @property
    def num_empty_in(self) -> int:
        """Input channels that no kept weight reads."""
        return int(np.count_nonzero(self.into_I == 0))


@dataclass(frozen=True)
class _Part:
    kind: str
    shape: tuple[int, ...]
    first: int
    end: int


class MaskFile:
    """A masks or state file, open. Made by `open`; closed by `close` or as a context manager.

    Bits and arrays given out are views of the file: the file stays mapped until the last of them is gone, so they are
    copied where they are to be kept.
    """

    def __init__(self, path: Path, data: mmap.mmap, parts: Mapping[str, _Part], info: Mapping[str, Any]) -> None:
        self.path = path
        self._data: mmap.mmap | None = data
        self._parts = parts
        self.info = info
        """What the file says of itself."""
        try:
            self.shapes: Mapping[str, tuple[int, ...]] = shapes_of(info)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise EngineError(f"{path.name} has no masks") from error
        for layer in self.shapes:
            self._check(layer)

    @classmethod
    def open(cls, path: Path) -> "MaskFile":
        """Read a file's header and map the rest; nothing more is read until it is asked for.

        Raises:
            EngineError: the file is missing, damaged, or has no masks.
        """
        with open_plain(path) as file, explained(path, "read"):
            header = file.read(8)
            length = int.from_bytes(header, "little")
            if len(header) < 8 or length > _MOST_HEADER_BYTES:
                raise EngineError(f"{path.name} cannot be read: a header of {length} bytes is none of ours")
            text = file.read(length)
            size = file.seek(0, 2)
            if len(text) < length:
                raise EngineError(f"{path.name} cannot be read: it ends amid its header")
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            parts, info = _read_header(path, text, size)
            return cls(path, data, parts, info)
        except BaseException:
            data.close()
            raise

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers with a mask, in the network's order."""
        return tuple(self.shapes)

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays of the file."""
        return tuple(self._parts)

    @property
    def total(self) -> int:
        """Number of scored weights."""
        return sum(self.numel(layer) for layer in self.shapes)

    def numel(self, layer: str) -> int:
        """Count the weights of a layer."""
        return math.prod(self._shape(layer))

    def bits(self, layer: str) -> BitArray:
        """Give the packed mask of a layer, (P,): 8 weights a byte, first weight in the highest bit, C order.

        Bits after the last weight may be anything: whoever counts bytes clears them (`kept` and `counts` do).

        Raises:
            EngineError: there is no such layer.
        """
        self._shape(layer)
        return self.array(self._key(layer))

    def mask(self, layer: str) -> BoolArray:
        """Unpack the mask of a layer, in the weight's shape: a byte a weight.

        Raises:
            EngineError: there is no such layer.
        """
        return unpack(self.bits(layer), self._shape(layer))

    def rows(self, layer: str, first: int, count: int) -> BoolArray:
        """Unpack some output channels of a layer's mask: as the weight's shape, but for its first side.

        Raises:
            EngineError: there is no such layer.
        """
        shape = _as_rows(self._shape(layer))
        count = max(0, min(count, shape[0] - first))
        width = math.prod(shape[1:])
        return _unpacked(self.bits(layer), first * width, count * width).reshape(count, *shape[1:])

    def flat(self, layer: str, first: int, count: int) -> BoolArray:
        """Unpack some weights' mask in C order, (count,).

        Raises:
            EngineError: there is no such layer.
        """
        return _unpacked(self.bits(layer), first, max(0, min(count, self.numel(layer) - first)))

    def window(self, layer: str, out: range, into: range) -> BoolArray:
        """Unpack the kernels between some output and some input channels only, (out, into, K).

        Raises:
            EngineError: there is no such layer.
        """
        num_out, num_in, *sides = _as_rows(self._shape(layer))
        size = math.prod(sides)
        out, into = range(num_out)[out.start : out.stop], range(num_in)[into.start : into.stop]
        width, first, count = num_in * size, into.start * size, len(into) * size
        if width % 8:
            rows = _unpacked(self.bits(layer), out.start * width, len(out) * width).reshape(len(out), width)
            found = rows[:, first : first + count]
        else:  # each row begins with a whole byte: only the bytes in question are unpacked
            packed = self.bits(layer).reshape(num_out, width // 8)[out.start : out.stop]
            part = packed[:, first // 8 : (first + count + 7) // 8]
            found = np.unpackbits(part, axis=1)[:, first % 8 : first % 8 + count].view(np.bool_)
        return found.reshape(len(out), len(into), size)

    def block_counts(self, layer: str, out: range, into: range, block: tuple[int, int]) -> IntArray:
        """Count the kept weights in blocks of neighbouring kernels; a block at the edge may be smaller.

        Args:
            layer: its name.
            out: output channels to look at.
            into: input channels to look at.
            block: output and input channels of a block.

        Returns:
            One count a block, shape (blocks of output channels, blocks of input channels).

        Raises:
            EngineError: there is no such layer.
        """
        num_out, num_in, *sides = _as_rows(self._shape(layer))
        out, into = range(num_out)[out.start : out.stop], range(num_in)[into.start : into.stop]
        size = math.prod(sides)
        starts = np.arange(0, len(into), block[1]) * size
        found = np.zeros((-(-len(out) // block[0]), len(starts)), np.int64)
        most = max(1, min(255, _CHUNK_BITS // max(1, len(into) * size)))
        for first, count in _pieces(len(out), block[0], most) if len(into) else ():
            rows = range(out.start + first, out.start + first + count)
            sums = _column_sums(self.window(layer, rows, into).view(np.uint8).reshape(count, -1))
            found[first // block[0]] += np.add.reduceat(sums, starts, dtype=np.int64)
        return found

    def array(self, name: str) -> npt.NDArray[Any]:
        """Give any array of the file as a view of it: weights and scores of a state file too.

        Raises:
            EngineError: there is no such array.
        """
        part = self._parts.get(name)
        if part is None:
            raise EngineError(f"{self.path.name} has no {name}")
        if self._data is None:
            raise ValueError(f"{self.path.name} is closed")
        whole = np.frombuffer(self._data, np.uint8, part.end - part.first, part.first)
        return whole.view(_TYPES[part.kind]).reshape(part.shape)

    def kept(self, layer: str) -> int:
        """Count the kept weights of a layer.

        Raises:
            EngineError: there is no such layer.
        """
        return count_ones(self.bits(layer), self.numel(layer))

    def counts(self, layer: str, groups: int = 1) -> ChannelCounts:
        """Count the kept weights of each output and each input channel.

        Args:
            layer: its name.
            groups: of a grouped convolution: each reads input channels of its own, so there are `groups` times as many
                as the weight's second side.

        Raises:
            EngineError: there is no such layer.
        """
        num_out, num_in, *sides = _as_rows(self._shape(layer))
        if groups < 1 or num_out % groups:
            raise ValueError(f"{num_out} output channels are no {groups} groups")
        width, in_group = num_in * math.prod(sides), num_out // groups
        out = np.zeros(num_out, np.int64)
        columns = np.zeros((groups, width), np.int64)
        for first, count in _pieces(num_out, in_group, max(1, min(255, _CHUNK_BITS // width))):
            rows = _unpacked(self.bits(layer), first * width, count * width).view(np.uint8).reshape(count, width)
            out[first : first + count] = np.count_nonzero(rows, axis=1)
            columns[first // in_group] += _column_sums(rows)
        return ChannelCounts(out, columns.reshape(groups * num_in, -1).sum(axis=1))

    def close(self) -> None:
        """Let go of the file, as soon as the last view of it is gone."""
        data, self._data = self._data, None
        if data is not None:
            with suppress(BufferError):  # somebody still looks at a part; the map goes with that
                data.close()

    def __enter__(self) -> "MaskFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _shape(self, layer: str) -> tuple[int, ...]:
        if layer not in self.shapes:
            raise EngineError(f"{self.path.name} has no layer {layer}")
        return self.shapes[layer]

    def _key(self, layer: str) -> str:
        return layer if layer in self._parts else f"masks/{layer}"

    def _check(self, layer: str) -> None:
        part = self._parts.get(self._key(layer))
        if part is None:
            raise EngineError(f"{self.path.name} has no mask of {layer}")
        numel = self.numel(layer)
        if not numel or part.kind != "U8" or part.shape != ((numel + 7) // 8,):
            raise EngineError(
                f"{self.path.name} is damaged: the mask of {layer} holds {part.kind} values of shape {part.shape}, which do "
                f"not belong to a weight of shape {self.shapes[layer]}"
            )


def count_ones(bits: BitArray, numel: int) -> int:
    """Count the set bits among the first `numel`."""
    whole, rest = divmod(numel, 8)
    step = _CHUNK_BITS // 8
    found = sum(int(_ONES[bits[first : min(first + step, whole)]].sum(dtype=np.int64)) for first in range(0, whole, step))
    return found + (int(_ONES[bits[whole] >> (8 - rest)]) if rest else 0)


def flips(before: BitArray, after: BitArray, numel: int) -> tuple[int, int]:
    """Count the weights that are newly kept, and those that are newly pruned."""
    return count_ones(~before & after, numel), count_ones(before & ~after, numel)


def _as_rows(shape: tuple[int, ...]) -> tuple[int, ...]:
    """See a weight of any shape as output channels of something: a vector is one output channel."""
    return shape if len(shape) > 1 else (1, math.prod(shape))


def _unpacked(bits: BitArray, first: int, count: int) -> BoolArray:
    """Unpack `count` bits from bit `first` on."""
    start, skip = divmod(first, 8)
    part = bits[start : (first + count + 7) // 8]
    return np.unpackbits(part, count=skip + count)[skip:].view(np.bool_)


def _pieces(num_rows: int, in_group: int, most: int) -> Iterator[tuple[int, int]]:
    """Cut rows into pieces of `most` at most, none across two groups: (first row, how many)."""
    for start in range(0, num_rows, in_group):
        end = min(start + in_group, num_rows)
        for first in range(start, end, most):
            yield first, min(most, end - first)


def _column_sums(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    # 255 rows of 0 and 1 at most: their sums fit a byte, and adding bytes is many times as fast as adding anything wider
    sums: npt.NDArray[np.uint8] = np.add.reduce(rows, axis=0, dtype=np.uint8)
    return sums


def _read_header(path: Path, text: bytes, size: int) -> tuple[dict[str, _Part], dict[str, Any]]:
    header = parsed(text, path.name)
    if not isinstance(header, dict):
        raise EngineError(f"{path.name} cannot be read: its header is not a table")
    metadata = header.pop("__metadata__", None) or {}
    told = metadata.get("vpns", "{}") if isinstance(metadata, dict) else None
    info = parsed(told, path.name) if isinstance(told, str) else None
    if not isinstance(info, dict):
        raise EngineError(f"{path.name} cannot be read: its description is not a table")
    begin = 8 + len(text)
    return {str(name): _part(path, str(name), said, begin, size) for name, said in header.items()}, info


def _part(path: Path, name: str, said: object, begin: int, size: int) -> _Part:
    try:
        kind, shape, (first, end) = said["dtype"], tuple(said["shape"]), said["data_offsets"]  # type: ignore[index]
        counts = all(type(value) is int and 0 <= value <= size for value in (*shape, first, end))
        fits = counts and kind in _TYPES and len(shape) <= _MOST_SIDES and begin + end <= size
        holds = fits and end - first == math.prod(shape) * np.dtype(_TYPES[kind]).itemsize
    except (KeyError, TypeError, ValueError):
        holds = False
    if not holds:
        raise EngineError(f"{path.name} is damaged: what it says of {name[:80]!r} does not hold")
    return _Part(kind, shape, begin + first, begin + end)
