"""What helper threads look at images with: a run's networks and its pictures, opened once and kept while they are wanted.

Shapes: N images, S image side.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vpns_engine.errors import EngineError
from vpns_engine.history import RunHistory
from vpns_engine.kept_predictions import saved_of
from vpns_engine.looking import Stage
from vpns_engine.plan import plan
from vpns_engine.specs.phase import Search
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_gui.moments import Moment
from vpns_gui.preload import TorchImport

if TYPE_CHECKING:
    from vpns_engine.looking.images import Images
    from vpns_engine.looking.look import Look

Pixels = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Network:
    """A network that a run has kept, or made of what it has kept."""

    level: int
    stage: Stage
    saved: int
    """Number of the event that saved its state: a later one is another network."""
    masks_path: str = ""
    """The mask of an epoch of the search instead of the state's own."""


def network_at(store: RunStore, history: RunHistory, moment: Moment | None) -> Network | None:
    """Choose the network that stands nearest to a moment of a level; None where none is saved yet."""
    if moment is None:
        return None
    searched, tuned = (saved_of(history, moment.level, stage) for stage in ("search", "finetune"))
    phase = history.phases[moment.phase]
    if tuned is not None and (phase.info.kind == "finetune" or searched is None):
        return Network(moment.level, "finetune", tuned.seq)
    if searched is None:
        return None
    masks = next((epoch.masks_path for epoch in phase.epochs if epoch.epoch == moment.epoch), "")
    own = searched.phase == moment.phase and searched.epoch == moment.epoch
    if phase.info.kind != "search" or own or not leaves_weights(store.config, moment.phase) or not _is_there(store, masks):
        masks = ""
    return Network(moment.level, "search", searched.seq, masks)


def leaves_weights(config: RunConfig, phase: int) -> bool:
    """Tell whether a phase is a search that leaves the weights as they are, so that each epoch's network is known."""
    planned = plan(config)
    searched = planned[phase] if phase < len(planned) else None
    return isinstance(searched, Search) and not any("weights" in half.learns for half in searched.steps)


def _is_there(store: RunStore, relative: str) -> bool:
    return bool(relative) and store.path(relative).is_file()


class Looks:
    """The network that was looked at last, for one helper thread."""

    def __init__(self) -> None:
        self._key: tuple[Path, Network] | None = None
        self._look: Look | None = None

    def open(self, store: RunStore, network: Network) -> "Look":
        """Give a network of a run.

        Raises:
            EngineError: it cannot be read.
        """
        from vpns_engine.looking import open_look

        key = (store.folder, network)
        if self._look is None or key != self._key:
            self._look = None  # the memory of the old one first
            with TorchImport():
                self._look = open_look(store, level=network.level, stage=network.stage, masks_path=network.masks_path)
            self._key = key
        return self._look


class Pictures:
    """The images of the run that was looked at last, for one helper thread."""

    def __init__(self) -> None:
        self._key: Path | None = None
        self._images: Images | None = None

    def of(self, store: RunStore, classes: tuple[str, ...]) -> "Images":
        """Give the images of a run, of which nothing is read before it is asked for."""
        if self._images is None or store.folder != self._key:
            with TorchImport():
                from vpns_engine.looking.images import Images
            if self._images is not None:
                self._images.close()
            self._images, self._key = Images(store.config, classes), store.folder
        return self._images


def places_of(images: "Images", part: str, ids: IntArray) -> IntArray:
    """Give the places of images in their part of the data set by the ids that predictions name them with.

    Raises:
        EngineError: the data set is another one now.
    """
    own = images.part(part).ids
    order = np.argsort(own, kind="stable")
    places = order[np.searchsorted(own, ids, sorter=order).clip(0, max(0, own.size - 1))] if own.size else order
    if len(places) != len(ids) or (own[places] != ids).any():
        raise EngineError(f"the {part} images are not those that were read then: the data set has changed since")
    return np.asarray(places, np.int64)


def shrunk(image_3SS: Pixels, most: int) -> Pixels:
    """Give an image as colours (height, width, 3) with sides of at most about `most` pixels, by the mean of whole blocks."""
    factor = max(1, image_3SS.shape[1] // most)
    if factor == 1:
        return np.ascontiguousarray(image_3SS.transpose(1, 2, 0))
    side = image_3SS.shape[1] // factor * factor
    blocks = image_3SS[:, :side, :side].reshape(3, side // factor, factor, side // factor, factor)
    return np.ascontiguousarray(blocks.mean(axis=(2, 4)).round().astype(np.uint8).transpose(1, 2, 0))
