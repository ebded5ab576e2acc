"""Whether an event can be one of a run: a damaged or hostile file may speak of phases, layers and classes not there."""

from vpns_engine.events import (
    EpochEnded,
    Event,
    LabelsMapped,
    LevelSaved,
    Measuring,
    PhaseEnded,
    PhaseStarted,
    RunStarted,
    StepDone,
)


def check_fits(event: Event, started: RunStarted | None) -> None:
    """Hold an event against what the run said of itself when it started.

    Raises:
        ValueError: no such run tells such an event.
    """
    match event:
        case PhaseStarted() | PhaseEnded() | Measuring():
            _check_phase(event, started)
        case StepDone():
            _check_phase(event, started)
            if len(event.losses) != len(event.accuracies):
                raise ValueError("a loss and an accuracy for each half-step")
        case EpochEnded():
            _check_kept(event, _check_phase(event, started))
        case LevelSaved():
            _check_phase(event, started)
        case LabelsMapped():
            _check_mapping(event, _check_phase(event, started))


_InPhase = PhaseStarted | PhaseEnded | Measuring | StepDone | EpochEnded | LevelSaved | LabelsMapped


def _check_phase(event: _InPhase, started: RunStarted | None) -> RunStarted:
    if started is None or event.phase >= len(started.phases):
        raise ValueError(f"phase {event.phase} is none of the run's")
    info = started.phases[event.phase]
    if isinstance(event, StepDone | EpochEnded | LevelSaved) and event.epoch > max(1, info.epochs):
        raise ValueError(f"epoch {event.epoch} of {info.epochs}")
    if isinstance(event, StepDone) and event.step > max(1, info.iterations):
        raise ValueError(f"iteration {event.step} of {info.iterations}")
    return started


def _check_kept(event: EpochEnded, started: RunStarted) -> None:
    layers = started.layers
    if event.kept and len(event.kept) != len(layers):
        raise ValueError(f"{len(event.kept)} counts for {len(layers)} layers")
    if any(kept > layer.numel for kept, layer in zip(event.kept, layers, strict=False)):
        raise ValueError("a layer keeps more weights than it has")


def _check_mapping(event: LabelsMapped, started: RunStarted) -> None:
    if len(event.sources) > len(started.target_classes) or len(event.counts) not in (0, len(event.sources)):
        raise ValueError(f"{len(event.sources)} source classes for {len(started.target_classes)} classes")
    if any(source >= len(started.source_classes) for source in event.sources):
        raise ValueError(f"a source class that is none of {len(started.source_classes)}")
