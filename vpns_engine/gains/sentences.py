"""What the figures mean, in plain sentences that are made from them: what the zeros give, what not, what it costs."""

from collections.abc import Iterator

from vpns_engine.gains.accuracy import Accuracy, Difference, StateTest
from vpns_engine.gains.figures import (
    SAME,
    count_text,
    memory_change,
    place_of,
    points,
    seconds_text,
    three,
    times_smaller,
    verdict,
)
from vpns_engine.gains.model import FileSize, Gains, Memory, Spread, Timing
from vpns_engine.gains.page import Saying
from vpns_engine.words import percent, size_text


def sayings_of(gains: Gains | None, accuracy: Accuracy) -> tuple[Saying, ...]:
    """Say what was gained and what was not; headings without a sentence are left out."""
    found = (
        Saying("What it costs in accuracy", tuple(accuracy_sentences(accuracy))),
        Saying("What the zeros give", tuple(_gives(gains)) if gains else ()),
        Saying("What they do not give", tuple(_gives_not(gains)) if gains else ()),
    )
    return tuple(saying for saying in found if saying.sentences)


def accuracy_sentences(accuracy: Accuracy) -> Iterator[str]:
    """Say how good it is, against what, and which of the differences are more than chance."""
    reported = accuracy.reported
    if reported is None:
        yield "The test images were not read for this state: of its accuracy nothing is known."
        return
    images = f"{accuracy.num_test:,} test images" if accuracy.num_test else "the test images"
    error = accuracy.error(reported.plain)
    within = f", give or take {points(error, signed=False)} points (standard error)" if error is not None else ""
    yield f"Pruned it gets {percent(reported.plain, 2)} of {images} right{within}."
    if accuracy.dense is not None:
        difference = accuracy.difference(reported, "plain", accuracy.dense, "plain")
        name = accuracy.dense.label.replace("Dense, ", "")
        yield f"Dense ({name}) it gets {percent(accuracy.dense.plain, 2)}: {_words(difference, 'the pruned network')}."
        if accuracy.dense.stage == "map" and reported.stage == "finetune":
            yield (
                "That dense network was never tuned for the task and the pruned one was, so this difference is not what "
                "pruning does: a dense reference that is tuned as well would tell."
            )
    if reported.prompted is not None:
        yield _prompt_sentence(accuracy, reported)
    yield from _tuning(accuracy, reported)
    yield _control(accuracy, reported)


def _prompt_sentence(accuracy: Accuracy, reported: StateTest) -> str:
    difference = accuracy.difference(reported, "prompted", reported, "plain")
    turned = ""
    if difference is not None and difference.gained is not None:
        turned = f"; it turns {difference.gained:,} images from wrong to right and {difference.lost:,} from right to wrong"
    return f"With the prompt it gets {percent(reported.prompted, 2)}: {_words(difference, 'the prompt')}{turned}."


def _tuning(accuracy: Accuracy, reported: StateTest) -> Iterator[str]:
    before = accuracy.test("this", "search")
    if reported.stage == "finetune" and before is not None:
        difference = accuracy.difference(reported, "plain", before, "plain")
        yield f"Before its weights were tuned it got {percent(before.plain, 2)}: {_words(difference, 'tuning')}."


def _control(accuracy: Accuracy, reported: StateTest) -> str:
    beside = accuracy.test("control", reported.stage)
    if beside is None:
        return f"Against the control arm nothing was measured: {accuracy.why_no_control or 'it was not tested in this state'}."
    difference = accuracy.difference(reported, "plain", beside, "plain")
    prompted = accuracy.difference(reported, "prompted", beside, "plain")
    with_prompt = f"; with its prompt {_words(prompted, 'this run')}" if prompted is not None else ""
    return (
        f"The control arm, the same without any prompt, gets {percent(beside.plain, 2)}: {_words(difference, 'this run')}"
        f"{with_prompt}. That is one seed: only several of each tell what the prompt gives."
    )


def _words(difference: Difference | None, who: str) -> str:
    """Say a difference: `the prompt gains 1.2 points, which is more than chance`."""
    if difference is None:
        return "the difference is not known"
    if difference.value == 0:
        return "no difference"
    verb = "gains" if difference.value > 0 else "loses"
    size = f"{who} {verb} {points(abs(difference.value), signed=False)} points"
    if difference.error is None:
        return size
    error = f"standard error {points(difference.error, signed=False)}"
    return f"{size}, which chance alone often makes ({error})" if difference.is_noise else f"{size}, more than chance ({error})"


def _gives(gains: Gains) -> Iterator[str]:
    if gains.weights is not None:
        kept, scored = gains.weights.kept, gains.weights.scored
        yield f"{kept:,} of {scored:,} weights that could be pruned are left: so many values to store, to send, to study."
    sizes = _sizes(gains)
    if {"plain", "sparse", "sparse_zipped"} <= sizes.keys():
        plain, sparse, zipped = sizes["plain"].dense, sizes["sparse"].pruned, sizes["sparse_zipped"].pruned
        yield (
            f"A file of the kept values with a bit for each weight has {size_text(sparse)}, {times_smaller(plain, sparse)} "
            f"than the {size_text(plain)} of a plain one ({size_text(zipped)} zipped). It is unpacked to the full size for use."
        )
    if "zipped" in sizes:
        found = sizes["zipped"]
        yield (
            f"Zipping a plain file finds the zeros too: {size_text(found.pruned)} pruned, {size_text(found.dense)} dense, "
            "without any format of its own."
        )


def _gives_not(gains: Gains) -> Iterator[str]:
    if "plain" in (sizes := _sizes(gains)):
        yield (
            f"No smaller file as it stands: {size_text(sizes['plain'].pruned)} pruned, {size_text(sizes['plain'].dense)} "
            "dense. A zero takes as much room as any number."
        )
    if gains.timings:
        yield _speed(gains.timings)
    if gains.work:
        work = gains.work[0]
        share = percent(work.left / work.macs if work.macs else None)
        yield (
            f"Fewer multiplications on paper only: of {count_text(work.macs)} multiply-accumulates an image "
            f"{count_text(work.left)} ({share}) would be left if zeros were skipped. No kernel timed here skips them."
        )
    yield from map(_memory, gains.memory)
    if gains.weights is not None and gains.weights.unused_rows:
        found = gains.weights
        yield (
            f"Not all of it is a feat: {found.unused_weights - found.unused_kept:,} of the {found.scored - found.kept:,} "
            f"pruned weights stand in the {found.unused_rows:,} classifier rows that no class here uses. They could be dropped "
            "from the dense network as well."
        )
    yield from _cost_of_prompt(gains)


def _memory(memory: Memory) -> str:
    where = "a process" if memory.device == "cpu" else "the GPU"
    change = memory_change(memory)
    words = f"{percent(abs(change))} {'less' if change < 0 else 'more'} for the network" if change else "the same"
    libraries = f" ({size_text(memory.dense_before)} are the libraries)" if memory.dense_before else ""
    return (
        f"{'Memory' if change < 0 else 'No less memory'} while it works: {where} that passes {memory.batch} images has "
        f"{size_text(memory.pruned)} at most with the pruned network and {size_text(memory.dense)} with the dense one, "
        f"{words}{libraries}."
    )


def _speed(timings: tuple[Timing, ...]) -> str:
    """Say whether it is faster, over all comparisons, and where it is not the same."""
    ratios = [timing.ratio.median for timing in timings]
    low, high = three(min(ratios)), three(max(ratios))
    span = f"{low} of" if low == high else f"{low} to {high} times"
    told = f"over {len(timings)} comparisons the pruned network takes {span} the dense one's time"
    kernels = "Dense kernels multiply by a zero as by any number."
    other = [timing for timing in timings if verdict(timing.ratio) != "same"]
    if not other:
        return f"No speed: {told}, which is the same within the spread. {kernels}"
    cases = "; ".join(_case(timing) for timing in other)
    same = len(timings) - len(other)
    rest = f", and the same in the other {same}" if same else ""
    start = "No speed" if all(verdict(timing.ratio) == "slower" for timing in other) else "Hardly any speed"
    if all(verdict(timing.ratio) == "faster" and timing.ratio.median < 0.9 for timing in timings):
        start = "Speed, in spite of dense kernels"
    return f"{start}: {told}. It was {cases}{rest}. {kernels} What differs comes from caches, clocks, other programs."


def _case(timing: Timing) -> str:
    change = percent(abs(timing.ratio.median - 1))
    return f"{change} {verdict(timing.ratio)} in {place_of(timing)}, batch {timing.batch}"


def _cost_of_prompt(gains: Gains) -> Iterator[str]:
    timing = next((timing for timing in gains.timings if "prompted" in timing.seconds and timing.batch == 1), None)
    if timing is None:
        return
    without, behind = timing.seconds["pruned"], timing.seconds["prompted"]
    pruned, prompted = without.median, behind.median
    more = prompted / pruned - 1 if pruned else 0.0
    is_same = abs(more) < SAME or _overlap(without, behind)
    words = "no time beyond the spread" if is_same else f"{percent(abs(more))} {'more' if more > 0 else 'less'} time"
    sides = [work.size_px for work in gains.work]
    larger = f"; with it the network gets {sides[1]} px instead of {sides[0]}" if len(sides) > 1 else ""
    yield (
        f"The prompt itself costs {words}: {seconds_text(prompted)} with it, {seconds_text(pruned)} without "
        f"({place_of(timing)}, batch 1){larger}."
    )


def _overlap(one: Spread, other: Spread) -> bool:
    """Tell whether the middle of one lies within the quartiles of the other."""
    return one.low <= other.median <= one.high or other.low <= one.median <= other.high


def _sizes(gains: Gains) -> dict[str, FileSize]:
    return {size.kind: size for size in gains.sizes}
