"""Two masks of one network against each other, from a run's files.

Bits are compared as they lie there, a piece at a time: nothing is unpacked but the rows that are looked at.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vpns_engine.csv_files import Cell
from vpns_engine.errors import EngineError
from vpns_engine.mask_files import MaskFile, count_ones
from vpns_engine.overlap import ONLY_A, ONLY_B, Overlap, together
from vpns_engine.words import printable

_CHUNK_BYTES = 1 << 20

StateArray = npt.NDArray[np.uint8]
CountArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MaskComparison:
    """Two masks of one network, layer by layer."""

    layers: tuple[Overlap, ...]
    shapes: Mapping[str, tuple[int, ...]]
    classifier: str = ""
    """The layer some of whose rows no target class uses; empty where there is none."""
    used: Overlap | None = None
    """The classifier's rows that a target class of A or of B uses; None where all are, or there is no such classifier."""
    num_rows: int = 0
    """Rows of the classifier."""
    num_used_rows: int = 0
    left_out: tuple[str, ...] = ()
    """Layers whose shapes differ, in words: only the classifier's may."""

    @property
    def total(self) -> Overlap:
        """All layers together."""
        return together(self.layers, "All layers")

    @property
    def total_used(self) -> Overlap | None:
        """All layers without the classifier's rows that no target class uses; None where there are none."""
        if self.used is None:
            return None
        others = (layer for layer in self.layers if layer.name != self.classifier)
        return together((*others, self.used), "Without unused rows")


@dataclass(frozen=True)
class Window:
    """Some channels of a layer."""

    first_out: int
    num_out: int
    first_in: int
    num_in: int


@dataclass(frozen=True)
class Blocks:
    """Counts of weights in blocks of kernels; rows are output channels, columns input channels."""

    only_a: CountArray
    only_b: CountArray
    both: CountArray
    numel: CountArray
    out_block: int
    """Output channels in a row."""
    in_block: int
    """Input channels in a column."""


def compare_masks(a: MaskFile, b: MaskFile, classifier: str = "", used: Collection[int] = ()) -> MaskComparison:
    """Compare two masks.

    Args:
        a: one of them.
        b: the other; of the same network, but for a classifier with other classes, which is left out.
        classifier: the layer whose outputs are the source classes; empty: not known.
        used: those of them that a target class of A or of B uses; empty: not known.

    Raises:
        EngineError: they are of different networks, or a file cannot be read.
    """
    names, left_out = _common(a, b, classifier)
    layers = tuple(_overlap(a, b, name) for name in names)
    shape = a.shapes[classifier] if classifier in names else ()
    rows = sorted({row for row in used if len(shape) > 1 and 0 <= row < shape[0]})
    has_unused = 0 < len(rows) < next(iter(shape), 0)
    return MaskComparison(
        layers=layers,
        shapes={name: a.shapes[name] for name in names},
        classifier=classifier if has_unused else "",
        used=_overlap_of_rows(a, b, classifier, rows) if has_unused else None,
        num_rows=shape[0] if has_unused else 0,
        num_used_rows=len(rows) if has_unused else 0,
        left_out=left_out,
    )


def states_of(a: MaskFile, b: MaskFile, layer: str, window: Window) -> StateArray:
    """Give what the weights of some channels are: NEITHER, ONLY_A, ONLY_B or BOTH.

    Returns:
        (output channels, input channels, height, width); a linear layer's kernels are 1 x 1.

    Raises:
        EngineError: a file has no such layer, or the shapes differ.
    """
    _check_layer(a, b, layer)
    inputs = slice(window.first_in, window.first_in + window.num_in)
    rows_a, rows_b = (
        as_kernels(file.rows(layer, window.first_out, window.num_out).view(np.uint8))[:, inputs] for file in (a, b)
    )
    return rows_a * np.uint8(ONLY_A) + rows_b * np.uint8(ONLY_B)


def blocks_of(a: MaskFile, b: MaskFile, layer: str, max_side: int) -> Blocks:
    """Count what is kept in blocks of neighbouring kernels, `max_side` blocks a side at most.

    Raises:
        EngineError: a file has no such layer, or the shapes differ.
    """
    _check_layer(a, b, layer)
    shape = a.shapes[layer]
    num_out, num_in = (shape[0], shape[1]) if len(shape) > 1 else (1, math.prod(shape))
    weights = math.prod(shape[2:]) if len(shape) > 1 else 1
    out_block, in_block = max(1, -(-num_out // max_side)), max(1, -(-num_in // max_side))
    starts = np.arange(0, num_in * weights, in_block * weights)
    rows = range(0, num_out, out_block)
    counts = np.zeros((3, len(rows), len(starts)), np.int64)
    for number, first in enumerate(rows):
        kept_a, kept_b = (_flat_rows(file, layer, first, out_block) for file in (a, b))
        for place, kept in enumerate((kept_a & ~kept_b, kept_b & ~kept_a, kept_a & kept_b)):
            counts[place, number] = np.add.reduceat(kept.sum(axis=0, dtype=np.int64), starts)
    heights = np.diff(np.append(np.array(rows), num_out))
    widths = np.diff(np.append(starts, num_in * weights))
    only_a, only_b, both = counts
    return Blocks(only_a, only_b, both, np.outer(heights, widths), out_block, in_block)


def as_kernels(values: StateArray) -> StateArray:
    """See rows of a weight of any shape as kernels: (rows, inputs, height, width)."""
    sides = values.shape
    match len(sides):
        case 0 | 1 | 2:
            return values.reshape(*((1, -1) if len(sides) < 2 else sides), 1, 1)
        case 3:
            return values.reshape(*sides[:2], 1, sides[2])
        case _:
            return values.reshape(*sides[:3], -1)


HEADER = ("layer", "shape", "weights", "kept_a", "kept_b", "both", "only_a", "only_b", "neither", "iou", "iou_by_chance")
"""Columns of `rows_of`."""


def rows_of(comparison: MaskComparison) -> list[tuple[Cell, ...]]:
    """Give all numbers in full precision, for a file: the layers, then the totals."""
    rows = [_row(layer, "x".join(map(str, comparison.shapes[layer.name]))) for layer in comparison.layers]
    rows += [_row(comparison.used, f"{comparison.num_used_rows} used rows of {comparison.num_rows}")] if comparison.used else []
    return [*rows, *(_row(total, "") for total in (comparison.total, comparison.total_used) if total is not None)]


def _row(found: Overlap, shape: str) -> tuple[Cell, ...]:
    counts = (found.numel, found.kept_a, found.kept_b, found.both, found.only_a, found.only_b, found.neither)
    return (printable(found.name), shape, *counts, found.iou, found.by_chance)


def _common(a: MaskFile, b: MaskFile, classifier: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the layers to compare, in the network's order, and in words what is left out."""
    if not a.layers or not b.layers:
        raise EngineError(f"{(a if not a.layers else b).path.name} has no layers")
    if a.layers == b.layers:
        other = [name for name in a.layers if a.shapes[name] != b.shapes[name]]
        if not other:
            return a.layers, ()
        name = other[0]
        if other == [classifier] and len(a.layers) > 1 and a.shapes[name][1:] == b.shapes[name][1:]:
            names = tuple(layer for layer in a.layers if layer != name)
            return names, (f"{name}: {_sides(a, name)} in A, {_sides(b, name)} in B",)
        raise EngineError(f"the masks are of different networks: {name} is {_sides(a, name)} in A and {_sides(b, name)} in B")
    if len(a.layers) != len(b.layers):
        raise EngineError(f"the masks are of different networks: A has {len(a.layers)} layers, B has {len(b.layers)}")
    one, two = next((x, y) for x, y in zip(a.layers, b.layers, strict=True) if x != y)
    raise EngineError(f"the masks are of different networks: A has a layer {one[:80]} where B has {two[:80]}")


def _sides(file: MaskFile, name: str) -> str:
    return " × ".join(map(str, file.shapes[name]))


def _check_layer(a: MaskFile, b: MaskFile, layer: str) -> None:
    if a.shapes.get(layer) != b.shapes.get(layer) and layer in a.shapes and layer in b.shapes:
        raise EngineError(f"{layer} is {_sides(a, layer)} in A and {_sides(b, layer)} in B: its weights cannot be compared")


def _overlap(a: MaskFile, b: MaskFile, name: str) -> Overlap:
    bits_a, bits_b, numel = a.bits(name), b.bits(name), a.numel(name)
    both = 0
    for first in range(0, numel, 8 * _CHUNK_BYTES):
        piece = slice(first // 8, first // 8 + _CHUNK_BYTES)
        both += count_ones(bits_a[piece] & bits_b[piece], min(numel - first, 8 * _CHUNK_BYTES))
    return Overlap.of(name, numel, count_ones(bits_a, numel), count_ones(bits_b, numel), both)


def _flat_rows(file: MaskFile, layer: str, first: int, count: int) -> npt.NDArray[np.bool_]:
    rows = file.rows(layer, first, count)
    return rows.reshape(len(rows), -1)


def _overlap_of_rows(a: MaskFile, b: MaskFile, name: str, rows: Sequence[int]) -> Overlap:
    in_row = math.prod(a.shapes[name][1:])
    kept_a = kept_b = both = 0
    for row in rows:
        row_a, row_b = a.rows(name, row, 1), b.rows(name, row, 1)
        kept_a, kept_b = kept_a + int(np.count_nonzero(row_a)), kept_b + int(np.count_nonzero(row_b))
        both += int(np.count_nonzero(row_a & row_b))
    return Overlap.of(f"{name}, used rows", in_row * len(rows), kept_a, kept_b, both)
