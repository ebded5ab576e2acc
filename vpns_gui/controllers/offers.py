"""What of a level can be looked at: the prompts and masks that its events name, in order."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vpns_engine.events import EpochEnded, LevelSaved
from vpns_engine.history import RunHistory
from vpns_engine.specs.prompt import PromptSpec
from vpns_gui.moments import SAVED, Moment, label_of, moment_of, name_of, states_of

_NEVER = Moment(0, -1, 0)


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
    moment: Moment | None = None
    """When it was so."""


def at(offers: Sequence[Offer], moment: Moment | None) -> int | None:
    """Find what was so at a moment: its own offer, a saved state before an epoch's files, else the nearest before it.

    Returns:
        The offer's index; None where all are later. The mask of a tuning is the found one, so is an offer's from before it.
    """
    if moment is None:
        return None
    before = [(offer.moment, index) for index, offer in enumerate(offers) if offer.moment and offer.moment <= moment]
    return max(before)[1] if before else None


def still_there(offers: Iterable[Offer], folder: Path) -> list[Offer]:
    """Leave out what was not kept in the run folder (see vpns_engine.keeping); a saved state may stand in for it."""
    names: dict[str, frozenset[str]] = {}
    found = []
    for offer in offers:
        if _is_in(folder, offer.path, names):
            found.append(offer)
        elif offer.instead and _is_in(folder, offer.instead, names):
            found.append(replace(offer, path=offer.instead, has_state=True))
    return found


def _is_in(folder: Path, path: str, names: dict[str, frozenset[str]]) -> bool:
    """Tell whether a file is there; each folder is read once. Asked for every epoch, so text does instead of paths."""
    inside, _, name = path.rpartition("/")
    if inside not in names:
        try:
            names[inside] = frozenset(os.listdir(folder / inside))  # noqa: PTH208 - names are all that is wanted
        except (OSError, ValueError):  # gone, or no path at all
            names[inside] = frozenset()
    return name in names[inside]


def prompts_of(history: RunHistory, level: int) -> list[Offer]:
    """List the prompts of a level, oldest first."""
    states = {moment_of(history, saved): saved.state_path for saved in states_of(history, level)}
    own = [
        Offer(
            name_of(history, moment) + (SAVED if moment in states else ""),
            epoch.prompt_path,
            instead=states.get(moment, ""),
            moment=moment,
        )
        for moment, epoch in _epochs(history, level)
        if epoch.prompt_path
    ]
    told = {offer.moment for offer in own}
    others = [
        Offer(label_of(history, moment), path, has_state=True, moment=moment)
        for moment, path in states.items()
        if moment not in told
    ]
    if not own or not others:
        return own
    return sorted(own + others, key=lambda offer: offer.moment or _NEVER)


def masks_of(history: RunHistory, level: int) -> list[Offer]:
    """List the masks of a level: one for each epoch of the search, then the saved states."""
    epochs = [
        Offer(name_of(history, moment), epoch.masks_path, epoch.kept, moment=moment)
        for moment, epoch in _epochs(history, level)
        if epoch.masks_path
    ]
    states = [
        Offer(label_of(history, moment), saved.state_path, _kept_at(history, saved), has_state=True, moment=moment)
        for saved in states_of(history, level)
        for moment in (moment_of(history, saved),)
    ]
    return epochs + states


def region_text(prompt: PromptSpec, image_size: int) -> str:
    """Say in words where a prompt acts."""
    text = prompt.where()
    shown = " (shown in the middle)" if prompt.room > 1 else ""
    values = f", {prompt.num_values(image_size):,} values" if prompt.learns else ""
    return text[0].upper() + text[1:] + shown + values


def _epochs(history: RunHistory, level: int) -> Iterator[tuple[Moment, EpochEnded]]:
    for index, phase in enumerate(history.phases):
        if phase.info.level == level:
            for epoch in phase.epochs:
                yield Moment(level, index, epoch.epoch), epoch


def _kept_at(history: RunHistory, saved: LevelSaved) -> tuple[int, ...]:
    """Give the kept weights as measured; empty where that very state was not: then its file is counted."""
    found = history.measured_at(saved)
    return found.kept if found is not None else ()
