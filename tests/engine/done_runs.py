"""Run folders as a whole run of a configuration leaves them, in a few milliseconds: real events and states, no training."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from vpns_engine import events as told
from vpns_engine.artifacts import pack, write_arrays
from vpns_engine.plan import plan
from vpns_engine.specs.layer import LayerInfo
from vpns_engine.specs.masks import MaskSpec
from vpns_engine.specs.phase import DENSE, Phase, epochs_of
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore

LAYER = LayerInfo(name="fc", shape=(10, 4))
Accuracy = Callable[[float, str], float]


def half(_density: float, _stage: str) -> float:
    """Say that half of the images are right."""
    return 0.5


def config_of(*sparsities: float, **changes: object) -> RunConfig:
    """Give the configuration of such a run."""
    return RunConfig(mask=MaskSpec(sparsities=sparsities or (0.9,)), **changes)


def done_run(
    runs: Path,
    config: RunConfig,
    accuracy: Accuracy = half,
    *,
    levels: int | None = None,
    classes: tuple[str, ...] = ("0", "1"),
    counts: tuple[int, int, int] = (200, 20, 30),
) -> RunStore:
    """Write a run of `config`; `accuracy` of a density and a stage is what it measured without the prompt.

    With the prompt it is a tenth more. `counts` are training, validation and test images. Only the first `levels` levels are
    done: in the next one the run was stopped.
    """
    store = RunStore.create(runs, config)
    phases = plan(config)
    started = _started(config, phases, classes, counts)
    for seq, event in enumerate([started, *_work(store, config, phases, accuracy, levels)]):
        store.append(event.model_copy(update={"seq": seq, "time": 1e9 + seq}))
    store.close()
    status = "finished" if levels is None else "stopped"
    store.write_info(store.read_info().model_copy(update={"status": status}))
    return store


def _started(config, phases, classes, counts):
    train, validation, test = counts
    infos = tuple(
        told.PhaseInfo(kind=phase.kind, level=phase.level, density=phase.density, epochs=epochs_of(phase), iterations=2)
        for phase in phases
    )
    return told.RunStarted(
        method=config.method, phases=infos, layers=(LAYER,), source_classes=tuple("abcdefghij"), target_classes=classes,
        num_train=train, num_validation=validation, num_test=test, num_prompt_values=8, half_steps=2, device="cpu", threads=1,
    )  # fmt: skip


def _work(store, config, phases, accuracy, levels) -> Iterator[told.Event]:
    for index, phase in enumerate(phases):
        yield told.PhaseStarted(phase=index)
        if phase.level == levels:
            yield told.RunEnded(status="stopped")
            return
        yield told.StepDone(phase=index, epoch=1, step=1, losses=(0.5, 0.4), accuracies=(0.5, 0.5))
        yield from _phase(store, config, index, phase, accuracy)
        yield told.PhaseEnded(phase=index)
    yield told.RunEnded(status="finished")


def _phase(store, config, index, phase: Phase, accuracy) -> Iterator[told.Event]:
    if phase.kind == "test" or (phase.kind == "finetune" and phase.level == DENSE):
        stage = "map" if phase.kind == "test" else "finetune"
        yield told.Tested(level=DENSE, stage=stage, accuracy=accuracy(1.0, f"dense {stage}"), accuracy_prompted=None)
    elif phase.kind in ("search", "finetune"):
        path = _state(store, phase)
        epoch = epochs_of(phase)
        yield told.LevelSaved(phase=index, level=phase.level, epoch=epoch, complete=True, state_path=path)
        if phase.kind == "finetune":
            for stage in ("search", "finetune") if config.method in ("vpns", "control") else ("finetune",):
                plain = accuracy(phase.density, stage)
                prompted = plain + 0.1 if config.uses_prompt else None
                yield told.Tested(level=phase.level, stage=stage, accuracy=plain, accuracy_prompted=prompted)


def _state(store: RunStore, phase: Phase) -> str:
    path = f"{store.density_folder(phase.density)}/{phase.kind}/state.safetensors"
    mask = np.arange(LAYER.numel).reshape(LAYER.shape) % 10 == 0
    info = {"phase": phase.kind, "density": phase.density, "threshold": 0.02, "epoch": 1, "mapping": [0, 1]}
    write_arrays(store.path(path), {"masks/fc": pack(mask)}, {**info, "shapes": {"fc": list(LAYER.shape)}})
    return path
