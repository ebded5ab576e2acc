"""What of a level can be looked at: the prompts and masks that its events name, in order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from vpns_engine.events import EpochEnded, LevelSaved
from vpns_engine.history import PhaseHistory, RunHistory
from vpns_engine.saved_states import epoch_place
from vpns_engine.specs.phase import PhaseKind
from vpns_engine.specs.prompt import PromptSpec

_SHORT: dict[PhaseKind, str] = {"search": "Search", "finetune": "Tune"}


@dataclass(frozen=True)
class Offer:
    """A file of the run folder (`path` is relative to it).

    `kept` are the kept weights of each layer at that time, empty where the events do not tell; `has_state` marks a file with
    weights and scores in it.
    """

    label: str
    path: str
    kept: tuple[int, ...] = ()
    has_state: bool = False
    instead: str = ""
    """A saved state that holds the same, where the file itself was not kept."""


def still_there(offers: Iterable[Offer], folder: Path) -> list[Offer]:
    """Leave out what was not kept in the run folder (see vpns_engine.keeping); a saved state may stand in for it."""
    names: dict[Path, frozenset[str]] = {}
    found = []
    for offer in offers:
        if _is_in(folder / offer.path, names):
            found.append(offer)
        elif offer.instead and _is_in(folder / offer.instead, names):
            found.append(replace(offer, path=offer.instead, has_state=True))
    return found


def _is_in(path: Path, names: dict[Path, frozenset[str]]) -> bool:
    """Tell whether a file is there; each folder is read once."""
    if path.parent not in names:
        try:
            names[path.parent] = frozenset(found.name for found in path.parent.iterdir())
        except (OSError, ValueError):  # gone, or no path at all
            names[path.parent] = frozenset()
    return path.name in names[path.parent]


def prompts_of(history: RunHistory, level: int) -> list[Offer]:
    """List the prompts of a level, oldest first."""
    chosen = {
        (saved.phase, saved.epoch)
        for saved in _saved(history, level)
        if _kind(history, saved) == "finetune" and history.measured_at(saved) is not None
    }
    states = {
        (saved.phase, saved.epoch): saved.state_path
        for saved in _saved(history, level)
        if history.measured_at(saved) is not None
    }
    return [
        Offer(
            _name(phase, epoch) + (" (chosen)" if (index, epoch.epoch) in chosen else ""),
            epoch.prompt_path,
            instead=states.get((index, epoch.epoch), ""),
        )
        for index, phase, epoch in _epochs(history, level)
        if epoch.prompt_path
    ]


def masks_of(history: RunHistory, level: int) -> list[Offer]:
    """List the masks of a level: one for each epoch of the search, then the saved states."""
    epochs = [
        Offer(_name(phase, epoch), epoch.masks_path, epoch.kept)
        for _, phase, epoch in _epochs(history, level)
        if epoch.masks_path
    ]
    states = [
        Offer(_short_name(history, saved), saved.state_path, _kept_at(history, saved), has_state=True)
        for saved in _saved(history, level)
        if saved.state_path
    ]
    return epochs + states


def _short_name(history: RunHistory, saved: LevelSaved) -> str:
    phase = history.phases[saved.phase].info
    return f"{_SHORT.get(phase.kind, phase.kind)} {epoch_place(history, saved)}, saved"


def region_text(prompt: PromptSpec, image_size: int) -> str:
    """Say in words where a prompt acts."""
    text = prompt.where()
    shown = " (shown in the middle)" if prompt.room > 1 else ""
    values = f", {prompt.num_values(image_size):,} values" if prompt.learns else ""
    return text[0].upper() + text[1:] + shown + values


def _epochs(history: RunHistory, level: int) -> Iterator[tuple[int, PhaseHistory, EpochEnded]]:
    for index, phase in enumerate(history.phases):
        if phase.info.level == level:
            for epoch in phase.epochs:
                yield index, phase, epoch


def _saved(history: RunHistory, level: int) -> list[LevelSaved]:
    return history.levels[level].saved if level in history.levels else []


def _kind(history: RunHistory, saved: LevelSaved) -> PhaseKind:
    return history.phases[saved.phase].info.kind


def _name(phase: PhaseHistory, epoch: EpochEnded) -> str:
    return f"{_SHORT.get(phase.info.kind, phase.info.kind)} {epoch.epoch} / {phase.info.epochs}"


def _kept_at(history: RunHistory, saved: LevelSaved) -> tuple[int, ...]:
    """Give the kept weights as measured; empty where that very state was not: then its file is counted."""
    found = history.measured_at(saved)
    return found.kept if found is not None else ()
