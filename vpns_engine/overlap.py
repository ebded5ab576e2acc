"""How much two masks have in common, in numbers, and how much independent masks would have in common by chance.

Of a layer of n weights, one mask keeps a = |A| and the other b = |B|. If A and B were drawn independently of each other, each
of its own density, |A ∩ B| would be hypergeometric: its mean is a b / n, its variance a b (n - a) (n - b) / (n² (n - 1)). The
overlap by chance is the ratio of the expectations, E|A ∩ B| / E|A ∪ B| = (a b / n) / (a + b - a b / n); where hardly any weight
is kept the mean of the ratio is a little less. In total the expectations of the layers are added up first.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

FORMULA = "E|A ∩ B| / E|A ∪ B|, with E|A ∩ B| = |A| |B| / n in each layer of n weights"
"""The overlap by chance, as a person reads it."""

NEITHER, ONLY_A, ONLY_B, BOTH = range(4)
"""What a weight is in two masks: bit 0 says that A keeps it, bit 1 that B does."""


@dataclass(frozen=True)
class Overlap:
    """Counts of weights that two masks keep, of a layer or of several together."""

    name: str
    numel: int
    kept_a: int
    kept_b: int
    both: int
    expected: float
    """Expected number in both, by chance; of several layers the sum."""
    variance: float
    """Of the number in both, by chance."""

    @classmethod
    def of(cls, name: str, numel: int, kept_a: int, kept_b: int, both: int) -> "Overlap":
        """Make the overlap of one layer."""
        expected = kept_a * kept_b / numel if numel else 0.0
        spread = kept_a * kept_b * (numel - kept_a) * (numel - kept_b) / (numel**2 * (numel - 1)) if numel > 1 else 0.0
        return cls(name, numel, kept_a, kept_b, both, expected, spread)

    @property
    def only_a(self) -> int:
        """Weights that only A keeps."""
        return self.kept_a - self.both

    @property
    def only_b(self) -> int:
        """Weights that only B keeps."""
        return self.kept_b - self.both

    @property
    def either(self) -> int:
        """Weights that at least one of them keeps."""
        return self.kept_a + self.kept_b - self.both

    @property
    def neither(self) -> int:
        """Weights that both prune."""
        return self.numel - self.either

    @property
    def iou(self) -> float | None:
        """Intersection over union, 0 to 1; None where neither keeps anything."""
        return self.both / self.either if self.either else None

    @property
    def by_chance(self) -> float | None:
        """The overlap that independent masks of these densities would have; None where neither keeps anything."""
        return self._ratio(self.expected)

    @property
    def chance_range(self) -> tuple[float, float] | None:
        """What chance alone gives in 19 of 20 cases: two standard deviations of |A ∩ B| below and above."""
        if not self.either:
            return None
        reach = 2 * math.sqrt(self.variance)
        least, most = max(0, self.kept_a + self.kept_b - self.numel), min(self.kept_a, self.kept_b)
        return tuple(self._ratio(min(max(self.expected + side, least), most)) or 0.0 for side in (-reach, reach))  # type: ignore[return-value]

    @property
    def beyond_chance(self) -> float | None:
        """How often as large as by chance the overlap is; None where chance gives none."""
        return self.iou / self.by_chance if self.iou is not None and self.by_chance else None

    @property
    def most(self) -> float | None:
        """The largest overlap that masks of these densities can have."""
        larger = max(self.kept_a, self.kept_b)
        return min(self.kept_a, self.kept_b) / larger if larger else None

    def _ratio(self, both: float) -> float | None:
        union = self.kept_a + self.kept_b - both
        return both / union if union > 0 else None


def together(layers: Iterable[Overlap], name: str) -> Overlap:
    """Add layers up: the expectations too, each layer with its own densities."""
    found = tuple(layers)
    return Overlap(
        name=name,
        numel=sum(layer.numel for layer in found),
        kept_a=sum(layer.kept_a for layer in found),
        kept_b=sum(layer.kept_b for layer in found),
        both=sum(layer.both for layer in found),
        expected=math.fsum(layer.expected for layer in found),
        variance=math.fsum(layer.variance for layer in found),
    )
