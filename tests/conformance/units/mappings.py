"""Frequency label mapping: counts, greedy assignment, mapped logits."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from tests.conformance.cases import Array, Case, Precision
from tests.conformance.report import Report, num_different, worst_difference
from vpns_engine.nn.mappings import count_predictions, most_frequent


def replay(case: Case, _precision: Precision, report: Report) -> None:
    """Count and assign each recorded set of predictions."""
    expected = case.arrays("expected")
    for entry in case.settings["cases"]:
        _compare(case, entry, expected, report)


def _compare(case: Case, entry: Mapping[str, Any], expected: dict[str, Array], report: Report) -> None:
    name, num_target = entry["name"], entry["distinct_labels"]
    predicted, label = case.tensor(f"{name}.argmax").long(), case.tensor(f"{name}.y")
    if f"{name}.logits" in case.inputs:
        report.equal(f"{name}: predicted", case.tensor(f"{name}.logits").argmax(1), predicted)
    # the authors' program counts as many classes as occur: a class that is absent costs it the last one (spec section 7)
    counted = label < num_target
    counts = count_predictions(predicted[counted], label[counted], entry["n_source"], num_target)
    sources, targets = counts.nonzero(as_tuple=True)
    rows = torch.stack([sources, targets, counts[sources, targets]], dim=1)
    recorded = expected[f"{name}.count_nonzero"]
    report.add(f"{name}: counts", num_different(rows.numpy(), recorded[recorded[:, 1] < num_target]), 0)
    mapping = most_frequent(counts)
    report.add(f"{name}: mapping", num_different(mapping.numpy(), expected[f"{name}.map"]), 0)
    if f"{name}.logits" in case.inputs:
        first = case.tensor(f"{name}.logits")[:4][:, mapping]
        report.add(f"{name}: mapped logits", worst_difference(first.numpy(), expected[f"{name}.mapped_first"]), 0)
    report.add(f"{name}: classes without a source", _num_without_source(predicted, label, entry["n_source"]), 0)


def _num_without_source(predicted: Tensor, label: Tensor, num_source: int) -> int:
    """Map every class up to the largest, absent ones too: each must get a source of its own."""
    num_target = int(label.max()) + 1
    mapping = most_frequent(count_predictions(predicted, label, num_source, num_target))
    return num_target - len(set(mapping.tolist()) & set(range(num_source)))
