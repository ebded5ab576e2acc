"""Which tested states of a run have classes to look at: the dense reference, and those of a level."""

from collections.abc import Iterator
from dataclasses import dataclass

from vpns_engine.history import RunHistory
from vpns_engine.kept_predictions import event_of, saved_of
from vpns_engine.saved_states import DENSE_LABELS, TUNING_LABELS, dense_tests, tuning_of
from vpns_engine.specs.phase import DENSE, PhaseKind
from vpns_engine.words import percent, sparsity_of


@dataclass(frozen=True)
class ClassState:
    """A state that was tested, or can be."""

    level: int
    stage: PhaseKind
    label: str
    made_by: int
    """Number of the event that made it what it is, and of its test: with another one it is to be read anew."""
    tested: int
    can_examine: bool


def states_to_show(history: RunHistory, level: int) -> list[ClassState]:
    """List the states, in the order they came to be."""
    return [*_dense(history), *_of_level(history, level)]


def chosen_state(states: list[ClassState], stage: PhaseKind | None, *, dense: bool) -> int | None:
    """Find the state like the one that a person chose before, else the last one that was tested, else the last."""
    same = [index for index, state in enumerate(states) if state.stage == stage and (state.level == DENSE) == dense]
    tested = [index for index, state in enumerate(states) if state.tested >= 0]
    return next(iter(same or tested[-1:] or range(len(states))[-1:]), None)


def _dense(history: RunHistory) -> Iterator[ClassState]:
    tested = {test.stage: (label, test.seq) for label, test in dense_tests(history)}
    if history.dense is not None and history.dense.mapped is not None and "map" not in tested:
        tested = {"map": (DENSE_LABELS["map"], -1), **tested}
    for stage, (label, seq) in tested.items():
        made_by = event_of(history, DENSE, stage)
        yield ClassState(DENSE, stage, label, -1 if made_by is None else made_by, seq, made_by is not None)


def _of_level(history: RunHistory, level: int) -> Iterator[ClassState]:
    known = history.levels.get(level)
    if known is None:
        return
    stages: tuple[PhaseKind, ...] = ("search", "finetune")
    for stage in stages:
        saved, test = saved_of(history, level, stage), known.test(stage)
        if saved is None and test is None:
            continue
        tuning = tuning_of(history, saved) if saved is not None else "tuned" if stage == "finetune" else "untuned"
        label = f"{sparsity_of(known.density)} sparsity: {TUNING_LABELS[tuning]}"
        made_by = -1 if saved is None else saved.seq
        yield ClassState(level, stage, label, made_by, -1 if test is None else test.seq, saved is not None)


def summary_of(num_images: int, plain: float, prompted: float | None) -> str:
    """Say how much is recognised."""
    said = f"{num_images:,} test images: {percent(plain)} right without the prompt"
    return f"{num_images:,} test images: {percent(plain)} right" if prompted is None else f"{said}, {percent(prompted)} with it"
