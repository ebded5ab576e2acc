"""What a saved state is, and the dense reference, in words: the same in window, terminal, model card and folder names."""

from typing import Literal

from vpns_engine.events import LevelSaved, PhaseInfo, Tested
from vpns_engine.history import RunHistory
from vpns_engine.words import sparsity_of

Tuning = Literal["untuned", "hardly_tuned", "tuned"]
"""Whether the weights were tuned to the mask; hardly: the tuning was stopped before its first epoch was done."""

TUNING_LABELS: dict[Tuning, str] = {"untuned": "Mask now, untuned", "hardly_tuned": "Hardly tuned", "tuned": "Tuned"}

DENSE_LABELS = {"map": "Dense, mapped", "finetune": "Dense, tuned"}
"""The states in which the dense reference is tested; none of them is saved."""


def level_words(info: PhaseInfo) -> str:
    """Name the level a phase belongs to: `90 % sparsity`, or the dense reference."""
    return "dense reference" if info.is_dense else f"{sparsity_of(info.density)} sparsity"


def dense_tests(history: RunHistory) -> list[tuple[str, Tested]]:
    """Give what was measured of the dense reference, by this run or another, each with its name."""
    found = {tested.stage: tested for tested in (history.dense.tested if history.dense else history.dense_elsewhere)}
    return [(label, found[stage]) for stage, label in DENSE_LABELS.items() if stage in found]


def tuning_of(history: RunHistory, saved: LevelSaved) -> Tuning:
    """Tell how far the weights of a saved state are tuned."""
    if history.phases[saved.phase].info.kind != "finetune":
        return "untuned"
    whole = saved.epoch if is_measured(history, saved) else _epochs_done(history, saved)
    return "tuned" if whole > 0 else "hardly_tuned"


def is_measured(history: RunHistory, saved: LevelSaved) -> bool:
    """Tell the state of an epoch's end from one that a stop kept amid an epoch."""
    return saved.complete or history.measured_at(saved) is not None


def saved_name(history: RunHistory, saved: LevelSaved) -> str:
    """Name a saved state as a person would."""
    return f"{TUNING_LABELS[tuning_of(history, saved)]} ({epoch_words(history, saved)})"


def epoch_words(history: RunHistory, saved: LevelSaved) -> str:
    """Say which epoch a saved state is from, and whether the run was stopped there."""
    planned = history.phases[saved.phase].info.epochs
    if not is_measured(history, saved):
        return f"stopped amid epoch {_epochs_done(history, saved) + 1} of {planned}"
    return f"epoch {saved.epoch} of {planned}" + ("" if saved.complete else ", stopped early")


def epoch_place(history: RunHistory, saved: LevelSaved) -> str:
    """Say the same in a table's cell."""
    planned = history.phases[saved.phase].info.epochs
    if not is_measured(history, saved):
        return f"amid {_epochs_done(history, saved) + 1} / {planned}"
    return f"{saved.epoch} / {planned}"


def _epochs_done(history: RunHistory, saved: LevelSaved) -> int:
    return max((epoch.epoch for epoch in history.phases[saved.phase].epochs), default=0)
