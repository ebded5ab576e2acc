"""What a run leaves behind: prompts, masks, states and example images in its folder."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vpns_engine.artifacts import pack, write_arrays
from vpns_engine.datasets import Part
from vpns_engine.keeping import thin
from vpns_engine.kept_predictions import predictions_file
from vpns_engine.nn.prompts import VisualPrompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.prediction_files import write_predictions
from vpns_engine.predictions import Predictions
from vpns_engine.specs.phase import Phase, PhaseKind
from vpns_engine.store import RunStore
from vpns_engine.training.images import ImageSource
from vpns_engine.training.state import TrainState

SAMPLES = "artifacts/samples.safetensors"
_NUM_SAMPLES = 24


class FolderKeeper:
    """Writes to a run's folder (see vpns_engine.artifacts for the files)."""

    def __init__(self, store: RunStore, epoch_artifacts: Literal["all", "last"] = "all") -> None:
        """`epoch_artifacts`: whether a phase's prompts and masks of earlier epochs stay beside the last one's."""
        self._store = store
        self._only_last = epoch_artifacts == "last"

    def keep_prompt(self, phase: Phase, epoch: int, prompt: VisualPrompt) -> str:
        """Write the prompt after an epoch."""
        path = self._write(phase, f"prompt_{epoch:04d}", prompt_arrays(prompt), {"epoch": epoch})
        self._thin(path, "prompt", epoch)
        return path

    def keep_masks(self, phase: Phase, epoch: int, network: SparseNetwork) -> str:
        """Write the masks after an epoch."""
        bits = {layer.name: pack(as_array(mask)) for layer, mask in zip(network.layers, network.masks(), strict=True)}
        path = self._write(phase, f"masks_{epoch:04d}", bits, {"epoch": epoch, "shapes": _shapes(network)})
        self._thin(path, "masks", epoch)
        return path

    def keep_state(self, phase: Phase, state: TrainState, epoch: int) -> str:
        """Write a level's whole state."""
        network = state.network
        arrays = {f"weights/{name}": as_array(value) for name, value in network.plain_state(masked=False).items()}
        for item, mask in zip(network.scored, network.masks(), strict=True):
            arrays[f"scores/{item.name}"] = as_array(item.score)
            arrays[f"masks/{item.name}"] = pack(as_array(mask))
        arrays.update({f"prompt/{name}": value for name, value in prompt_arrays(state.prompt).items()})
        info = {
            "phase": phase.kind,
            "density": phase.density,
            "threshold": network.threshold,
            "epoch": epoch,
            "mapping": [] if state.mapping_T is None else state.mapping_T.tolist(),
            "shapes": _shapes(network),
        }
        return self._write(phase, "state", arrays, info)

    def keep_predictions(self, phase: Phase, stage: PhaseKind, predictions: Predictions, num_classes: int) -> str:
        """Write what a tested stage makes of each test image."""
        relative = predictions_file(self._store, phase.level, phase.density, stage)
        write_predictions(self._store.path(relative), predictions, num_classes, {"stage": stage})
        return relative

    def keep_samples(self, source: ImageSource, part: Part, image_size: int) -> str:
        """Write a few example images of a part, its classes in turn."""
        places = _in_turn(part.labels)[:_NUM_SAMPLES]
        pictures, good = source.fetch(part.ids[places], image_size)
        arrays = {"images": as_array(pictures), "labels": part.labels[places][good]}
        write_arrays(self._store.path(SAMPLES), arrays)
        return SAMPLES

    def _thin(self, path: str, what: Literal["prompt", "masks"], epoch: int) -> None:
        if self._only_last:
            thin(self._store.path(path).parent, what, epoch)

    def _write(self, phase: Phase, name: str, arrays: Mapping[str, npt.NDArray[np.generic]], info: Mapping[str, object]) -> str:
        relative = f"{self._store.density_folder(phase.density)}/{phase.kind}/{name}.safetensors"
        write_arrays(self._store.path(relative), arrays, info)
        return relative


def prompt_arrays(prompt: VisualPrompt) -> dict[str, npt.NDArray[np.generic]]:
    """Give the prompt as learned, its delta, and what it adds to the padded image (in its fixed place)."""
    learned = {name: as_array(value) for name, value in prompt.named_parameters()}
    with torch.no_grad():
        return {**learned, "delta": as_array(prompt.make_delta()), "added": as_array(prompt.added())}


def as_array(tensor: Tensor) -> npt.NDArray[np.generic]:
    """Copy a tensor to numpy."""
    array: npt.NDArray[np.generic] = tensor.detach().cpu().numpy()
    return array


def _shapes(network: SparseNetwork) -> dict[str, list[int]]:
    return {layer.name: list(layer.shape) for layer in network.layers}


def _in_turn(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Order positions so that the classes take turns."""
    turn = np.empty(labels.size, dtype=np.int64)
    for label in np.unique(labels):
        mine = labels == label
        turn[mine] = np.arange(int(mine.sum()))
    return np.lexsort((labels, turn))
