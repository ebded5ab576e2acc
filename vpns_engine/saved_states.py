"""What a saved state is, in words: the same in the window, the terminal, the model card and the export's folder name."""

from typing import Literal

from vpns_engine.events import LevelSaved
from vpns_engine.history import RunHistory

Tuning = Literal["untuned", "hardly_tuned", "tuned"]
"""Whether the weights were tuned to the mask; hardly: the tuning was stopped before its first epoch was done."""

TUNING_LABELS: dict[Tuning, str] = {"untuned": "Mask now, untuned", "hardly_tuned": "Hardly tuned", "tuned": "Tuned"}


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
