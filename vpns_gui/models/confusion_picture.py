"""A confusion matrix made ready to be drawn at any zoom: pure numpy, fit for a worker thread.

Shapes: T target classes, B blocks of neighbouring classes; colours are uint8 (height, width, 3).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vpns_gui.models.class_figures import IntArray, Rgb, matrix_picture, shares

MOST_SIDE = 256
"""With more classes, a picture of the whole shows the fullest cell of each block of neighbours."""


@dataclass(frozen=True)
class ConfusionPicture:
    """Pictures for a light window and a dark one. Made by `confusion_picture`."""

    names: tuple[str, ...]
    counts_TT: IntArray
    """Rows are the true classes."""
    as_share: bool
    """Colours and numbers are shares of the row; else counts, the fullest cell having the full colour."""
    whole: tuple[Rgb, Rgb]
    """A pixel a cell, light and dark."""
    overview: tuple[Rgb, Rgb] | None
    """A pixel a block, light and dark; None where there are few classes."""
    block: int
    """Classes in a block."""

    @property
    def num_classes(self) -> int:
        """How many rows and columns there are."""
        return int(self.counts_TT.shape[0])

    @property
    def fullest(self) -> int:
        """The largest count."""
        return int(self.counts_TT.max(initial=0))

    def number(self, true: int, predicted: int) -> str:
        """Write a cell's number; nothing where it is zero."""
        count = int(self.counts_TT[true, predicted])
        if not count:
            return ""
        return f"{count / int(self.counts_TT[true].sum()) * 100:.0f}" if self.as_share else f"{count}"

    def words(self, true: int, predicted: int) -> str:
        """Say what is in a cell."""
        count, total = int(self.counts_TT[true, predicted]), int(self.counts_TT[true].sum())
        share = f", {count / total * 100:.1f} % of its {total:,}" if total else ""
        what = "rightly recognised" if true == predicted else f"taken for {self.names[predicted]}"
        return f"{self.names[true]} {what}: {count:,} image{'' if count == 1 else 's'}{share}"

    def rows(self) -> list[list[str]]:
        """Give the whole as a table: a row for each true class, named in front."""
        return [[name, *map(str, counts)] for name, counts in zip(self.names, self.counts_TT.tolist(), strict=True)]


def confusion_picture(counts_TT: IntArray, names: tuple[str, ...], *, as_share: bool) -> ConfusionPicture:
    """Draw a matrix for light and dark; a tenth of a second for a thousand classes."""
    values = shares(counts_TT) if as_share else counts_TT / max(1, int(counts_TT.max(initial=0)))
    block = -(-values.shape[0] // MOST_SIDE)
    pooled = _fullest_of_blocks(values, block) if block > 1 else None
    return ConfusionPicture(
        names=names,
        counts_TT=counts_TT,
        as_share=as_share,
        whole=_both(values),
        overview=_both(pooled) if pooled is not None else None,
        block=block,
    )


def _both(values: npt.NDArray[np.floating]) -> tuple[Rgb, Rgb]:
    return matrix_picture(values, dark=False), matrix_picture(values, dark=True)


def _fullest_of_blocks(values_TT: npt.NDArray[np.floating], block: int) -> npt.NDArray[np.floating]:
    """Give the fullest cell of each block, so that no mistake gets lost where many cells share a pixel.

    Blocks on the diagonal show what is right in them: that is what their colour means.
    """
    starts = np.arange(0, values_TT.shape[0], block)
    wrong = values_TT.copy()
    np.fill_diagonal(wrong, 0)
    pooled_BB = np.maximum.reduceat(np.maximum.reduceat(wrong, starts, axis=0), starts, axis=1)
    np.fill_diagonal(pooled_BB, np.maximum.reduceat(np.diagonal(values_TT), starts))
    return pooled_BB
