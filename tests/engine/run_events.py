"""The events of a small made-up run of two levels, as a run would give them."""

from collections.abc import Iterable, Iterator
from itertools import count

from vpns_engine.events import (
    EpochEnded,
    Event,
    LabelsMapped,
    LevelSaved,
    PhaseEnded,
    PhaseInfo,
    PhaseStarted,
    Preparing,
    RunEnded,
    RunStarted,
    StepDone,
    Tested,
)
from vpns_engine.history import RunHistory
from vpns_engine.specs.layer import LayerInfo
from vpns_engine.specs.phase import PhaseKind

KINDS: tuple[PhaseKind, ...] = ("rewind", "map", "search", "finetune")
ITERATIONS, EPOCHS = 4, {"rewind": 0, "map": 1, "search": 3, "finetune": 2}
DENSITIES = (0.1, 0.05)


def started() -> RunStarted:
    """Give what a run tells once everything is read."""
    return RunStarted(
        method="vpns",
        phases=tuple(_info(kind, level) for level in range(len(DENSITIES)) for kind in KINDS),
        layers=(LayerInfo(name="conv", shape=(4, 3, 3, 3)), LayerInfo(name="fc", shape=(5, 4))),
        source_classes=("A", "B", "C"),
        target_classes=("0", "1"),
        num_train=200,
        num_validation=300,
        num_test=600,
        num_prompt_values=336,
        half_steps=2,
        device="cpu",
        threads=1,
    )


def run_events() -> list[Event]:
    """Give a whole run, numbered, one second between two events."""
    return [event.model_copy(update={"seq": seq, "time": 1000.0 + seq}) for seq, event in zip(count(), _run(), strict=False)]


def fold(events: Iterable[Event]) -> RunHistory:
    """Give the history that the events tell."""
    history = RunHistory()
    for event in events:
        history.apply(event)
    return history


def _info(kind: PhaseKind, level: int) -> PhaseInfo:
    iterations = ITERATIONS if EPOCHS[kind] else 0
    return PhaseInfo(kind=kind, level=level, density=DENSITIES[level], epochs=EPOCHS[kind], iterations=iterations)


def _run() -> Iterator[Event]:
    yield Preparing(text="Reading the images")
    yield started()
    for phase, info in enumerate(started().phases):
        yield PhaseStarted(phase=phase)
        yield from _phase(phase, info)
        yield PhaseEnded(phase=phase)
        if info.kind == "finetune":
            yield Tested(level=info.level, stage="finetune", accuracy=0.9, accuracy_prompted=0.91)
    yield RunEnded(status="finished")


def _phase(phase: int, info: PhaseInfo) -> Iterator[Event]:
    if info.kind == "map":
        yield LabelsMapped(phase=phase, level=info.level, sources=(2, 0), counts=(5, 7))
        return
    for epoch in range(1, info.epochs + 1):
        for step in range(1, info.iterations + 1):
            yield StepDone(phase=phase, epoch=epoch, step=step, losses=(1.0, 2.0), accuracies=(0.5, 0.5))
        yield EpochEnded(phase=phase, epoch=epoch, kept=(10, 2))
    if info.epochs:
        yield LevelSaved(phase=phase, level=info.level, epoch=info.epochs, complete=True, state_path=f"artifacts/{phase}")
