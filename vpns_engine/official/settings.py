"""What a checkpoint of the released code says besides its arrays: what was measured, and the settings of its optimizers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from pydantic import ValidationError
from torch import Tensor

from vpns_engine.specs.optim import OptimGroups, OptimSpec


@dataclass(frozen=True)
class Said:
    """What the file says was measured. Accuracies are shares; `test` is without the prompt."""

    epoch: int
    """Epochs done."""
    search_epochs: int
    """Epochs planned for the search; those done where the file does not say it."""
    finetune_epochs: int
    level: int
    """Which density of its list, from 0."""
    train: tuple[float, ...]
    """After each epoch."""
    test: tuple[float, ...]
    """After each epoch."""
    accuracy: float | None
    """Of the state in the file."""


@dataclass(frozen=True)
class Settings:
    """Settings of the optimizers, as far as the file has them."""

    groups: Mapping[str, OptimSpec]
    """By field of OptimGroups."""

    def optim(self) -> OptimGroups:
        """Give all four groups; those that the file does not have stay as they are by default."""
        return OptimGroups().model_copy(update=dict(self.groups))


_GROUPS = {
    "scores": "score",
    "search_prompt": "vp",
    "weights": "weight",
    "finetune_prompt": "weight_vp",
}
"""Our groups, and the released code's names for them."""


def said_in(content: Mapping[str, Any]) -> Said:
    """Read what was measured; what is missing or of another type is left out."""
    results = content.get("all_results")
    results = results if isinstance(results, Mapping) else {}
    train = _shares(results.get("train_acc"))
    epoch = max(1, 1 + _whole(content.get("epoch"), len(train) - 1))
    accuracy: object = content.get("ckpt_test_acc")
    return Said(
        epoch=epoch,
        search_epochs=_planned(content.get("score_scheduler"), epoch),
        finetune_epochs=_planned(content.get("weight_scheduler"), epoch),
        level=max(0, _whole(content.get("state"), 0)),
        train=train,
        test=_shares(results.get("val_acc")),
        accuracy=float(accuracy) if _is_share(accuracy) else None,
    )


def _planned(schedule: object, done: int) -> int:
    return max(1, _whole(schedule.get("T_max"), done)) if isinstance(schedule, Mapping) else done


def settings_in(content: Mapping[str, Any]) -> Settings:
    """Read the settings of the optimizers."""
    found = {}
    for group, name in _GROUPS.items():
        spec = _spec(content.get(f"{name}_optimizer"), content.get(f"{name}_scheduler"))
        if spec is not None:
            found[group] = spec
    return Settings(found)


def _spec(optimizer: object, schedule: object) -> OptimSpec | None:
    if not isinstance(optimizer, Mapping) or not isinstance(schedule, Mapping):
        return None
    groups = optimizer.get("param_groups")
    if not isinstance(groups, Sequence) or not groups or not isinstance(groups[0], Mapping):
        return None
    first = groups[0]
    values: dict[str, Any] = {
        "kind": "adam" if "betas" in first else "sgd",
        "lr": first.get("initial_lr", first.get("lr")),
        "weight_decay": first.get("weight_decay", 0.0),
        "schedule": "multistep" if "milestones" in schedule else "cosine",
    }
    if "momentum" in first:
        values["momentum"] = first["momentum"]
    try:
        return OptimSpec.model_validate(values)
    except ValidationError:  # settings beyond ours: the file can still be looked at, measured and exported
        return None


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _shares(values: object) -> tuple[float, ...]:
    if isinstance(values, Tensor):
        values = values.tolist()
    return tuple(float(value) for value in values if _is_share(value)) if isinstance(values, list) else ()


def _is_share(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and 0 <= value <= 1
