"""What the mask view shows of a layer, computed once from its arrays: pure numpy, fit for a worker thread.

Shapes: O output channels, I input channels, H and W kernel sides (1 for a linear layer), L bins of a histogram.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
Rgb = npt.NDArray[np.uint8]

MAX_MAP_SIDE = 256
NUM_BINS = 81
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
    """A layer, ready to be shown. Made by `layer_detail`."""

    name: str
    shape: tuple[int, ...]
    mask_OIHW: BoolArray
    num_kept: int
    density_map: DensityMap
    weights: Histogram | None
    scores: Histogram | None
    threshold: float | None
    is_saved: bool = True
    """False for an epoch of which the run keeps the mask alone."""

    @property
    def numel(self) -> int:
        """Number of weights."""
        return int(self.mask_OIHW.size)


def layer_detail(
    name: str,
    mask: BoolArray,
    weights: FloatArray | None,
    scores: FloatArray | None,
    threshold: float | None,
    *,
    is_saved: bool = True,
) -> LayerDetail:
    """Compute everything the mask view shows of a layer.

    Takes some seconds for 100 million weights: call it in a worker thread.

    Args:
        mask: in the weight's shape.
        weights: in the weight's shape, dense; None: not known.
        scores: in the weight's shape, signed; None: the method has none.
        threshold: score threshold tau; None: there is none.
        is_saved: False where the run keeps no more than the mask of this epoch.
    """
    mask_OIHW = as_kernels(mask.astype(np.bool_, copy=False))
    return LayerDetail(
        name=name,
        shape=tuple(mask.shape),
        mask_OIHW=mask_OIHW,
        num_kept=int(np.count_nonzero(mask)),
        density_map=density_map(mask_OIHW),
        weights=None if weights is None else histogram(weights, mask),
        scores=None if scores is None else histogram(scores, mask, magnitude=True),
        threshold=threshold,
        is_saved=is_saved,
    )


def as_kernels(mask: BoolArray) -> BoolArray:
    """See a weight of any shape as kernels (O, I, H, W)."""
    sides = mask.shape
    match len(sides):
        case 0 | 1:
            return mask.reshape(1, -1, 1, 1)
        case 2:
            return mask.reshape(*sides, 1, 1)
        case 3:
            return mask.reshape(*sides[:2], 1, sides[2])
        case _:
            return mask.reshape(*sides[:3], -1)


def density_map(mask_OIHW: BoolArray, max_side: int = MAX_MAP_SIDE) -> DensityMap:
    """Give the kept share of each kernel; of blocks of neighbours where there are more than `max_side` channels."""
    num_out, num_in, height, width = mask_OIHW.shape
    out_block, in_block = -(-num_out // max_side), -(-num_in // max_side)
    flat = mask_OIHW.reshape(num_out, num_in, height * width).view(np.uint8)
    starts = np.arange(0, num_in, in_block)
    sizes = np.diff(np.append(starts, num_in)) * height * width
    rows = []
    for first in range(0, num_out, out_block):
        block = flat[first : first + out_block]
        counts = block.sum(axis=(0, 2), dtype=np.int64)
        rows.append(np.add.reduceat(counts, starts) / (sizes * len(block)))
    return DensityMap(np.array(rows, dtype=np.float32), out_block, in_block)


def histogram(values: FloatArray, mask: BoolArray, *, magnitude: bool = False, num_bins: int = NUM_BINS) -> Histogram:
    """Count kept and pruned values in bins: from -max to max, or from 0 to max of the magnitudes."""
    flat, kept = values.reshape(-1), mask.reshape(-1)
    peak = _peak(flat)
    low = 0.0 if magnitude else -peak
    counts = np.zeros(2 * num_bins, np.int64)
    num_odd = 0
    for first in range(0, flat.size, _CHUNK):
        chunk = flat[first : first + _CHUNK]
        finite = np.isfinite(chunk)
        chunk, side = chunk[finite], kept[first : first + _CHUNK][finite]
        num_odd += int(finite.size - chunk.size)
        if magnitude:
            chunk = np.abs(chunk)
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


def mosaic(mask_OIHW: BoolArray, first: tuple[int, int], count: tuple[int, int]) -> Rgb:
    """Lay kernels out side by side, output channels downwards, input channels to the right.

    Args:
        first: first output and input channel.
        count: how many of each, at most; fewer at the edge.

    Returns:
        One cell a weight, one cell of `GAP` between kernels larger than 1 x 1: GAP, EMPTY, PRUNED or KEPT.
    """
    tiles = mask_OIHW[first[0] : first[0] + count[0], first[1] : first[1] + count[1]]
    num_out, num_in, height, width = tiles.shape
    gap = kernel_gap(mask_OIHW)
    cells = np.full((num_out, height + gap, num_in, width + gap), GAP, np.uint8)
    # where a kernel is a single weight there is no empty kernel to tell apart
    has_any = tiles.any(axis=(2, 3), keepdims=True) | (gap == 0)
    states = np.where(tiles, KEPT, np.where(has_any, PRUNED, EMPTY)).astype(np.uint8)
    cells[:, :height, :, :width] = states.transpose(0, 2, 1, 3)
    whole = cells.reshape(num_out * (height + gap), num_in * (width + gap))
    return whole[: whole.shape[0] - gap, : whole.shape[1] - gap]


def kernel_gap(mask_OIHW: BoolArray) -> int:
    """Give the cells between kernels: none where a kernel is a single weight."""
    return 1 if mask_OIHW.shape[2] * mask_OIHW.shape[3] > 1 else 0


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
