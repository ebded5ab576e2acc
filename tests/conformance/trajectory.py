"""Compares a replayed trajectory with the recorded one, quantity by quantity."""

from collections.abc import Iterator

import numpy as np

from tests.conformance.cases import Case, Precision
from tests.conformance.limits import Limits, limits_of
from tests.conformance.loose import compare_loosely
from tests.conformance.replay import Replay, num_updates
from tests.conformance.report import Report, over, worst_difference, worst_of, worst_relative
from tests.conformance.states import SAVED, StateGaps, mask_digests, num_mask_bits, tensor_gaps

STAGES = {"prune": "search", "ft": "tuning"}


def replay_trajectory(case: Case, precision: Precision, report: Report) -> None:
    """Replay a trajectory and tell how it compares."""
    replay = Replay(case, precision)
    report.equal("initial weights (SHA-256)", replay.digest, case.settings["initial_state_sha256"])
    report.equal("scored layers", replay.layers, tuple(layer["name"] for layer in case.settings["layers"]))
    report.equal("scored weights", replay.state.network.num_scored, case.settings["total_scored"])
    replay.run()
    compare_start(replay, report)
    if precision == "f32" and is_large(case):
        compare_loosely(replay, report)
    else:
        compare_closely(replay, report, limits_of(precision))


def is_large(case: Case) -> bool:
    """Tell whether the network is a full one with random weights, which is no tight test in single precision."""
    return "weights_recipe" in case.settings


def compare_start(replay: Replay, report: Report) -> None:
    """Compare what stands before the first update: initial scores, label mappings, first threshold."""
    limits = limits_of(replay.precision)
    report.add("initial scores", worst_of([*_initial_scores(replay)]), 0 if replay.precision == "f32" else 1e-9)
    report.equal("label mapping", replay.found["flm_map"], replay.expected["flm_map"])
    report.add("predicted source classes", num_clear_misses(replay), 0)
    if replay.precision == "f64":
        report.equal("counts source x target", replay.found["flm_dist"], replay.expected["flm_dist"])
    # recorded in single precision, whatever the run's
    rounded = replay.found["flm_top2"].astype(np.float32)
    report.add("two largest source logits", worst_difference(rounded, replay.expected["flm_top2"]), _top2_limit(replay, limits))
    found, expected = replay.found["thr_init"], replay.expected["thr_init"]
    report.add("first threshold (relative)", worst_relative(found, expected), 0 if replay.precision == "f32" else 1e-9)
    report.equal("first kept per layer", replay.found["kept_init"], replay.expected["kept_init"])
    report.equal("prompt places left over", replay.found["offsets_left"], 0)


def _top2_limit(replay: Replay, limits: Limits) -> float:
    largest = float(np.max(np.abs(replay.expected["flm_top2"])))
    return limits.evaluation_logits + largest * float(np.finfo(np.float32).eps)


def num_clear_misses(replay: Replay) -> int:
    """Count other predictions than recorded; in single precision not where the two largest logits are as good as equal."""
    margin = np.diff(replay.expected["flm_top2"], axis=-1)[..., 0]
    near = margin < 2 * limits_of("f32").evaluation_logits if replay.precision == "f32" else np.zeros_like(margin, dtype=bool)
    return int(np.count_nonzero((replay.found["flm_argmax"] != replay.expected["flm_argmax"]) & ~near))


def compare_closely(replay: Replay, report: Report, limits: Limits) -> None:
    """Compare everything to the tight limits."""
    for stage in STAGES:
        _compare_stage(replay, report, limits, stage)
    _compare_search_masks(replay, report, limits)
    _compare_evaluations(replay, report, limits)
    for end in SAVED:
        _compare_ends(replay, report, limits, end)


def _compare_stage(replay: Replay, report: Report, limits: Limits, stage: str) -> None:
    words, found, expected = STAGES[stage], replay.found, replay.expected

    def gap(name: str) -> float:
        return worst_difference(found[f"{stage}_{name}"], expected[f"{stage}_{name}"])

    report.add(f"{words}: loss", gap("loss"), limits.loss)
    report.add(f"{words}: mapped logits", gap("fx"), limits.logits)
    for name, shown in (("prompt_norm", "prompt norm"), ("prompt_samp", "sampled prompt entries")):
        excess = over(found[f"{stage}_{name}"], expected[f"{stage}_{name}"], limits.prompt_relative)
        report.add(f"{words}: {shown}", excess, limits.prompt, "beyond the relative part" if limits.prompt_relative else "")
    for name in rate_names(replay, stage):
        report.add(f"{words}: rate {name.rsplit('_', 1)[1]}", worst_relative(found[name], expected[name]), 1e-12)
    for name, shown in (("train_acc", "training accuracy"), ("val_acc", "accuracy")):
        report.add(f"{words}: {shown}", gap(name), 1e-12)
    report.add(f"{words}: evaluation loss, mean", gap("val_loss_sum") / num_test(replay), limits.loss)


def rate_names(replay: Replay, stage: str) -> list[str]:
    """Name the recorded learning rates of a stage; a method without a prompt has none for it."""
    names = {"prune": ("prune_lr_score", "prune_lr_vp"), "ft": ("ft_lr_weight", "ft_lr_vp")}[stage]
    return [name for name in names if replay.config.uses_prompt or not name.endswith("_vp")]


def num_test(replay: Replay) -> int:
    """Count the test pictures."""
    return int(replay.case.inputs["test_y"].size)


def _compare_search_masks(replay: Replay, report: Report, limits: Limits) -> None:
    found, expected = replay.found, replay.expected
    thresholds = worst_relative(found["prune_thr"], expected["prune_thr"])
    report.add("search: threshold (relative)", thresholds, limits.threshold_relative)
    report.add("search: kept per layer", worst_difference(found["prune_kept"], expected["prune_kept"]), limits.kept)
    sums = worst_relative(found["prune_score_abs_sum"], expected["prune_score_abs_sum"])
    report.add("search: sum |score| (relative)", sums, limits.sums_relative)


def _compare_evaluations(replay: Replay, report: Report, limits: Limits) -> None:
    found, expected = replay.found, replay.expected
    report.add("evaluations: mapped logits", worst_difference(found["eval_fx"], expected["eval_fx"]), limits.evaluation_logits)
    report.add("evaluations: accuracy", worst_difference(found["eval_acc"], expected["eval_acc"]), 1e-12)
    mean = worst_difference(found["eval_loss_sum"], expected["eval_loss_sum"]) / num_test(replay)
    report.add("evaluations: loss, mean", mean, limits.loss)
    named = [worst_difference(found[name], expected[name]) for name in ("acc_before", "acc_after_prune", "acc_final")]
    report.add("evaluations: by name", worst_of(named), 1e-12)


def _compare_ends(replay: Replay, report: Report, limits: Limits, end: str) -> None:
    words = SAVED[end]
    gaps = StateGaps(replay, end)
    report.add(f"{words}: weights", gaps.worst("weights"), limits.weights)
    report.add(f"{words}: batch-norm statistics", gaps.worst("statistics"), limits.weights)
    report.add(f"{words}: batches counted", gaps.worst("counters"), 0)
    report.add(f"{words}: tensors not recorded", gaps.num_unrecorded, 0)
    for group in ("scores", "prompt"):
        report.add(f"{words}: {group}", gaps.worst(group), _reach(replay, limits, group, end))
        if limits.entries_share:
            share = gaps.share_beyond(group, limits.entries)
            report.add(f"{words}: {group}, share off", share, limits.entries_share, f"further off than {limits.entries:g}")
    if gaps.sums():
        report.add(f"{words}: sums (relative)", worst_of(gaps.sums()), limits.sums_relative)
    report.add(f"{words}: mask bits", num_mask_bits(replay, end), limits.mask_bits)
    if replay.precision == "f64":
        report.equal(f"{words}: masks (SHA-256)", *mask_digests(replay, end))


def _reach(replay: Replay, limits: Limits, group: str, end: str) -> float:
    """Give how far single entries may be off: in single precision what the optimizers can move them."""
    if not limits.entries_share:
        return limits.entries
    optim = replay.config.optim
    if group == "scores":
        rate = optim.scores.lr
    else:
        rate = optim.search_prompt.lr + (optim.finetune_prompt.lr if end == "final" else 0)
    return 2 * rate * num_updates(replay)


def _initial_scores(replay: Replay) -> Iterator[float]:
    for name in replay.layers:
        yield from tensor_gaps(replay.found[f"score_init.{name}"], replay.expected, "score_init.", name, f"{name}.popup_scores")
