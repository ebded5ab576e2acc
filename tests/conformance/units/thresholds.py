"""The global threshold and its masks on awkward scores: ties, zeros, denormals, NaN, very few values."""

import numpy as np
import torch
from torch import nn

from tests.conformance.cases import DTYPES, Array, Case, Precision
from tests.conformance.report import Report, num_different, worst_relative
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.specs.masks import num_dropped


def replay(case: Case, precision: Precision, report: Report) -> None:
    """Set each density on each set of scores, on fresh and on used networks."""
    expected = case.arrays("expected")
    for name in case.settings["sets"]:
        _compare_set(case, name, expected, precision, report)
    _compare_sequence(case, expected["sequence_threshold"], precision, report)
    table = expected["k_table"]
    counts = case.inputs["k_table_n"]
    found = [[num_dropped(float(density), int(count)) for density in case.inputs["density"]] for count in counts]
    report.add("k of every (N, density)", num_different(np.where(table < 0, table, found), table), 0)


def _compare_set(case: Case, name: str, expected: dict[str, Array], precision: Precision, report: Report) -> None:
    for fresh in (True, False):
        network = _network(case, name, precision)
        thresholds, masks = [], []
        for density in case.inputs["density"]:
            network = _network(case, name, precision) if fresh else network
            network.set_density(float(density))
            thresholds.append(network.threshold)
            masks.append(torch.cat([mask.flatten() for mask in network.masks()]).numpy())
        words = name if fresh else f"{name}, one network"
        is_set = [threshold is not None for threshold in thresholds]
        values = np.array([np.nan if threshold is None else threshold for threshold in thresholds])
        report.equal(f"{words}: threshold set", is_set, expected[f"{name}.threshold_set"])
        report.add(f"{words}: threshold (relative)", worst_relative(values, expected[f"{name}.threshold"]), 0)
        report.equal(f"{words}: mask", np.array(masks).astype(np.uint8), expected[f"{name}.mask"])
        report.equal(f"{words}: kept", [int(mask.sum()) for mask in masks], expected[f"{name}.kept"])


def _compare_sequence(case: Case, recorded: Array, precision: Precision, report: Report) -> None:
    """Set densities in turn on one network.

    The authors' program keeps the last threshold where k < 1; ours then has none, on purpose (spec section 7).
    """
    densities = case.inputs["sequence_density"]
    best = float("inf")
    for name in case.settings["sets"]:
        network, gaps = _network(case, name, precision), [0.0]
        for density, threshold in zip(densities, recorded, strict=True):
            network.set_density(float(density))
            if num_dropped(float(density), network.num_scored) < 1:
                gaps.append(0.0 if network.threshold is None else float("inf"))
            else:
                gaps.append(worst_relative(np.array(network.threshold), threshold))
        best = min(best, max(gaps))
    report.add("sequence: threshold (relative)", best, 0, "none where k < 1, on purpose")


def _network(case: Case, name: str, precision: Precision) -> SparseNetwork:
    """Give linear layers with the set's scores."""
    scores = [case.tensor(key, precision) for key in sorted(case.inputs) if key.startswith(f"{name}.scores")]
    layers = [nn.Linear(score.shape[1], score.shape[0], bias=False, dtype=DTYPES[precision]) for score in scores]
    network = SparseNetwork(nn.Sequential(*layers))
    network.set_scores(scores)
    return network
