"""The figures behind a prompt's pictures, as tables: made row by row, as a large canvas has a million of them."""

from collections.abc import Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from vpns_engine.csv_text import Cell
from vpns_gui.tables import Rows
from vpns_gui.views.prompt_analysis import Histogram


class PlaneRows(Sequence[Sequence[Cell]]):
    """A row for each place of a few planes (N, H, W): column, row, and the value of each plane there."""

    def __init__(self, planes: npt.NDArray[np.floating], origin: tuple[int, int] = (0, 0)) -> None:
        """`origin` is what the first column and the first row are counted from."""
        self._planes, self._origin = planes, origin

    def __len__(self) -> int:
        """Count the places."""
        return int(self._planes[0].size)

    @overload
    def __getitem__(self, index: int) -> Sequence[Cell]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sequence[Cell]]: ...
    def __getitem__(self, index: int | slice) -> Sequence[Cell] | Sequence[Sequence[Cell]]:
        """Give a row, or several."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        row, column = divmod(index, self._planes.shape[2])
        return [column + self._origin[0], row + self._origin[1], *(float(plane[row, column]) for plane in self._planes)]


def pixel_rows(values_3CC: npt.NDArray[np.floating], *, pixels: bool) -> Rows:
    """Give each pixel of a prompt; with the unit of pixels as values of 0 to 255."""
    unit = " (of 255)" if pixels else ""
    return ["x", "y", *(f"{name}{unit}" for name in ("red", "green", "blue"))], PlaneRows(values_3CC * (255 if pixels else 1))


def wave_rows(amplitudes_CC: npt.NDArray[np.floating], *, pixels: bool) -> Rows:
    """Give each wave of a spectrum, whose amplitudes have their unit already."""
    side = amplitudes_CC.shape[0]
    header = ["cycles across", "cycles down", "amplitude (of 255)" if pixels else "amplitude"]
    return header, PlaneRows(amplitudes_CC[None], (-(side // 2), -(side // 2)))


def bin_rows(histogram: Histogram, *, pixels: bool) -> Rows:
    """Give each bin of a histogram."""
    edges = histogram.edges * (255 if pixels else 1)
    unit = " (of 255)" if pixels else ""
    rows = [
        [float(edges[number]), float(edges[number + 1]), *(int(counts[number]) for counts in histogram.counts.values())]
        for number in range(edges.size - 1)
    ]
    return [f"from{unit}", f"to{unit}", *histogram.counts], rows
