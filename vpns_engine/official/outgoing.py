"""From a run's saved state to what a checkpoint of the released code says."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded
from vpns_engine.export.source import Source
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import initial_score
from vpns_engine.official.content import Outgoing

_KINDS = ("pad", "fix", "random", "expand", "none")


def check_writable(source: Source) -> None:
    """Refuse what the format has no place for.

    Raises:
        EngineError: another prompt, a layer without a weight of its own, or no mapping.
    """
    kind = source.config.effective_prompt.kind
    if kind not in _KINDS:
        raise EngineError(f"the released code has no prompt of kind '{kind}': its checkpoints cannot hold one")
    if source.config.mapping.kind == "head" or not source.info.mapping:
        raise EngineError("the released code maps labels, and this run has a new classifier: its checkpoints cannot hold one")
    other = next((layer for layer in source.masks if f"{layer}.weight" not in source.weights), None)
    if other is not None:
        raise EngineError(f"the released code scores convolutions and linear layers only: {other} is neither")


def outgoing_of(source: Source, initial: Mapping[str, Tensor]) -> Outgoing:
    """Say what is written of a saved state; `initial` is the dense state dict that the run started from."""
    config = source.config
    canvas = config.prompt.canvas
    return Outgoing(
        stage=source.stage,
        # in the network's order: the files have their own
        weights={name: torch.from_numpy(np.array(source.weights[name])) for name in initial},
        scores={layer: torch.from_numpy(np.array(source.scores[layer])) for layer in source.masks},
        initial=initial,
        initial_scores={layer: initial_score(initial[f"{layer}.weight"]) for layer in source.masks},
        program=torch.from_numpy(np.array(source.prompt["delta"])) if source.prompt else torch.zeros(3, canvas, canvas),
        region=_region(source),
        mapping=source.info.mapping,
        optim=config.optim,
        search_epochs=config.search_epochs,
        finetune_epochs=source.phase.epochs if source.stage == "finetune" else config.finetune_epochs,
        done=source.saved.epoch,
        measured=_measured(source),
    )


def _region(source: Source) -> Tensor | None:
    spec = source.config.effective_prompt
    return None if spec.kind == "random" else build_prompt(spec, source.config.data.image_size, lambda: (0, 0)).region


def _measured(source: Source) -> dict[str, Any]:
    """Give what was measured; NaN where it was not."""
    epochs = [epoch for epoch in source.history.phases[source.saved.phase].epochs if epoch.epoch > 0]
    level, last = source.history.levels[source.saved.level], max(0, source.saved.epoch - 1)
    found, tuned = level.test("search"), level.test("finetune")
    mine = tuned if source.stage == "finetune" else found
    accuracy = mine.accuracy if mine else math.nan
    results: dict[str, Any] = {
        "train_acc": [_number(epoch.train_accuracy) for epoch in epochs],
        "val_acc": [_number(epoch.val_accuracy) for epoch in epochs],
    }
    if source.stage == "finetune":
        results["no_train_acc"] = found.accuracy if found else math.nan
    else:
        results |= {"ckpt_test_acc": accuracy, "ckpt_epoch": last}
    return {
        "val_best_acc": _best(epochs, accuracy),
        "ckpt_test_acc": accuracy,
        "all_results": results,
        "epoch": last,
        "state": source.saved.level,
    }


def _best(epochs: Sequence[EpochEnded], accuracy: float) -> float:
    return max((epoch.val_accuracy for epoch in epochs if epoch.val_accuracy is not None), default=accuracy)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
