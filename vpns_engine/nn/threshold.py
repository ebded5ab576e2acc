"""The exact global threshold: the k-th smallest |score| over all layers together (spec section 1).

The threshold moves little between steps. So the scores below a narrow band around the last one are only counted, and just
those inside the band are ordered: exact for any input, because a count that misses the band falls back to a full selection.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vpns_engine.nn.masking import pieces

_AIM = 0.004
"""Share of all scores that the band should hold."""


def num_dropped(density: float, total: int) -> int:
    """Give k = int((1 - d) * N), in double precision as the released code computes it."""
    return int((1 - density) * total)


@dataclass
class _Band:
    centre: float
    half_width: float


class ThresholdSearch:
    """Finds the k-th smallest |score|; remembers where it was."""

    def __init__(self, k: int) -> None:
        if k < 1:
            raise ValueError("k must be at least 1")
        self.k = k
        self._band: _Band | None = None

    def find(self, scores: Sequence[Tensor]) -> float:
        """Give the k-th smallest |score|, exactly. NaN counts as larger than everything."""
        found = None if self._band is None else self._in_band(scores, self._band)
        if found is None:
            found = self._full(scores)
        if self._band is not None:
            self._band.centre = found
        return found

    def _full(self, scores: Sequence[Tensor]) -> float:
        values = torch.cat([score.detach().reshape(-1).abs() for score in scores])
        found = float(_kth(values, self.k))
        width = _width_holding(values, found) if math.isfinite(found) else 0.0
        self._band = _Band(found, width) if width > 0 else None
        return found

    def _in_band(self, scores: Sequence[Tensor], band: _Band) -> float | None:
        low, high = band.centre - band.half_width, band.centre + band.half_width
        below, inside = 0, []
        for (piece,) in (found for score in scores for found in pieces(score)):
            count, values = _split(piece, low, high)
            below += count
            inside.append(values)
        values = torch.cat(inside)
        rank = self.k - below
        if not 1 <= rank <= values.numel():
            self._band = None
            return None
        self._adapt(band, values.numel(), sum(score.numel() for score in scores))
        return float(_kth(values, rank))

    @staticmethod
    def _adapt(band: _Band, held: int, total: int) -> None:
        if held < _AIM / 4 * total:
            band.half_width *= 1.5
        elif held > _AIM * 4 * total:
            band.half_width /= 2


def _split(piece: Tensor, low: float, high: float) -> tuple[int, Tensor]:
    """Count |values| <= low, and give those in (low, high]."""
    size = piece.abs()
    if piece.device.type != "cpu":
        not_above = size <= low
        return int(not_above.sum()), size[(size <= high) & ~not_above]
    array = size.numpy()  # numpy counts and picks several times faster on one core
    below = array <= low
    inside = array <= high
    inside ^= below
    return int(below.sum()), torch.from_numpy(array[inside])


def _kth(values: Tensor, k: int) -> Tensor:
    if values.device.type != "cpu":
        return values.kthvalue(k).values
    array = values.numpy()
    array.partition(k - 1)
    return values[k - 1]


def _width_holding(values: Tensor, centre: float) -> float:
    """Give a half width around `centre` that holds about the aimed share."""
    sample = values[:: max(1, values.numel() // 200_000)]
    distance = (sample - centre).abs().nan_to_num(math.inf)
    return float(distance.kthvalue(max(1, int(_AIM * distance.numel()))).values)
