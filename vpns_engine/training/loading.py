"""Goes on from a saved state of another run: its network, then everything else it holds.

Shapes: T target classes.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vpns_engine.artifacts import BoolArray, StateInfo, read_arrays, read_state_info, unpack
from vpns_engine.errors import EngineError
from vpns_engine.nn.models import Pretrained, fitted
from vpns_engine.training.state import Snapshot, TrainState

_SAME = 1e-5  # what another device may make of the same values


def pretrained_of_state(architecture: str, path: Path) -> Pretrained:
    """Make the network of a saved state, with its dense weights.

    Raises:
        EngineError: the file cannot be read, or is another architecture's.
    """
    weights = _tensors(read_arrays(path), "weights/")
    if not weights:
        raise EngineError(f"{path} is not a state file: it holds no weights")
    return fitted(architecture, weights, f"the saved state {path}")


def load_state(state: TrainState, path: Path, density: float) -> StateInfo:
    """Take over weights, scores, mask, prompt and mapping; the state is as after a rewind and its search.

    Raises:
        EngineError: the file cannot be read, or is that of another network, task, density or prompt.
    """
    info = read_state_info(path)
    arrays = read_arrays(path)
    _check(info, state, path, density)
    state.rewind(density)
    weights, scores = _tensors(arrays, "weights/"), _tensors(arrays, "scores/")
    if missing := [name for name in info.shapes if name not in scores]:
        raise EngineError(f"{path} is damaged: it has no scores of layer {missing[0]}")
    prompt = _prompt(state, _tensors(arrays, "prompt/"), path)
    state.restore(Snapshot(weights, [scores[name] for name in info.shapes], info.threshold, prompt, 0))
    state.network.set_threshold(info.threshold)
    state.mapping_T = torch.tensor(info.mapping, device=state.device) if info.mapping else None
    _check_masks(state, {name: array for name, array in arrays.items() if name.startswith("masks/")}, path)
    return info


def _check(info: StateInfo, state: TrainState, path: Path, density: float) -> None:
    layers = {layer.name: layer.shape for layer in state.network.layers}
    if list(info.shapes.items()) != list(layers.items()):
        raise EngineError(f"{path} does not fit: its scored layers are not those of the network")
    if abs(info.density - density) > 1e-9:
        raise EngineError(f"{path} has a density of {info.density:.12g}, the run one of {density:.12g}: they must be the same")
    if info.mapping and len(info.mapping) != state.num_target:
        raise EngineError(f"{path} maps {len(info.mapping)} classes, the data set has {state.num_target}: take the same task")
    if any(not 0 <= source < state.num_source for source in info.mapping):
        raise EngineError(f"{path} is damaged: it maps to a source class that the network does not have")


def _prompt(state: TrainState, given: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Give what the prompt learns; a state that has learned none leaves it at its start."""
    start = state.prompt.learned()
    if not state.prompt.learns or not any(bool(value.any()) for value in given.values()):
        return start
    for name, value in start.items():
        found = given.get(name)
        if found is None or found.shape != value.shape:
            raise EngineError(f"{path} has another prompt than the run: take the same kind and canvas, or none")
    state.prompt.take(given)
    # the same values may mean something else: a ring adds them as they are, a square their sigmoid
    if "added" in given and not torch.allclose(state.prompt.added().cpu(), given["added"], rtol=0, atol=_SAME):
        state.prompt.take(start)
        raise EngineError(f"{path} has another prompt than the run: take the same kind and size, or none")
    return {name: given[name] for name in start}


def _check_masks(state: TrainState, bits: Mapping[str, np.ndarray], path: Path) -> None:
    """Hold the mask that the scores give against the one that was saved."""
    for layer, mask in zip(state.network.layers, state.network.masks(), strict=True):
        packed = bits.get(f"masks/{layer.name}")
        saved: BoolArray = np.ones(layer.shape, np.bool_) if packed is None else unpack(packed, layer.shape)
        if not np.array_equal(saved, mask.cpu().numpy()):
            raise EngineError(f"{path} is damaged: the mask of {layer.name} is not the one of its scores")


def _tensors(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, Tensor]:
    mine = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    return {name: torch.from_numpy(np.array(array)) for name, array in mine.items()}
