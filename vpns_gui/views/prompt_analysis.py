"""What can be measured of a prompt: numbers, histogram, spectrum, and how two prompts compare. Pure numpy.

Shapes: C canvas side, S image side, N pictures, K bins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vpns_gui.views.prompt_pictures import Channel, FloatArray, shown_values, zero_pad

_NUM_BINS = 48
_MOST_CLAMPED = 8_000_000
"""Values looked at for the share that is clamped, about."""


@dataclass(frozen=True)
class PromptNumbers:
    """A prompt in a few numbers. Values that are exactly zero lie outside of it, or were never moved."""

    smallest: float
    """Of the values that are not zero; 0 where all are."""
    largest: float
    l2: float
    most: float
    """L-infinity norm: the greatest size of a value."""
    num_used: int
    """Values that are not zero."""
    num_values: int


@dataclass(frozen=True)
class Histogram:
    """How often each value comes: `counts` between neighbouring `edges`, one row for each line that is drawn."""

    edges: npt.NDArray[np.float64]
    counts: Mapping[str, npt.NDArray[np.int64]]
    """By the name of the line: a channel, or the three of the colour picture."""


@dataclass(frozen=True)
class Analysis:
    """All that is drawn of one tensor (3, C, C) beside its picture."""

    numbers: PromptNumbers
    histograms: Mapping[Channel, Histogram]
    spectra: Mapping[Channel, FloatArray]
    """Amplitude of each wave, (C, C), no wave in the middle: |DFT| / C^2, in the tensor's unit."""


@dataclass(frozen=True)
class ShownPrompt:
    """A prompt ready to be drawn."""

    delta: FloatArray
    added: FloatArray
    region: str = ""
    formula: str = ""
    """How what is added comes from what is learned."""
    clamped: float | None = None
    """Share of the values with a prompt that end at 0 or 1 on the example images; None where there are none."""
    analyses: Mapping[str, Analysis] = field(default_factory=dict)
    """Of `added` and of `delta`."""

    @property
    def num_bytes(self) -> int:
        """Memory that it takes, about."""
        spectra = sum(a.nbytes for analysis in self.analyses.values() for a in analysis.spectra.values())
        return int(self.delta.nbytes + self.added.nbytes + spectra)


def ready(
    delta_3CC: FloatArray,
    added_3CC: FloatArray,
    *,
    region: str = "",
    formula: str = "",
    examples_N3SS: npt.NDArray[np.uint8] | None = None,
) -> ShownPrompt:
    """Measure a prompt; takes a while where the canvas is large."""
    added = analyse(added_3CC)
    return ShownPrompt(
        delta=delta_3CC,
        added=added_3CC,
        region=region,
        formula=formula,
        clamped=None if examples_N3SS is None else clamped_share(examples_N3SS, added_3CC),
        analyses={"added": added, "delta": added if np.array_equal(delta_3CC, added_3CC) else analyse(delta_3CC)},
    )


def in_pixels(delta_3CC: FloatArray, added_3CC: FloatArray) -> bool:
    """Tell whether what is learned is what is added, so that it has the unit of pixels; else it has one of its own."""
    return bool(np.array_equal(np.where(added_3CC != 0, delta_3CC, 0), added_3CC))


def analyse(values_3CC: FloatArray) -> Analysis:
    """Measure one tensor."""
    return Analysis(numbers(values_3CC), histograms(values_3CC), spectra(values_3CC))


def numbers(values_3CC: FloatArray) -> PromptNumbers:
    """Measure least and greatest value, norms, and how many values differ from zero."""
    used = values_3CC[values_3CC != 0]
    return PromptNumbers(
        smallest=float(used.min()) if used.size else 0.0,
        largest=float(used.max()) if used.size else 0.0,
        l2=float(np.sqrt(np.sum(np.square(used, dtype=np.float64)))),
        most=float(np.abs(used).max(initial=0.0)),
        num_used=int(used.size),
        num_values=values_3CC.size,
    )


def histograms(values_3CC: FloatArray) -> dict[Channel, Histogram]:
    """Count the values of each channel that are not zero, in bins that all channels share and that begin at zero."""
    peak = float(np.abs(values_3CC).max(initial=0.0)) or 1.0
    low, high = float(values_3CC.min(initial=0.0)), float(values_3CC.max(initial=0.0))
    width = (high - low) / _NUM_BINS or 2 * peak / _NUM_BINS
    # a bin ends at zero, so that none holds values of both signs
    edges = np.arange(np.floor(low / width), np.ceil(high / width) + 1) * width if high > low else np.array([-peak, 0.0, peak])
    singles: dict[Channel, npt.NDArray[np.int64]] = {
        channel: _counts(shown_values(values_3CC, channel), edges) for channel in ("mean", "red", "green", "blue")
    }
    found = {channel: Histogram(edges, {channel: counts}) for channel, counts in singles.items()}
    found["colour"] = Histogram(edges, {channel: singles[channel] for channel in ("red", "green", "blue")})
    return found


def _counts(values: FloatArray, edges: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    used = values[values != 0]
    places = np.floor((used - edges[0]) * ((edges.size - 1) / (edges[-1] - edges[0]))).astype(np.int64)
    # rounding may put a value of one sign beyond the edge at zero
    zero = int(np.argmin(np.abs(edges)))
    places = np.where(used < 0, np.minimum(places, zero - 1), np.maximum(places, zero))
    return np.bincount(np.clip(places, 0, edges.size - 2), minlength=edges.size - 1).astype(np.int64)


def spectra(values_3CC: FloatArray) -> dict[Channel, FloatArray]:
    """Give the amplitudes of each channel's waves, of their mean, and over all three (root of the mean square)."""
    side = values_3CC.shape[-1]
    waves = np.fft.fftshift(np.fft.fft2(values_3CC.astype(np.float32)) / side**2, axes=(-2, -1))
    sizes = np.abs(waves).astype(np.float32)
    return {
        "mean": np.abs(waves.mean(axis=0)).astype(np.float32),
        "red": sizes[0],
        "green": sizes[1],
        "blue": sizes[2],
        "colour": np.sqrt(np.mean(np.square(sizes), axis=0)).astype(np.float32),
    }


def clamped_share(images_N3SS: npt.NDArray[np.uint8], added_3CC: FloatArray) -> float | None:
    """Give the share of the prompt's values that end at the clamp, 0 or 1, over some images; None without a value."""
    used = added_3CC != 0
    if not used.any() or not len(images_N3SS) or images_N3SS.shape[-1] > added_3CC.shape[-1]:
        return None
    num = max(1, _MOST_CLAMPED // added_3CC.size)
    canvas = zero_pad(images_N3SS[:num].transpose(0, 2, 3, 1), added_3CC.shape[-1]).transpose(0, 3, 1, 2)
    here, added = canvas[:, used].astype(np.float32) / 255, added_3CC[used]
    return float(np.mean((here + added <= 0) | (here + added >= 1)))


@dataclass(frozen=True)
class PromptPair:
    """How two prompts compare."""

    cosine: float | None
    """Cosine of the angle between them; None where one of them is zero."""
    distance: float
    """L2 norm of the difference."""
    most: float
    """Greatest difference of a value."""
    l2: tuple[float, float]
    """Norm of each."""


def compare(one_3CC: FloatArray, other_3CC: FloatArray) -> PromptPair:
    """Compare two prompts of the same canvas."""
    one, other = one_3CC.astype(np.float64).ravel(), other_3CC.astype(np.float64).ravel()
    norms = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    product = norms[0] * norms[1]
    return PromptPair(
        cosine=float(np.clip(one @ other / product, -1, 1)) if product else None,
        distance=float(np.linalg.norm(one - other)),
        most=float(np.abs(one - other).max(initial=0.0)),
        l2=norms,
    )
