"""The moments of a level that can be looked at: each epoch's end, and a state that a stop kept amid an epoch."""

from collections.abc import Sequence
from typing import NamedTuple

from vpns_engine.events import LevelSaved
from vpns_engine.history import RunHistory
from vpns_engine.saved_states import is_measured
from vpns_engine.specs.phase import PhaseKind

SHORT_NAMES: dict[PhaseKind, str] = {"search": "Search", "finetune": "Tune"}
"""Phases as the bar, the pickers and the pictures name them."""
SAVED = ", saved"


class Moment(NamedTuple):
    """The end of an epoch; ordered as they come in a level.

    `phase` indexes the history's phases; `epoch` counts from 1 in it, 0 is the state before its first epoch. `amid` marks
    what was kept by a stop after that epoch, before the next one's end.
    """

    level: int
    phase: int
    epoch: int
    amid: bool = False


def moments_of(history: RunHistory, level: int) -> tuple[Moment, ...]:
    """List every epoch told of in a level, search and tune, oldest first, and what was saved between two of them."""
    told = {
        Moment(level, index, epoch.epoch)
        for index, phase in enumerate(history.phases)
        if phase.info.level == level
        for epoch in phase.epochs
    }
    return tuple(sorted(told | saved_moments(history, level)))


def states_of(history: RunHistory, level: int) -> list[LevelSaved]:
    """List the saved states of a level that are still what they were: a phase that went on wrote over that of its stop."""
    found = history.level(level)
    last = {saved.state_path: saved for saved in found.saved if saved.state_path} if found is not None else {}
    return sorted(last.values(), key=lambda saved: saved.phase)


def saved_moments(history: RunHistory, level: int) -> frozenset[Moment]:
    """Give the moments of which a state was saved: the network itself, not its prompt and mask alone."""
    return frozenset(moment_of(history, saved) for saved in states_of(history, level))


def moment_of(history: RunHistory, saved: LevelSaved) -> Moment:
    """Give the moment of a saved state."""
    if is_measured(history, saved):
        return Moment(saved.level, saved.phase, saved.epoch)
    done = max((epoch.epoch for epoch in history.phases[saved.phase].epochs), default=0)
    return Moment(saved.level, saved.phase, done, amid=True)


def home_of(history: RunHistory, level: int) -> Moment | None:
    """Give the moment to look at unless a person chose one.

    It is that of the last saved state, which is tested and exported; the newest one while a later phase goes on.
    """
    moments, saved = moments_of(history, level), states_of(history, level)
    if not moments:
        return None
    return moment_of(history, saved[-1]) if saved and moments[-1].phase <= saved[-1].phase else moments[-1]


def nearest(moments: Sequence[Moment], moment: Moment) -> Moment | None:
    """Give the moment itself, else the last one before it, else the first; None where there is none."""
    before = [other for other in moments if other <= moment]
    return before[-1] if before else next(iter(moments), None)


def counterpart(history: RunHistory, moment: Moment, level: int) -> Moment | None:
    """Give the same epoch of the same kind of phase in another level; None where it was not come to."""
    if not moment.phase < len(history.phases):
        return None
    kind = history.phases[moment.phase].info.kind
    same = [other for other in moments_of(history, level) if history.phases[other.phase].info.kind == kind]
    return next((other for other in same if (other.epoch, other.amid) == (moment.epoch, moment.amid)), None)


def label_of(history: RunHistory, moment: Moment) -> str:
    """Name a moment: `Search 12 / 30`, `Tune 11 / 20, saved`."""
    return name_of(history, moment) + (SAVED if moment in saved_moments(history, moment.level) else "")


def name_of(history: RunHistory, moment: Moment) -> str:
    """Name a moment, whether a state of it was saved or not."""
    info = history.phases[moment.phase].info
    place = f"amid {moment.epoch + 1}" if moment.amid else f"{moment.epoch}"
    return f"{SHORT_NAMES.get(info.kind, info.kind.capitalize())} {place} / {info.epochs}"


def x_of(history: RunHistory, moment: Moment) -> float:
    """Give the place of a moment on the axis of epochs that the curves of its level have."""
    before = [
        phase.info.epochs
        for phase in history.phases[: moment.phase]
        if phase.info.level == moment.level and phase.info.kind in SHORT_NAMES
    ]
    steps = history.phases[moment.phase].step_positions
    return sum(before) + (max(moment.epoch, steps[-1]) if moment.amid and steps else float(moment.epoch))
