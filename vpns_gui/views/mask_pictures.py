"""What the mask view shows of a layer, computed once from its arrays: pure numpy, fit for a worker thread.

Shapes: O output channels, I input channels, H and W kernel sides (1 for a linear layer), L bins of a histogram.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
Rgb = npt.NDArray[np.uint8]
Kept = Callable[[int, int], BoolArray]
"""Gives whether the weights from the first on are kept, as many as the second says, in C order."""

MAX_MAP_SIDE = 256
NUM_BINS = 81
TILE_SIDE = 128
"""Points in a tile's side, at most."""
_CHUNK = 1 << 16

GAP, EMPTY, PRUNED, KEPT = range(4)
"""What a cell of the kernels' picture is: between kernels, in a kernel with nothing kept, pruned, kept."""


@dataclass(frozen=True)
class DensityMap:
    """Kept share of each kernel, or of blocks of kernels where the layer is large."""

    values: FloatArray
    """Rows are output channels, columns input channels; 0 to 1."""
    out_block: int
    """Output channels in a row."""
    in_block: int
    """Input channels in a column."""


@dataclass(frozen=True)
class Histogram:
    """Counts of kept and pruned weights in bins of equal width."""

    edges: npt.NDArray[np.float64]
    kept: IntArray
    pruned: IntArray
    num_odd: int = 0
    """Values that are not finite, and so in no bin."""


@dataclass(frozen=True)
class LayerDetail:
    """A layer, ready to be shown; its kernels come in tiles (`tile_of`), its histograms after it."""

    name: str
    shape: tuple[int, ...]
    num_kept: int
    density_map: DensityMap
    dead_out: tuple[int, ...]
    """Output channels with every weight pruned, from 0."""
    dead_in: tuple[int, ...]
    """Input channels that no kept weight reads, from 0; of a grouped convolution those of all groups, one after the other."""
    threshold: float | None = None
    is_saved: bool = True
    """False for an epoch of which the run keeps the mask alone."""
    unused_out: frozenset[int] = frozenset()
    """Rows of the classifier that no target class uses."""

    @property
    def kernels(self) -> tuple[int, int, int, int]:
        """The weight seen as kernels."""
        return as_kernels(self.shape)

    @property
    def numel(self) -> int:
        """Number of weights."""
        return math.prod(self.shape)

    @property
    def shares_inputs(self) -> bool:
        """Tell whether all outputs read the same inputs: those of a grouped convolution have no column of their own."""
        num_in = self.kernels[1]
        return num_in > 1 and max(self.dead_in, default=0) < num_in


@dataclass(frozen=True)
class LayerHistograms:
    """Weights and magnitudes of the scores of a layer; None where they are not stored."""

    name: str
    weights: Histogram | None
    scores: Histogram | None
    threshold: float | None


@dataclass(frozen=True)
class TileKey:
    """A square of the kernels' picture."""

    block: int
    """Kernels in a point's side; 0: a point is a weight."""
    row: int
    column: int


@dataclass(frozen=True)
class Tile:
    """What a square shows: `cells` are GAP, EMPTY, PRUNED, KEPT, or, of blocks, the kept share from 0 to 255."""

    key: TileKey
    cells: Rgb
    values: FloatArray | None = None
    """The weight in each cell, NaN between kernels; None where they are not stored, or a point is no weight."""


def as_kernels(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """See a weight of any shape as kernels (O, I, H, W)."""
    match shape:
        case () | (_,):
            return 1, math.prod(shape), 1, 1
        case (out, into):
            return out, into, 1, 1
        case (out, into, width):
            return out, into, 1, width
        case _:
            return shape[0], shape[1], shape[2], math.prod(shape[3:])


def tile_span(shape_OIHW: tuple[int, int, int, int], block: int) -> tuple[int, int]:
    """Give how many output and input channels a tile covers."""
    if block:
        return TILE_SIDE * block, TILE_SIDE * block
    gap = kernel_gap(shape_OIHW)
    return max(1, TILE_SIDE // (shape_OIHW[2] + gap)), max(1, TILE_SIDE // (shape_OIHW[3] + gap))


def mosaic(mask_OIHW: BoolArray) -> Rgb:
    """Lay kernels out side by side, output channels downwards, input channels to the right.

    Returns:
        One cell a weight, and after each kernel larger than 1 x 1 one cell of `GAP`: GAP, EMPTY, PRUNED or KEPT.
    """
    # where a kernel is a single weight there is no empty kernel to tell apart
    has_any = mask_OIHW.any(axis=(2, 3), keepdims=True) | (kernel_gap(mask_OIHW.shape) == 0)
    states = np.where(mask_OIHW, KEPT, np.where(has_any, PRUNED, EMPTY)).astype(np.uint8)
    return spread(states, GAP)


def spread(values_OIHW: npt.NDArray[Any], between: float) -> npt.NDArray[Any]:
    """Lay the values of kernels out as `mosaic` does, with `between` in the gaps."""
    num_out, num_in, height, width = values_OIHW.shape
    gap = kernel_gap(values_OIHW.shape)
    cells = np.full((num_out, height + gap, num_in, width + gap), between, values_OIHW.dtype)
    cells[:, :height, :, :width] = values_OIHW.transpose(0, 2, 1, 3)
    return cells.reshape(num_out * (height + gap), num_in * (width + gap))


def kernel_gap(shape_OIHW: tuple[int, ...]) -> int:
    """Give the cells between kernels: none where a kernel is a single weight."""
    return 1 if shape_OIHW[2] * shape_OIHW[3] > 1 else 0


def histogram(values: FloatArray, kept: Kept, *, magnitude: bool = False, num_bins: int = NUM_BINS) -> Histogram:
    """Count kept and pruned values in bins: from -max to max, or from 0 to max of the magnitudes.

    Args:
        values: may be a view of a file: it is gone through in small pieces.
        kept: gives the mask of `count` values from the first on.
        magnitude: count the absolute values.
        num_bins: how many bins.
    """
    flat = values.reshape(-1)
    peak = _peak(flat)
    low = 0.0 if magnitude else -peak
    counts = np.zeros(2 * num_bins, np.int64)
    num_odd = 0
    for first in range(0, flat.size, _CHUNK):
        chunk = flat[first : first + _CHUNK]
        finite = np.isfinite(chunk)
        side = kept(first, chunk.size)[finite]
        num_odd += int(finite.size - np.count_nonzero(finite))
        chunk = np.abs(chunk[finite]) if magnitude else chunk[finite]
        # multiplied before it is divided: the bin width of very small values would underflow
        place = ((chunk.astype(np.float64) - low) * num_bins / (peak - low)).astype(np.int64).clip(0, num_bins - 1)
        counts += np.bincount(place + num_bins * side, minlength=2 * num_bins)
    return Histogram(np.linspace(low, peak, num_bins + 1), counts[num_bins:], counts[:num_bins], num_odd)


def _peak(flat: FloatArray) -> float:
    peak = 0.0
    for first in range(0, flat.size, _CHUNK):
        chunk = np.abs(flat[first : first + _CHUNK])
        peak = max(peak, float(chunk.max(where=np.isfinite(chunk), initial=0.0)))
    return peak if peak > 0 else 1.0


def sequential(values: npt.NDArray[np.floating], *, dark: bool) -> Rgb:
    """Colour values of 0 to 1 by lightness, from the ground to the strongest; zero is set apart from the smallest value."""
    stops = _DARK_STOPS if dark else _LIGHT_STOPS
    share = np.clip(values, 0, 1)
    at = np.linspace(0, 1, len(stops))
    # whatever is above zero starts a step away from it: one weight left in a kernel must be seen
    lifted = np.where(share > 0, 0.12 + 0.88 * share, 0.0)
    channels = [np.interp(lifted, at, [stop[channel] for stop in stops]) for channel in range(3)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)


_LIGHT_STOPS = ((250, 250, 250), (170, 205, 232), (70, 145, 200), (8, 84, 150), (3, 36, 80))
_DARK_STOPS = ((22, 25, 30), (24, 66, 104), (38, 118, 172), (96, 180, 232), (226, 245, 255))
