"""Figures as a person reads them in the report."""

from vpns_engine.gains.model import Memory, Spread, Timing
from vpns_engine.words import percent

SAME = 0.03
"""Ratios that differ from 1 by less say nothing: where two networks lie in memory makes as much."""
_ALIKE, _ALIKE_BYTES = 0.05, 4_000_000
"""Peaks of memory that differ by less are the same: no two processes have exactly as much."""
FILE_LABELS = {
    "plain": "Plain file of weights",
    "zipped": "The same, zipped",
    "sparse": "Sparse file: bits and kept values",
    "sparse_zipped": "Sparse file, zipped",
}
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_LARGE = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def seconds_text(seconds: float) -> str:
    """Write a time with three digits: 2.67 ms."""
    scale, unit = next(((scale, unit) for scale, unit in _UNITS if seconds >= scale), _UNITS[-1])
    return f"{three(seconds / scale)} {unit}"


def range_text(spread: Spread) -> str:
    """Write quartiles in the unit of the median: 2.61 to 2.70."""
    scale = next((scale for scale, _ in _UNITS if spread.median >= scale), _UNITS[-1][0])
    return f"{three(spread.low / scale)} to {three(spread.high / scale)}"


def count_text(count: float) -> str:
    """Write a large count with three digits: 41.3 M."""
    for scale, unit in _LARGE:
        if count >= scale * 0.9995:
            return f"{three(count / scale)} {unit}"
    return f"{count:.0f}"


def three(value: float) -> str:
    """Write a number with three digits, and never with an exponent."""
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def times_smaller(before: float, after: float) -> str:
    """Say how many times smaller; "the same" where nothing to speak of has changed."""
    if not before or not after or abs(before / after - 1) < 0.005:
        return "the same"
    return f"{three(before / after)} times smaller" if after < before else f"{percent(after / before - 1)} larger"


def per_second(batch: int, seconds: float) -> str:
    """Write a throughput: images a second."""
    return f"{batch / seconds:,.0f}" if seconds > 0 else "-"


def verdict(ratio: Spread) -> str:
    """Say what a ratio of times amounts to: `same`, `faster` or `slower`."""
    if ratio.low <= 1 <= ratio.high or abs(ratio.median - 1) < SAME:
        return "same"
    return "faster" if ratio.median < 1 else "slower"


def place_of(timing: Timing) -> str:
    """Name an engine with its device."""
    return f"{timing.engine}, {'CPU' if timing.device == 'cpu' else 'GPU'}"


def points(share: float, *, signed: bool = True) -> str:
    """Write a share in percent without its sign: +0.17."""
    return f"{share * 100:{'+' if signed else ''}.2f}"


def memory_change(memory: Memory) -> float:
    """Give by which share the pruned network's part of the memory is larger (below 0: smaller); 0 where it is the same.

    The libraries, most of it as a rule, are left out: beside them any difference would look small.
    """
    own, change = memory.dense - memory.dense_before, memory.pruned - memory.dense
    return 0.0 if own <= 0 or abs(change) <= max(_ALIKE * own, _ALIKE_BYTES) else change / own
