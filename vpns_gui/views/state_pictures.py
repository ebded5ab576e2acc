"""What two masks do to a layer, as pictures: pure numpy.

A weight that only A keeps fills the lower left half of its cell, one that only B keeps the upper right half, and one that both
keep the whole cell: the halves make the whole, so that no colour is needed to read it. One that neither keeps leaves it empty.

Shapes: O output channels, I input channels, H and W kernel sides.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from vpns_engine.overlap import BOTH, NEITHER, ONLY_A, ONLY_B
from vpns_gui.theme import Colours, rgb
from vpns_gui.views.mask_pictures import sequential
from vpns_gui.views.prompt_pictures import diverging

Rgb = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]
BlockKind = Literal["overlap", "balance"]

BLOCK_KINDS: dict[BlockKind, str] = {"overlap": "Overlap (IoU)", "balance": "Which of them keeps more"}
_GAP = 4
_LEAST_PATTERN_PX = 4
"""Cells smaller than this are filled whole: half of one could not be seen."""


@dataclass(frozen=True)
class BlockCounts:
    """Counts of weights in blocks of kernels; rows are output channels, columns input channels."""

    only_a: npt.NDArray[np.int64]
    only_b: npt.NDArray[np.int64]
    both: npt.NDArray[np.int64]
    numel: npt.NDArray[np.int64]
    out_block: int
    in_block: int


def overlaps(counts: BlockCounts) -> FloatArray:
    """Give each block's intersection over union; NaN where neither keeps anything."""
    either = counts.both + counts.only_a + counts.only_b
    return np.where(either > 0, counts.both / np.maximum(either, 1), np.nan)


def balances(counts: BlockCounts) -> FloatArray:
    """Give, for each block, the share that B keeps minus the share that A keeps: from -1 to 1."""
    return (counts.only_b - counts.only_a) / np.maximum(counts.numel, 1)


def block_picture(counts: BlockCounts, kind: BlockKind, scheme: Colours) -> tuple[Rgb, Rgb, tuple[str, ...]]:
    """Colour the blocks of a layer.

    Returns:
        The picture, a strip for the scale (its top is the first label), and the scale's labels.
    """
    if kind == "overlap":
        found = overlaps(counts)
        picture = sequential(np.nan_to_num(found), dark=scheme.dark)
        picture[np.isnan(found)] = rgb(scheme.empty)
        return picture, sequential(np.linspace(1, 0, 129)[:, None], dark=scheme.dark), ("1", "0.5", "0")
    found = balances(counts)
    top = max(float(np.abs(found).max(initial=0.0)), 1e-6)
    strip = diverging(np.linspace(1, -1, 129)[:, None], dark=scheme.dark)
    labels = (f"B +{_percent(top)}", "same", f"A +{_percent(top)}")
    return diverging(found / top, dark=scheme.dark), strip, labels


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def mosaic(states_OIHW: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Lay kernels out side by side, output channels downwards; a cell between kernels larger than 1 x 1."""
    num_out, num_in, height, width = states_OIHW.shape
    gap = gap_of(height, width)
    cells = np.full((num_out, height + gap, num_in, width + gap), _GAP, np.uint8)
    cells[:, :height, :, :width] = states_OIHW.transpose(0, 2, 1, 3)
    whole = cells.reshape(num_out * (height + gap), num_in * (width + gap))
    return whole[: max(0, whole.shape[0] - gap), : max(0, whole.shape[1] - gap)]


def gap_of(height: int, width: int) -> int:
    """Give the cells between kernels: none where a kernel is a single weight."""
    return 1 if height * width > 1 else 0


def painted(cells: npt.NDArray[np.uint8], side_px: int, scheme: Colours) -> Rgb:
    """Draw each cell as a square of `side_px` pixels."""
    stencils = _stencils(side_px, scheme)
    rows, columns = cells.shape
    found: Rgb = stencils[cells].transpose(0, 2, 1, 3, 4).reshape(rows * side_px, columns * side_px, 3)
    return found


def swatch(state: int, side_px: int, scheme: Colours) -> Rgb:
    """Draw one state, for a key."""
    found: Rgb = _stencils(side_px, scheme)[state]
    return found


def _stencils(side: int, scheme: Colours) -> npt.NDArray[np.uint8]:
    """Give a square for each of NEITHER, ONLY_A, ONLY_B, BOTH and the gap, shape (5, side, side, 3)."""
    ground, gap = rgb(scheme.empty), rgb(scheme.window)
    found = np.empty((5, side, side, 3), np.uint8)
    found[[NEITHER, ONLY_A, ONLY_B, BOTH]] = ground
    found[_GAP] = gap
    down, across = np.mgrid[:side, :side]
    whole = np.ones((side, side), np.bool_)
    lower, upper = (down >= across, down <= across) if side >= _LEAST_PATTERN_PX else (whole, whole)
    room = side - 1 if side > _LEAST_PATTERN_PX else side  # a thin line between cells that are large enough for one
    inside = (down < room) & (across < room)
    for state, shape, colour in ((ONLY_A, lower, scheme.kept), (ONLY_B, upper, scheme.prompted), (BOTH, whole, scheme.text)):
        found[state][shape & inside] = rgb(colour)
    return found
