"""Compares a large network's single-precision trajectory: the first batch closely, the rest to three times its own spread."""

from collections.abc import Iterator

from tests.conformance.limits import SINGLE, Spread
from tests.conformance.replay import Replay
from tests.conformance.report import Report, worst_difference, worst_relative
from tests.conformance.states import SAVED, StateGaps, num_mask_bits

_RECORDED_GROUPS = {"weights": "weights", "scores": "scores", "statistics": "bn_stats", "prompt": "program"}
_FIRST = (slice(None), 0, 0)
"""Epoch 0, batch 0 of every level."""


def compare_loosely(replay: Replay, report: Report) -> None:
    """Compare to what the authors' program differs from itself by in this very case."""
    _compare_first_batch(replay, report)
    spread = Spread(replay.case.spread)
    for name, gap, limit in _whole(replay, spread):
        report.add(name, gap, limit, "3 x spread")
    for end in SAVED:
        gaps, path = StateGaps(replay, end), f"end_{end}_max_abs"
        for group, recorded in _RECORDED_GROUPS.items():
            report.add(f"{SAVED[end]}: {group}", gaps.worst(group), spread.limit(path, recorded), "3 x spread")


def _compare_first_batch(replay: Replay, report: Report) -> None:
    found = {name: array[_FIRST] for name, array in replay.found.items() if name.startswith("prune_") and array.ndim > 2}
    expected = {name: replay.expected[name][_FIRST] for name in found}
    for name, shown, limit in (("prune_loss", "loss", SINGLE.loss), ("prune_fx", "mapped logits", SINGLE.logits)):
        report.add(f"first batch: {shown}", worst_difference(found[name], expected[name]), limit)
    gap = worst_relative(found["prune_thr"], expected["prune_thr"])
    report.add("first batch: threshold (relative)", gap, SINGLE.threshold_relative)
    report.add("first batch: kept per layer", worst_difference(found["prune_kept"], expected["prune_kept"]), SINGLE.kept)


def _whole(replay: Replay, spread: Spread) -> Iterator[tuple[str, float, float]]:
    found, expected = replay.found, replay.expected
    for stage, words in (("prune", "search"), ("ft", "tuning")):
        for name, shown in (
            ("loss", "loss"),
            ("fx", "mapped logits"),
            ("prompt_norm", "prompt norm"),
            ("prompt_samp", "sampled prompt entries"),
            ("val_loss_sum", "evaluation loss, sum"),
        ):
            key = f"{stage}_{name}"
            yield f"{words}: {shown}", worst_difference(found[key], expected[key]), spread.limit(key, "abs")
    thresholds = worst_relative(found["prune_thr"], expected["prune_thr"])
    yield "search: threshold (relative)", thresholds, spread.limit("prune_thr", "rel")
    yield "search: kept per layer", worst_difference(found["prune_kept"], expected["prune_kept"]), spread.limit("kept_max_diff")
    sums = worst_difference(found["prune_score_abs_sum"], expected["prune_score_abs_sum"])
    yield "search: sum |score|", sums, spread.limit("prune_score_abs_sum", "abs")
    yield "evaluations: mapped logits", worst_difference(found["eval_fx"], expected["eval_fx"]), spread.limit("eval_fx", "abs")
    for end, words in SAVED.items():
        limit = max(spread.limit(f"s{number}.mask_hamming") for number in range(1, len(replay.config.mask.sparsities) + 1))
        yield f"{words}: mask bits", num_mask_bits(replay, end), limit
