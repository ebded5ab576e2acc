"""A network of a run, opened to look at what it makes of images.

Shapes: N images, S image side, C canvas side, T target classes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from vpns_engine.artifacts import BoolArray, FloatArray, read_arrays, read_names, read_state_info, unpack
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, LevelSaved, RunStarted
from vpns_engine.export.source import choose, entry_of
from vpns_engine.export.weights import unmodified
from vpns_engine.history import RunHistory
from vpns_engine.looking import Report, Stage
from vpns_engine.looking.images import Images, Pixels, read_file
from vpns_engine.mask_files import MaskFile
from vpns_engine.nn.fingerprint import weights_sha256
from vpns_engine.nn.models import load_pretrained
from vpns_engine.nn.normalization import normalization_of
from vpns_engine.nn.prompts import margins
from vpns_engine.plan import plan
from vpns_engine.saved_states import DENSE_LABELS, level_words, saved_name
from vpns_engine.specs.phase import Search
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_engine.training.images import CPU
from vpns_engine.training.precision import in_force

Prompt = Mapping[str, npt.NDArray[Any]]
_AT_ONCE = 64
"""Images that go through a network at once."""


class Look:
    """A network of a run with its mapping, its prompt and the run's images; on the CPU, for one thread at a time."""

    def __init__(
        self,
        config: RunConfig,
        started: RunStarted,
        network: nn.Module,
        mapping: Sequence[int],
        prompt: Prompt | None,
        words: str,
    ) -> None:
        """`mapping` is the source class of each target class; `words` say which network this is."""
        self.config = config
        self.network = network
        self.mapping = tuple(mapping)
        self.prompt = prompt
        """What the state learned of a prompt (`added` among it); None without one."""
        self.network_words = words
        """Which network this is, for a person."""
        self.classes = started.target_classes
        self.image_size = config.data.image_size
        self.canvas = config.effective_prompt.canvas
        self.images = Images(config, started.target_classes)
        self._normalization = normalization_of(config.model.architecture)
        self._computing = in_force(config, CPU)
        _check_mapping(self.mapping, started)

    def __enter__(self) -> "Look":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of files and threads."""
        self.images.close()

    @property
    def has_prompt(self) -> bool:
        """Tell whether the state has a prompt of its own."""
        return self.prompt is not None

    def num(self, part: str) -> int:
        """Count the images of a part: `train`, `validation` or `test`.

        Raises:
            EngineError: the data set is not there, or another one now.
        """
        return len(self.images.part(part))

    def labels(self, part: str) -> npt.NDArray[np.int64]:
        """Give the class of each image of a part, shape (N,).

        Raises:
            EngineError: as `num`.
        """
        return self.images.part(part).labels

    def picture(self, part: str, index: int) -> tuple[Pixels, int, str]:
        """Read an image of the data set as the run reads it to test: uint8 (3, S, S), its class, its name.

        Raises:
            EngineError: there is no such image, or it is broken; or as `num`.
        """
        return self.images.picture(part, index), int(self.labels(part)[index]), self.images.name(part, index)

    def pictures(self, part: str, indices: Sequence[int]) -> tuple[Pixels, npt.NDArray[np.int64]]:
        """Read a few images at once: uint8 (N, 3, S, S), and which of the indices those are (broken ones are left out).

        Raises:
            EngineError: there is no such image; or as `num`.
        """
        return self.images.pictures(part, indices)

    def index_of(self, part: str, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Give the indices, in a part, of the images that predictions name by their ids.

        Raises:
            EngineError: the data set is another one now; or as `num`.
        """
        own = self.images.part(part).ids
        order = np.argsort(own, kind="stable")
        places = np.searchsorted(own, ids, sorter=order).clip(0, max(0, own.size - 1))
        if np.size(ids) and (not own.size or (own[order[places]] != ids).any()):
            raise EngineError(f"the {part} images are not those that the predictions were made of: the data set has changed")
        found: npt.NDArray[np.int64] = order[places].astype(np.int64, copy=False)
        return found

    def file(self, path: Path) -> Pixels:
        """Read a picture file as the run would: uint8 (3, S, S); see `images.read_file`.

        Raises:
            EngineError: it is no picture, damaged, or not there.
        """
        return read_file(path, self.image_size)

    def seen(self, images_N3SS: Pixels, prompt: Prompt | None = None) -> FloatArray:
        """Give what the network gets, before it is normalised, in [0, 1].

        With a prompt that is the canvas, shape (N, 3, C, C), the prompt where it stands in a test. Without one the run shows
        the image alone, shape (N, 3, S, S): `on_canvas` puts it in its place, to compare.

        Raises:
            EngineError: image or prompt have another size.
        """
        found: FloatArray = self._seen(images_N3SS, prompt).numpy()
        return found

    def on_canvas(self, images_N3SS: Pixels) -> FloatArray:
        """Put images in their place on the black canvas, in [0, 1], shape (N, 3, C, C).

        Raises:
            EngineError: the images have another size.
        """
        found: FloatArray = self._padded(self._scaled(images_N3SS)).numpy()
        return found

    def predict(self, images_N3SS: Pixels, prompt: Prompt | None = None) -> FloatArray:
        """Give the chances of the target classes, shape (N, T): softmax over these classes only.

        Args:
            images_N3SS: uint8.
            prompt: what a prompt file holds, `added` of it is used; None: without a prompt.

        Raises:
            EngineError: image or prompt have another size, or the network gives what are no numbers.
        """
        pieces = [images_N3SS[first : first + _AT_ONCE] for first in range(0, max(1, len(images_N3SS)), _AT_ONCE)]
        logits_NT = torch.cat([self.logits(self._seen(piece, prompt)) for piece in pieces])
        if not bool(torch.isfinite(logits_NT).all()):
            raise EngineError("the network gives what are no numbers: the training diverged")
        found: FloatArray = logits_NT.softmax(1).numpy()
        return found

    @torch.no_grad()
    def logits(self, seen_N3HH: Tensor) -> Tensor:
        """Give the target classes' logits (N, T) for what the network is to get, in [0, 1]."""
        logits = self._computing.logits(self.network, self._normalization(seen_N3HH))
        return logits[:, list(self.mapping)].float()

    def prompted(self, x_N3SS: Tensor, prompt: Prompt) -> Tensor:
        """Put images in [0, 1] on the canvas with a prompt; see `seen`.

        Raises:
            EngineError: the prompt has another size.
        """
        added = torch.from_numpy(np.array(_added(prompt, self.canvas)))
        return (self._padded(x_N3SS) + added).clamp(0, 1)

    def _seen(self, images_N3SS: Pixels, prompt: Prompt | None) -> Tensor:
        x_N3SS = self._scaled(images_N3SS)
        return x_N3SS if prompt is None else self.prompted(x_N3SS, prompt)

    def _scaled(self, images_N3SS: Pixels) -> Tensor:
        size = self.image_size
        if images_N3SS.dtype != np.uint8 or images_N3SS.shape[1:] != (3, size, size):
            raise EngineError(f"the run takes images of {size} x {size} px, these are {images_N3SS.shape}")
        return torch.from_numpy(np.array(images_N3SS)).float().div_(255)

    def _padded(self, x_N3SS: Tensor) -> Tensor:
        left, right = margins(self.canvas, self.image_size)
        return functional.pad(x_N3SS, (left, right, left, right))


def look_at_saved(
    store: RunStore,
    *,
    level: int | None = None,
    stage: Stage | None = None,
    masks_path: str = "",
    saved: LevelSaved | None = None,
) -> Look:
    """Open the network of a saved state; see `looking.open_look`. `saved` names the state itself."""
    history = store.read(steps=False).history
    started = _started(store, history)
    if masks_path and stage is None:
        stage = "search"
    saved = saved or choose(history, level=level, stage=stage)
    path = store.path(saved.state_path)
    info = read_state_info(path)
    arrays = read_arrays(path, tuple(name for name in read_names(path) if not name.startswith("scores/")))
    masks = {name: unpack(array, _shape(info.shapes, name)) for name, array in _group(arrays, "masks/").items()}
    words = f"{saved_name(history, saved)}, {level_words(history.phases[saved.phase].info)}"
    if masks_path:
        epoch = _epoch_of(history, saved, masks_path, store.config)
        masks = _other_masks(store.path(masks_path), info.shapes)
        words = f"Mask of search epoch {epoch.epoch}, weights untuned (batch-norm statistics of the search's end)"
    weights = _group(arrays, "weights/")
    for layer, mask in masks.items():
        entry = entry_of(layer, weights)
        if entry not in weights or weights[entry].shape != mask.shape:
            raise EngineError(f"{path.name} is damaged: the mask of {layer} is not of the shape of its weight")
        weights[entry] = np.where(mask, weights[entry], np.zeros((), weights[entry].dtype))
    network = unmodified(store.config.model.architecture, len(started.source_classes), weights)
    prompt = _group(arrays, "prompt/") if store.config.uses_prompt else None
    return Look(store.config, started, network, info.mapping, prompt, words)


def look_at_dense(store: RunStore, report: Report) -> Look:
    """Open the dense reference, mapped; see `looking.open_dense`."""
    history = store.read(steps=False).history
    started = _started(store, history)
    mapped = history.dense.mapped if history.dense is not None else None
    if mapped is None:
        raise EngineError(f"{store.folder.name} has no dense reference of its own to look at")
    network = load_pretrained(store.config.model, store.config.seed, report).module
    if started.weights_sha256 and weights_sha256(network) != started.weights_sha256:
        raise EngineError("the pre-trained weights are others now than those the run started from")
    return Look(store.config, started, network.eval(), mapped.sources, None, DENSE_LABELS["map"])


def _started(store: RunStore, history: RunHistory) -> RunStarted:
    if history.started is None:
        raise EngineError(f"{store.folder.name} has not started working: there is no network to look at")
    return history.started


def _check_mapping(mapping: Sequence[int], started: RunStarted) -> None:
    if len(mapping) != len(started.target_classes) or any(source >= len(started.source_classes) for source in mapping):
        raise EngineError(
            f"the saved state is damaged: it maps {len(mapping)} classes, the run has {len(started.target_classes)}"
        )


def _epoch_of(history: RunHistory, saved: LevelSaved, masks_path: str, config: RunConfig) -> EpochEnded:
    """Give the epoch of the search that a mask is of."""
    phase = plan(config)[saved.phase] if saved.phase < len(plan(config)) else None
    epochs = history.phases[saved.phase].epochs
    found = next((epoch for epoch in epochs if epoch.masks_path == masks_path), None)
    if not isinstance(phase, Search) or found is None:
        raise EngineError("this mask is none of the search that the state is of")
    if any("weights" in half.learns for half in phase.steps):
        raise EngineError("the search moves the weights too: they were kept at its end only")
    return found


def _other_masks(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, BoolArray]:
    with MaskFile.open(path) as file:
        if dict(file.shapes) != dict(shapes):
            raise EngineError(f"{path.name} is of another network than the saved state")
        return {layer: file.mask(layer) for layer in file.layers}


def _shape(shapes: Mapping[str, tuple[int, ...]], layer: str) -> tuple[int, ...]:
    if layer not in shapes:
        raise EngineError(f"the saved state is damaged: it does not say the shape of {layer}")
    return shapes[layer]


def _added(prompt: Prompt, canvas: int) -> npt.NDArray[np.float32]:
    added = prompt.get("added")
    if added is None or added.shape != (3, canvas, canvas) or added.dtype != np.float32:
        shape = "nothing" if added is None else " x ".join(map(str, added.shape))
        raise EngineError(f"the prompt ({shape}) does not belong on a canvas of {canvas} x {canvas} px")
    return added


def _group(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
