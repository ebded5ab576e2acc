"""Forward and backward of one masked layer, and which of its tensors get a gradient in which stage."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from tests.conformance.cases import Array, Case, Precision
from tests.conformance.report import Report, worst_relative
from tests.conformance.units.states import SEARCH, TUNE, state_around
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.specs.phase import Finetune, Search

_SINGLE, _DOUBLE = 1e-5, 1e-9
_PHASES: dict[str, tuple[Search | Finetune, ...]] = {"prune": (SEARCH,), "finetune": (TUNE,), "nothreshold": (SEARCH, TUNE)}


def replay(case: Case, precision: Precision, report: Report) -> None:
    """Make each layer a network of its own and pass through it in each mode."""
    expected = case.arrays("expected")
    for entry in case.settings["layers"]:
        for mode in case.settings["modes"]:
            found = _pass(case, entry, mode, precision)
            prefix = f"{entry['name']}.{mode}"
            recorded = {key.rsplit(".", 1)[1]: a for key, a in expected.items() if key.startswith(f"{prefix}.{precision}.")}
            report.add(f"{prefix}: which gradients", len(set(found) ^ set(recorded)), 0)
            for name in sorted(set(found) & set(recorded)):
                gap = worst_relative(found[name], recorded[name], floor=1.0)
                report.add(f"{prefix}: {name}", gap, _SINGLE if precision == "f32" else _DOUBLE)


def _pass(case: Case, entry: Mapping[str, Any], mode: str, precision: Precision) -> dict[str, Array]:
    name = entry["name"]
    network = _network(case, entry, precision)
    network.set_threshold(None if mode == "nothreshold" else float(case.inputs[f"{name}.threshold"]))
    state = state_around(network)
    found: dict[str, Tensor | None] = {}
    # without a mask both stages are open: weights learn, scores get nothing
    for phase in _PHASES[mode]:
        state.prepare(phase)
        x = case.tensor(f"{name}.x", precision).requires_grad_()
        y = network(x)
        y.backward(case.tensor(f"{name}.g", precision))
        found |= {"y": y, "gx": x.grad} | _gradients(network, searching=phase is SEARCH)
        network.zero_grad()
    return {key: tensor.detach().numpy() for key, tensor in found.items() if tensor is not None}


def _gradients(network: SparseNetwork, *, searching: bool) -> dict[str, Tensor | None]:
    item = network.scored[0]
    if searching:
        network.scores_from_gradients()
        found = {"g_score": item.score.grad}
    else:
        network.weights_from_gradients()
        found = {"g_weight": item.weight.grad}
    others = network.other_parameters()
    return found | ({"g_bias": others[0].grad} if others and others[0].grad is not None else {})


def _network(case: Case, entry: Mapping[str, Any], precision: Precision) -> SparseNetwork:
    name = entry["name"]
    bias = f"{name}.bias" in case.inputs
    if entry["kind"] == "linear":
        layer: nn.Module = nn.Linear(entry["i"], entry["o"], bias=bias)
    else:
        place = {"stride": entry["stride"], "padding": entry["pad"], "groups": entry.get("groups", 1)}
        layer = nn.Conv2d(entry["cin"], entry["cout"], entry["k"], bias=bias, **place)
    keys = ("weight", "bias") if bias else ("weight",)
    layer = layer.to(torch.float64 if precision == "f64" else torch.float32)
    layer.load_state_dict({key: case.tensor(f"{name}.{key}", precision) for key in keys})
    network = SparseNetwork(nn.Sequential(layer))
    network.set_scores([case.tensor(f"{name}.score", precision)])
    return network
