"""What is exported: one saved state of one level, read from the run folder with numpy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vpns_engine.artifacts import BoolArray, FloatArray, StateInfo, read_array, read_arrays, read_state_info, unpack
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, LevelSaved, PhaseInfo, RunStarted
from vpns_engine.history import RunHistory
from vpns_engine.saved_states import Tuning, tuning_of
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore

Stage = Literal["search", "finetune"]
Array = npt.NDArray[Any]

MAX_PICTURES = 16


@dataclass(frozen=True)
class Source:
    """One saved state with everything that explains it.

    `weights` is the dense state dict, `scores` and `masks` have one entry for each scored layer, `pictures` are uint8
    (N, 3, S, S).
    """

    run_name: str
    config: RunConfig
    history: RunHistory
    started: RunStarted
    saved: LevelSaved
    phase: PhaseInfo
    info: StateInfo
    weights: Mapping[str, Array]
    scores: Mapping[str, Array]
    masks: Mapping[str, BoolArray]
    prompt: Mapping[str, FloatArray]
    """What was learned of the prompt by name, with `delta` and `added`; empty without a prompt."""
    pictures: npt.NDArray[np.uint8]
    pictures_are_noise: bool
    origin: "Source | None" = None
    """The state as it was saved, where a classifier of the task's own classes was made of it (see export/head.py)."""

    @property
    def saved_as(self) -> "Source":
        """The state as it was saved."""
        return self.origin or self

    @property
    def has_head(self) -> bool:
        """A new classifier of the task's own classes took the place of the pre-trained one."""
        return self.config.mapping.kind == "head"

    @property
    def tuning(self) -> Tuning:
        """How far the weights were tuned after the mask had been set."""
        return tuning_of(self.history, self.saved)

    @property
    def stage(self) -> Stage:
        """The stage as a person chooses it."""
        return _stage(self.phase)

    @property
    def chosen(self) -> EpochEnded | None:
        """What was measured at the chosen epoch; None where the state is not that of an epoch's end."""
        return self.history.measured_at(self.saved)

    @property
    def num_scored(self) -> int:
        """Number of weights that could be pruned."""
        return sum(mask.size for mask in self.masks.values())

    @property
    def num_kept(self) -> int:
        """Number of weights the masks keep."""
        return sum(int(np.count_nonzero(mask)) for mask in self.masks.values())


def read_source(store: RunStore, *, level: int | None, stage: Stage | None) -> Source:
    """Read the saved state to export; without `level` and `stage` the last one.

    Raises:
        EngineError: there is none, or its file is missing, damaged, or not finite.
    """
    history = store.read().history
    if history.started is None:
        raise EngineError(f"{store.folder.name} has not started working: there is nothing to export")
    saved = choose(history, level=level, stage=stage)
    path = store.path(saved.state_path)
    info = read_state_info(path)
    arrays = read_arrays(path)
    weights = _group(arrays, "weights/")
    _check(weights, info)
    prompted = store.config.uses_prompt
    pictures, are_noise = _pictures(store, history.started)
    return Source(
        run_name=store.folder.name,
        config=store.config,
        history=history,
        started=history.started,
        saved=saved,
        phase=history.phases[saved.phase].info,
        info=info,
        weights=weights,
        scores=_group(arrays, "scores/"),
        masks=_masks(arrays, info),
        prompt=_prompt(arrays, store.config.prompt.canvas) if prompted else {},
        pictures=pictures,
        pictures_are_noise=are_noise,
    )


def choose(history: RunHistory, *, level: int | None, stage: Stage | None) -> LevelSaved:
    """Choose the saved state: the last one that fits.

    Raises:
        EngineError: there is none.
    """
    saved = [item for number in sorted(history.levels) for item in history.levels[number].saved]
    if not saved:
        raise EngineError("the run has saved no mask yet: there is nothing to export")
    if level is not None and level not in history.levels:
        raise EngineError(f"there is no level {level + 1}: the run has {len(history.levels)}")
    of_level = [item for item in saved if level is None or item.level == level]
    if not of_level:
        raise EngineError(f"level {(level or 0) + 1} has no saved state: the run ended before it")
    fitting = [item for item in of_level if stage is None or _stage(history.phases[item.phase].info) == stage]
    if not fitting:
        raise EngineError(f"no {'tuned' if stage == 'finetune' else 'untuned'} state was saved: take the other stage")
    return fitting[-1]


def entry_of(layer: str, weights: Mapping[str, object]) -> str:
    """Name the state-dict entry of a scored layer."""
    return next((entry for entry in (f"{layer}.weight", f"{layer}.in_proj_weight") if entry in weights), layer)


def _stage(phase: PhaseInfo) -> Stage:
    return "finetune" if phase.kind == "finetune" else "search"


def _group(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _check(weights: Mapping[str, Array], info: StateInfo) -> None:
    for layer, shape in info.shapes.items():
        found = weights.get(entry_of(layer, weights))
        if found is None or found.shape != shape:
            raise EngineError(f"the saved state is damaged: layer {layer} should have shape {shape}")
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise EngineError(f"{name} holds values that are not finite (the training diverged): nothing to export")


def _masks(arrays: Mapping[str, Array], info: StateInfo) -> dict[str, BoolArray]:
    packed = _group(arrays, "masks/")
    if not packed and info.threshold is None:  # density 1: no mask is set
        return {layer: np.ones(shape, np.bool_) for layer, shape in info.shapes.items()}
    if missing := [layer for layer in info.shapes if layer not in packed]:
        raise EngineError(f"the saved state is damaged: no mask of layer {missing[0]}")
    return {layer: unpack(packed[layer], shape) for layer, shape in info.shapes.items()}


def _prompt(arrays: Mapping[str, Array], canvas: int) -> dict[str, FloatArray]:
    found = _group(arrays, "prompt/")
    if any(name not in found or found[name].shape != (3, canvas, canvas) for name in ("delta", "added")):
        raise EngineError(f"the saved state is damaged: no prompt of {canvas} x {canvas} px")
    if not all(np.isfinite(array).all() for array in found.values()):
        raise EngineError("the prompt holds values that are not finite (the training diverged): nothing to export")
    return found


def _pictures(store: RunStore, started: RunStarted) -> tuple[npt.NDArray[np.uint8], bool]:
    """Give the run's sample pictures, or noise where they are gone: the check is as strict with either."""
    size = store.config.data.image_size
    try:
        images = read_array(store.path(started.samples_path), "images")[:MAX_PICTURES]
    except EngineError:
        images = np.zeros(0, np.uint8)
    if images.dtype == np.uint8 and images.shape[1:] == (3, size, size) and images.shape[0] > 0:
        return images, False
    noise = np.random.default_rng(0).integers(0, 256, (MAX_PICTURES, 3, size, size), dtype=np.uint8)
    return noise, True
