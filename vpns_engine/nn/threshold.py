"""The exact global threshold: the k-th smallest |score| over all layers together (spec section 1).

The threshold moves little between steps. So the scores outside a narrow band around the last one are only counted, and just
those inside the band are ordered: exact for any input, because a count that misses the band falls back to a full selection.
On the CPU the same walk notes which weights changed sides, so that W * m is rewritten only there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_AIM = 0.004
"""Share of all scores that the band should hold."""
_CHUNK = 1 << 16
"""Scores taken at a time on the CPU: they stay in a core's cache between the operations."""

Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Turned:
    """Flat positions of a layer that changed sides, and whether each is dropped now."""

    places: Indices
    dropped: Bools


@dataclass(frozen=True)
class Moved:
    """A threshold, and for each layer what changed sides; None: anything may have."""

    threshold: float
    turned: list[Turned] | None


@dataclass
class _Band:
    low: float
    high: float

    @classmethod
    def around(cls, centre: float, half_width: float) -> "_Band":
        return cls(centre - half_width, centre + half_width)

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


class ThresholdSearch:
    """Finds the k-th smallest |score|; remembers where it was, and on the CPU which scores were at most that."""

    def __init__(self, k: int) -> None:
        if k < 1:
            raise ValueError("k must be at least 1")
        self.k = k
        self._band: _Band | None = None
        self._dropped: list[Bools] = []

    def find(self, scores: Sequence[Tensor]) -> Moved:
        """Give the k-th smallest |score|, exactly. NaN counts as larger than everything."""
        found = None
        if self._band is not None:
            on_cpu = scores[0].device.type == "cpu"
            found = self._walk(scores, self._band) if on_cpu else self._count(scores, self._band)
        return found or self._full(scores)

    def _full(self, scores: Sequence[Tensor]) -> Moved:
        values = _sizes(scores)
        width = _width_holding(values, self.k)
        found = _kth(values, self.k)  # last: it reorders the values
        self._band = _Band.around(found, width) if math.isfinite(found) and width > 0 else None
        if scores[0].device.type == "cpu":
            self._dropped = [_at_most(_flat(score), found) for score in scores]
        return Moved(found, None)

    def _walk(self, scores: Sequence[Tensor], band: _Band) -> Moved | None:
        """Count, pick and compare, a piece that fits the cache at a time."""
        walk = _Walk(band)
        layers = [walk.layer(_flat(score), dropped) for score, dropped in zip(scores, self._dropped, strict=True)]
        values = np.concatenate([layer.values for layer in layers])
        rank = self.k - walk.below
        if not 1 <= rank <= values.size:
            return None
        threshold = float(np.partition(values, rank - 1)[rank - 1])
        self._adapt(threshold, band, values.size, sum(score.numel() for score in scores))
        turned = [layer.settle(threshold, dropped) for layer, dropped in zip(layers, self._dropped, strict=True)]
        return Moved(threshold, turned)

    def _count(self, scores: Sequence[Tensor], band: _Band) -> Moved | None:
        """Do the same on another device, a layer at a time, without the comparison."""
        below, inside = 0, []
        for score in scores:
            size = score.detach().reshape(-1).abs()
            not_above = size <= band.low
            below += int(not_above.sum())
            inside.append(size[(size <= band.high) & ~not_above])
        values, rank = torch.cat(inside), self.k - below
        if not 1 <= rank <= values.numel():
            return None
        threshold = _kth(values, rank)
        self._adapt(threshold, band, values.numel(), sum(score.numel() for score in scores))
        return Moved(threshold, None)

    def _adapt(self, threshold: float, band: _Band, held: int, total: int) -> None:
        width = band.half_width
        if held < _AIM / 4 * total:
            width *= 1.5
        elif held > _AIM * 4 * total:
            width /= 2
        self._band = _Band.around(threshold, width)


@dataclass(frozen=True)
class _Layer:
    """What a walk found in one layer: who crossed the whole band, and who is inside it."""

    crossed: list[Indices]
    places: Indices
    values: Floats

    def settle(self, threshold: float, dropped: Bools) -> Turned:
        """Decide those inside the band, bring `dropped` up to date and give every position that changed."""
        now = self.values <= threshold
        places = np.concatenate([*self.crossed, self.places[now != dropped[self.places]]])
        state = ~dropped[places]
        dropped[places] = state
        return Turned(places, state)


class _Walk:
    """Buffers and the running count of one walk over all layers."""

    def __init__(self, band: _Band) -> None:
        self.below = 0
        self._band = band
        self._flags = np.empty((3, _CHUNK), dtype=np.bool_)
        self._sizes: Floats | None = None

    def layer(self, score: Floats, dropped: Bools) -> _Layer:
        """Walk one layer."""
        if self._sizes is None or self._sizes.dtype != score.dtype:
            self._sizes = np.empty(_CHUNK, dtype=score.dtype)
        crossed, places, values = [], [], []
        for start in range(0, score.size, _CHUNK):
            piece, before = score[start : start + _CHUNK], dropped[start : start + _CHUNK]
            size = np.abs(piece, out=self._sizes[: piece.size])
            low, inside, other = self._flags[:, : piece.size]
            np.less_equal(size, self._band.low, out=low)
            self.below += int(np.count_nonzero(low))
            np.less_equal(size, self._band.high, out=inside)
            np.not_equal(inside, low, out=inside)
            # outside the band `low` is what the new mask drops
            np.not_equal(low, before, out=other)
            np.greater(other, inside, out=other)
            if other.any():
                crossed.append(np.flatnonzero(other) + start)
            if inside.any():
                here = np.flatnonzero(inside)
                places.append(here + start)
                values.append(size[here])
        none = np.empty(0, dtype=np.int64)
        return _Layer(crossed, np.concatenate([none, *places]), np.concatenate([score[:0], *values]))


def _flat(score: Tensor) -> Floats:
    array: Floats = score.detach().reshape(-1).numpy()
    return array


@torch.no_grad()
def _sizes(scores: Sequence[Tensor]) -> Tensor:
    """Give |S| of all layers together, flat."""
    first, counts = scores[0], [score.numel() for score in scores]
    values = torch.empty(sum(counts), dtype=first.dtype, device=first.device)
    parts = values.split(counts)  # type: ignore[no-untyped-call]
    for part, score in zip(parts, scores, strict=True):
        torch.abs(score.detach().reshape(-1), out=part)
    return values


def _at_most(score: Floats, threshold: float) -> Bools:
    """Tell where |S| <= tau, a piece that fits the cache at a time."""
    found = np.empty(score.size, dtype=np.bool_)
    for start in range(0, score.size, _CHUNK):
        np.less_equal(np.abs(score[start : start + _CHUNK]), threshold, out=found[start : start + _CHUNK])
    return found


def _kth(values: Tensor, k: int) -> float:
    if values.device.type == "cpu":
        values.numpy().partition(k - 1)
        return float(values[k - 1])
    return float(values.kthvalue(k).values)


def _width_holding(values: Tensor, k: int) -> float:
    """Give a half width around the k-th smallest value that holds about the aimed share."""
    sample = values[:: max(1, values.numel() // 200_000)].float().cpu().numpy()
    sample.sort()
    place = min(sample.size - 1, k * sample.size // values.numel())
    reach = max(1, int(_AIM * sample.size / 2))
    low, high = sample[max(0, place - reach)], sample[min(sample.size - 1, place + reach)]
    width = float(high - low) / 2
    return width if math.isfinite(width) else 0.0
