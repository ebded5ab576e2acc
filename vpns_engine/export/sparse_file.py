"""Sparse files: of a pruned weight one bit for each value and the values that are kept; whatever else there is as it is.

A safetensors file. A tensor that stands dense has its own name; of one that does not there are `bits/<name>` (packed like a
mask: 8 a byte, first weight in the highest bit, C order) and `values/<name>` (the kept values, in the same order). The metadata
key `vpns` holds JSON: `format`, and `shapes` with the shape of each that is not dense. Importing this does not import torch.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zlib import compressobj

import numpy as np
from safetensors.numpy import save

from vpns_engine.artifacts import BoolArray, pack, read_arrays, read_info, unpack
from vpns_engine.errors import EngineError
from vpns_engine.export.source import Array, entry_of

FORMAT = "bits and kept values"
BITS, VALUES = "bits/", "values/"
_CHUNK = 4 << 20
_ENTRY_BYTES = 110
"""What a safetensors header needs for one tensor, about."""


@dataclass(frozen=True)
class SparseSize:
    """Bytes of values, without the file's header."""

    dense: int
    """With every tensor whole."""
    sparse: int
    """With bits and kept values where that is smaller."""
    header: int
    """About what names and shapes need in the sparse file."""


def sparse_size(weights: Mapping[str, Array], masks: Mapping[str, BoolArray]) -> SparseSize:
    """Count what `write_sparse` would write, without writing it."""
    mask_of = _by_entry(weights, masks)
    dense = sum(array.nbytes for array in weights.values())
    sparse, entries = 0, 0
    for name, array in weights.items():
        small = (
            sparse_bytes(array.size, int(np.count_nonzero(mask_of[name])), array.itemsize) if name in mask_of else array.nbytes
        )
        sparse += min(small, array.nbytes)
        entries += 1 + (small < array.nbytes)
    return SparseSize(dense, sparse, entries * _ENTRY_BYTES)


def write_sparse(weights: Mapping[str, Array], masks: Mapping[str, BoolArray], path: Path) -> int:
    """Write a pruned state dict; a tensor stays dense where bits and values would be no smaller.

    Args:
        weights: the state dict, dense or with the mask folded in: only what the masks keep is written.
        masks: one for each scored layer, by the layer's name or its entry's.
        path: the file.

    Returns:
        The file's size in bytes.

    Raises:
        ValueError: a mask has no weight, or another shape.
        OSError: the file cannot be written.
    """
    mask_of, arrays, shapes = _by_entry(weights, masks), {}, {}
    for name, array in weights.items():
        mask = mask_of.get(name)
        if mask is None or sparse_bytes(array.size, int(np.count_nonzero(mask)), array.itemsize) >= array.nbytes:
            arrays[name] = np.asarray(array if mask is None else np.where(mask, array, array.dtype.type(0)), order="C")
            continue
        arrays[BITS + name], arrays[VALUES + name] = pack(mask), np.ascontiguousarray(array[mask])
        shapes[name] = list(array.shape)
    data = save(arrays, metadata={"vpns": json.dumps({"format": FORMAT, "shapes": shapes})})
    path.write_bytes(data)
    return len(data)


def read_sparse(path: Path) -> dict[str, Array]:
    """Read a sparse file back into a dense state dict, exactly 0 where nothing is kept.

    Raises:
        EngineError: the file is missing, damaged, no such file, or holds more than there is memory for.
    """
    shapes = _shapes(path)
    arrays = read_arrays(path)
    found = {name: array for name, array in arrays.items() if not name.startswith((BITS, VALUES))}
    for name, shape in shapes.items():
        found[name] = _whole(path, name, shape, arrays)
    if len(found) + len(shapes) != len(arrays):
        raise EngineError(f"{path.name} is damaged: it holds bits or values that belong to no tensor")
    return found


def is_sparse(path: Path) -> bool:
    """Tell a sparse file from any other safetensors file.

    Raises:
        EngineError: it is missing or damaged.
    """
    return read_info(path).get("format") == FORMAT


def sparse_bytes(size: int, kept: int, item_bytes: int) -> int:
    """Count the bytes of a tensor as bits and kept values."""
    return (size + 7) // 8 + kept * item_bytes


def zipped_size(parts: Iterable[bytes], check: Callable[[], None] = lambda: None) -> int:
    """Count what a file of these parts has when it is zipped (deflate, its usual level), without writing it.

    Args:
        parts: the file, piece by piece.
        check: called every few megabytes; may raise to end it.
    """
    packer, total = compressobj(), 0
    for part in parts:
        whole = memoryview(part)
        for start in range(0, len(whole), _CHUNK):
            check()
            total += len(packer.compress(whole[start : start + _CHUNK]))
    return total + len(packer.flush())


def _by_entry(weights: Mapping[str, Array], masks: Mapping[str, BoolArray]) -> dict[str, BoolArray]:
    found = {entry_of(layer, weights): mask for layer, mask in masks.items()}
    for name, mask in found.items():
        if name not in weights or weights[name].shape != mask.shape:
            raise ValueError(f"the mask of {name} belongs to no weight of shape {mask.shape}")
    return found


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    info = read_info(path)
    given = info.get("shapes")
    if info.get("format") != FORMAT or not isinstance(given, dict):
        raise EngineError(f"{path.name} is no sparse file of bits and kept values")
    shapes = {}
    for name, shape in given.items():
        if not isinstance(shape, list) or len(shape) > 8 or not all(type(side) is int and 0 <= side < 2**40 for side in shape):
            raise EngineError(f"{path.name} is damaged: {name} has no shape that a weight can have")
        shapes[str(name)] = tuple(shape)
    return shapes


def _whole(path: Path, name: str, shape: tuple[int, ...], arrays: Mapping[str, Array]) -> Array:
    bits, values = arrays.get(BITS + name), arrays.get(VALUES + name)
    if bits is None or values is None or values.ndim != 1 or name in arrays:
        raise EngineError(f"{path.name} is damaged: bits and values of {name} are not both there")
    # the bits are as many as the weights, so what is on the disk bounds what is made of it: 32 times as much
    mask = unpack(bits, shape)
    if int(np.count_nonzero(mask)) != values.size:
        raise EngineError(f"{path.name} is damaged: {name} keeps {np.count_nonzero(mask)} weights and has {values.size} values")
    try:
        whole = np.zeros(math.prod(shape), values.dtype)
    except MemoryError as error:
        raise EngineError(f"{path.name} cannot be read: not enough memory for {name}") from error
    whole[mask.reshape(-1)] = values
    return whole.reshape(shape)
