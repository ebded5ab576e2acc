"""Reads one image, puts the prompt of a moment on it and asks a network about it: for a helper thread.

Shapes: C canvas side, S image side, N images, T target classes.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vpns_engine.artifacts import FloatArray, read_arrays
from vpns_engine.errors import EngineError
from vpns_engine.events import RunStarted
from vpns_engine.store import RunStore
from vpns_gui.controllers.looks import IntArray, Looks, Network, Pictures, Pixels
from vpns_gui.models.on_image import SeenImage, on_canvas

SAMPLES = "samples"
"""Key of the few examples that a run keeps, whatever becomes of its data set."""
PARTS = {"test": "Test", "validation": "Validation", "train": "Training", SAMPLES: "Examples"}
_ONE = {"test": "Test image", "validation": "Validation image", "train": "Training image", SAMPLES: "Example"}


@dataclass(frozen=True)
class PromptFile:
    """Where the prompt of a moment stands, and what the moment is called."""

    path: Path
    entry: str
    label: str


@dataclass(frozen=True)
class Wanted:
    """An image of a run, at a moment."""

    store: RunStore
    started: RunStarted
    network: Network | None
    prompt: PromptFile | None
    part: str
    index: int
    file: Path | None = None
    """A picture of one's own, instead of the part's."""


@dataclass(frozen=True)
class Shown:
    """What came of it."""

    wanted: Wanted
    seen: SeenImage
    words: str
    """Which network was asked, or why none was."""
    labels_N: IntArray
    """The class of each image of the part; empty for a picture of one's own."""


def look_at(looks: Looks, pictures: Pictures, wanted: Wanted) -> Shown:
    """Read the image, and what the network makes of it.

    A network that cannot be read is told of in words: the image is still worth seeing.

    Raises:
        EngineError: the image or the prompt cannot be read.
    """
    pixels_3SS, label, name, labels_N = _image(pictures, wanted)
    added_3CC = None if wanted.prompt is None else _added(wanted.prompt, wanted.store.config.effective_prompt.canvas)
    before, after = on_canvas(pixels_3SS, added_3CC)
    plain = prompted = None
    words = "No network of this sparsity is saved yet: what it takes the image for is known once the search is done."
    if wanted.network is not None:
        try:
            look = looks.open(wanted.store, wanted.network)
            plain = look.predict(pixels_3SS[None])[0]
            prompted = look.predict(pixels_3SS[None], {"added": added_3CC})[0] if added_3CC is not None else None
            words = f"Network: {look.network_words}."
        except EngineError as error:
            words = f"What the network takes it for is not known: {error}"
    if wanted.prompt is not None:
        words += f" Prompt: {wanted.prompt.label}."
    seen = SeenImage(name, label, before, after, plain, prompted)
    return Shown(wanted, seen, words, labels_N)


def _image(pictures: Pictures, wanted: Wanted) -> tuple[Pixels, int | None, str, IntArray]:
    images = pictures.of(wanted.store, wanted.started.target_classes)  # torch is there from here on
    if wanted.file is not None:
        from vpns_engine.looking.images import read_file

        return read_file(wanted.file, wanted.store.config.data.image_size), None, wanted.file.name, np.empty(0, np.int64)
    name = ""
    if wanted.part == SAMPLES:
        samples, labels_N = samples_of(wanted.store, wanted.started)
        _check_place(wanted, labels_N)
        pixels = samples[wanted.index]
    else:
        labels_N = np.asarray(images.part(wanted.part).labels, np.int64)
        _check_place(wanted, labels_N)
        pixels, name = images.picture(wanted.part, wanted.index), images.name(wanted.part, wanted.index)
    title = f"{_ONE[wanted.part]} {wanted.index + 1:,}"
    shown = f"{title} ({name})" if "/" in name else title
    return pixels, int(labels_N[wanted.index]), shown, labels_N


def _check_place(wanted: Wanted, labels_N: IntArray) -> None:
    if not wanted.index < labels_N.size:
        raise EngineError(f"there is no {_ONE[wanted.part].lower()} {wanted.index + 1:,}: there are {labels_N.size:,}")


def samples_of(store: RunStore, started: RunStarted) -> tuple[Pixels, IntArray]:
    """Read the examples that a run keeps.

    Raises:
        EngineError: there are none, or the file is damaged.
    """
    if not started.samples_path:
        raise EngineError("this run keeps no examples")
    arrays = read_arrays(store.path(started.samples_path), ("images", "labels"))
    images, labels = arrays["images"], arrays["labels"]
    if images.ndim != 4 or images.shape[1] != 3 or images.dtype != np.uint8 or labels.shape != images.shape[:1]:
        raise EngineError(f"{started.samples_path} holds no example images")
    return images, labels.astype(np.int64)


def _added(prompt: PromptFile, canvas: int) -> FloatArray:
    name = f"{prompt.entry}added"
    added: npt.NDArray[np.float32] = read_arrays(prompt.path, (name,))[name]
    if added.shape != (3, canvas, canvas) or added.dtype != np.float32:
        raise EngineError(f"{prompt.path.name} holds no prompt of {canvas} x {canvas} px")
    return added
