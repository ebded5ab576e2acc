"""The table that a checkpoint of the released code holds: its keys, in its order, with its types.

Shapes: C canvas side.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vpns_engine.official.optimizers import states_of
from vpns_engine.official.read import SCORES, Stage
from vpns_engine.specs.optim import OptimGroups, OptimSpec


@dataclass(frozen=True)
class Outgoing:
    """What is written. Weights and scores are in the network's order."""

    stage: Stage
    weights: Mapping[str, Tensor]
    scores: Mapping[str, Tensor]
    initial: Mapping[str, Tensor]
    """The dense state dict that the run started from."""
    initial_scores: Mapping[str, Tensor]
    program: Tensor
    """(3, C, C)."""
    region: Tensor | None
    """(C, C); None for a square that moves: the released code keeps none."""
    mapping: Sequence[int]
    optim: OptimGroups
    search_epochs: int
    finetune_epochs: int
    done: int
    """Epochs done of the stage."""
    measured: Mapping[str, Any]
    """Accuracies, epoch and level, by their names in the file."""


def content_of(outgoing: Outgoing) -> dict[str, Any]:
    """Give the table."""
    left_out = _left_out(outgoing)
    return {
        "state_dict": _state_dict(outgoing.weights, outgoing.scores, left_out),
        "init_weight": _state_dict(outgoing.initial, outgoing.initial_scores, left_out),
        **_optimizers(outgoing, left_out),
        "visual_prompt": _prompt(outgoing),
        "mapping_sequence": torch.tensor(list(outgoing.mapping), dtype=torch.int64),
        **outgoing.measured,
    }


def _left_out(outgoing: Outgoing) -> set[str]:
    """Name the biases of a plain VGG's convolutions where they are 0: the released code has none."""
    biases = {f"{layer}.bias" for layer, score in outgoing.scores.items() if score.ndim == 4} & outgoing.weights.keys()
    used = any(bool(outgoing.weights[name].any() or outgoing.initial[name].any()) for name in biases)
    return set() if used else biases


def _state_dict(weights: Mapping[str, Tensor], scores: Mapping[str, Tensor], left_out: set[str]) -> OrderedDict[str, Tensor]:
    """Put each layer's scores behind its own entries."""
    found: OrderedDict[str, Tensor] = OrderedDict()
    names = [name for name in weights if name not in left_out]
    for name, following in zip(names, [*names[1:], ""], strict=True):
        found[name] = weights[name]
        layer = name.rpartition(".")[0]
        if layer in scores and following.rpartition(".")[0] != layer:
            found[f"{layer}{SCORES}"] = scores[layer]
    return found


def _optimizers(outgoing: Outgoing, left_out: set[str]) -> dict[str, Any]:
    """Give the states of the three optimizers of a stage: weights, prompt, scores."""
    optim, tuned = outgoing.optim, outgoing.stage == "finetune"
    learned = [value for name, value in outgoing.weights.items() if _learns(name, left_out)]
    search, tuning, done = outgoing.search_epochs, outgoing.finetune_epochs, outgoing.done
    prompt = ("weight_vp", optim.finetune_prompt, tuning) if tuned else ("vp", optim.search_prompt, search)
    rows: list[tuple[str, OptimSpec, int, Sequence[Tensor], int | None]] = [
        ("weight", optim.weights, tuning, learned, done if tuned else None),
        (*prompt, [outgoing.program], done),
        ("score", optim.scores, search, list(outgoing.scores.values()), None if tuned else done),
    ]
    found: dict[str, Any] = {}
    for name, spec, epochs, values, epochs_done in rows:
        found[f"{name}_optimizer"], found[f"{name}_scheduler"] = states_of(spec, values, max(1, epochs), epochs_done)
    return found


def _learns(name: str, left_out: set[str]) -> bool:
    return name not in left_out and not name.endswith(("running_mean", "running_var", "num_batches_tracked"))


def _prompt(outgoing: Outgoing) -> dict[str, Tensor]:
    found = OrderedDict(program=outgoing.program)
    if outgoing.region is not None:
        found["mask"] = outgoing.region.expand_as(outgoing.program).contiguous()
    return found
