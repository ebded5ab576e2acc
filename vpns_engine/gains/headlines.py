"""The report at a glance: five figures, each with what it is held against."""

from vpns_engine.density import Density
from vpns_engine.gains.accuracy import Accuracy
from vpns_engine.gains.figures import memory_change, three, times_smaller, verdict
from vpns_engine.gains.model import Gains
from vpns_engine.gains.page import NOT_MEASURED, Headline
from vpns_engine.words import percent, size_text


def headlines_of(gains: Gains | None, accuracy: Accuracy, density: Density | None = None) -> tuple[Headline, ...]:
    """Give accuracy, weights, file, time and memory; what was not measured says so.

    Args:
        gains: what was measured.
        accuracy: what was tested.
        density: the state's mask, counted; None where it cannot be read.
    """
    return (_accuracy(accuracy), _weights(density), _file(gains), _time(gains), _memory(gains))


def _accuracy(accuracy: Accuracy) -> Headline:
    reported, dense = accuracy.reported, accuracy.dense
    if reported is None:
        return Headline("Test accuracy", NOT_MEASURED, "the test images were not read for this state")
    untuned = ", never tuned" if dense is not None and dense.stage == "map" else ""
    beside = f"dense {percent(dense.plain)}{untuned}" if dense is not None else "no dense reference"
    return Headline("Test accuracy", percent(reported.plain), beside)


def _weights(density: Density | None) -> Headline:
    if density is None:
        return Headline("Weights left", NOT_MEASURED, "the saved state cannot be read")
    return Headline("Weights left", percent(density.share), f"{density.num_kept:,} of {density.num_scored:,}")


def _file(gains: Gains | None) -> Headline:
    sizes = {size.kind: size for size in gains.sizes} if gains is not None else {}
    if not {"plain", "sparse"} <= sizes.keys():
        return Headline("Sparse file", NOT_MEASURED, "")
    before, after = sizes["plain"].dense, sizes["sparse"].pruned
    return Headline("Sparse file", times_smaller(before, after), f"{size_text(after)} of {size_text(before)}")


def _time(gains: Gains | None) -> Headline:
    if gains is None or not gains.timings:
        return Headline("Time of a batch", NOT_MEASURED, "")
    found = {verdict(timing.ratio) for timing in gains.timings}
    ratios = [timing.ratio.median for timing in gains.timings]
    value = "the same" if found == {"same"} else found.pop() if len(found) == 1 else "it depends"
    low, high = three(min(ratios)), three(max(ratios))
    span = low if low == high else f"{low} to {high}"
    return Headline("Time of a batch", value, f"{span} of the dense network's")


def _memory(gains: Gains | None) -> Headline:
    found = next((memory for memory in gains.memory if memory.device == "cpu"), None) if gains is not None else None
    if found is None or not found.dense:
        return Headline("Peak memory", NOT_MEASURED, "")
    change = memory_change(found)
    value = f"{percent(abs(change))} {'less' if change < 0 else 'more'}" if change else "the same"
    return Headline("Peak memory", value, f"{size_text(found.pruned)}, dense {size_text(found.dense)}")
