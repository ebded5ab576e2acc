"""An export opened again: pictures in, chances of the task's classes out, from whichever network file lies in the folder.

Nothing in the folder is run: network and prompt are built by this program from what the files say, within bounds.

Shapes: N images, S image side, C canvas side, T target classes.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vpns_engine.artifacts import FloatArray, read_array, read_arrays
from vpns_engine.catalogue import catalogue, why_not
from vpns_engine.errors import EngineError
from vpns_engine.export.sparse_file import read_sparse
from vpns_engine.files import read_json

View = Literal["plain", "prompted"]
Pixels = npt.NDArray[np.uint8]
STATE_FILES = ("model.safetensors", "model.pt", "model_sparse.safetensors")
"""Those that hold a state dict, the quickest to read first."""
_MOST_SIDE = 4096
_MOST_CLASSES = 1_000_000


@dataclass(frozen=True)
class _How:
    """What preprocessing.json and labels.json say, checked."""

    classes: tuple[str, ...]
    outputs: tuple[int, ...]
    num_outputs: int
    image_size: int
    canvas: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    left: int
    top: int
    onnx: Mapping[View, tuple[str, bool]]
    """For each view the file, and whether prompt and normalisation are inside of it."""


class OpenedExport:
    """An export that predicts. What it computes with is loaded when it is opened."""

    def __init__(self, folder: Path, how: _How, added_3CC: FloatArray | None) -> None:
        self.folder = folder
        self._how = how
        self._added_3CC = added_3CC
        self.network_file, self._logits = _network(folder, how, prompted=added_3CC is not None)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def classes(self) -> tuple[str, ...]:
        """The task's classes, in the order of what `predict` gives."""
        return self._how.classes

    @property
    def image_size(self) -> int:
        """Side of the images it takes, px."""
        return self._how.image_size

    @property
    def has_prompt(self) -> bool:
        """Tell whether it can predict with a prompt."""
        return self._added_3CC is not None

    @property
    def views(self) -> tuple[View, ...]:
        """The ways it can predict."""
        return ("plain", "prompted") if self.has_prompt else ("plain",)

    def read(self, path: Path) -> Pixels:
        """Read a picture file as the run read its own: RGB, both sides resized to the image size; shape (3, S, S).

        Raises:
            EngineError: it is no picture, damaged, or not there; one line.
        """
        from vpns_engine.training.decode import BrokenPictureError, decode
        from vpns_engine.training.transforms import resized

        try:
            picture = decode(str(path))
        except BrokenPictureError as error:
            raise EngineError(f"{path.name}: {error}") from error
        found: Pixels = np.ascontiguousarray(resized(picture, self.image_size).numpy())
        return found

    def predict(self, images_N3SS: Pixels, prompted: bool = False) -> FloatArray:
        """Give the chances of the task's classes, shape (N, T): softmax over these classes only.

        Raises:
            EngineError: the images have another size, there is no prompt, or the network gives what are no numbers.
        """
        logits_NT = self.logits(images_N3SS, prompted)
        shifted_NT = np.exp(logits_NT - logits_NT.max(axis=1, keepdims=True))
        return np.asarray(shifted_NT / shifted_NT.sum(axis=1, keepdims=True), np.float32)

    def logits(self, images_N3SS: Pixels, prompted: bool = False) -> FloatArray:
        """Give the logits of the task's classes, shape (N, T).

        Raises:
            EngineError: see `predict`.
        """
        size = self.image_size
        if images_N3SS.dtype != np.uint8 or images_N3SS.shape[1:] != (3, size, size):
            raise EngineError(f"{self.name} takes images of {size} x {size} px, these are {images_N3SS.shape}")
        if prompted and self._added_3CC is None:
            raise EngineError(f"{self.name} has no prompt")
        view: View = "prompted" if prompted else "plain"
        inside = view in self._how.onnx and self._how.onnx[view][1] and self.network_file.endswith(".onnx")
        x_N3SS = images_N3SS.astype(np.float32) / np.float32(255)
        found = self._logits(x_N3SS if inside else self._seen(x_N3SS, prompted=prompted), view)
        if found.shape[1] != self._how.num_outputs:  # a state dict is held against it when it is loaded, ONNX is not
            raise EngineError(f"{self.network_file} gives {found.shape[1]} outputs, labels.json says {self._how.num_outputs}")
        logits_NT: FloatArray = found[:, list(self._how.outputs)]
        if not np.isfinite(logits_NT).all():
            raise EngineError(f"{self.name} gives what are no numbers: its weights are damaged")
        return logits_NT

    def _seen(self, x_N3SS: FloatArray, *, prompted: bool) -> FloatArray:
        """Give what the network gets, by torch's own arithmetic so that it is the run's to the last bit."""
        import torch

        x = torch.from_numpy(x_N3SS)
        if prompted:
            how, size = self._how, self.image_size
            right, bottom = how.canvas - size - how.left, how.canvas - size - how.top
            canvas = torch.nn.functional.pad(x, (how.left, right, how.top, bottom))
            x = (canvas + torch.from_numpy(np.array(self._added_3CC))).clamp(0, 1)
        mean, std = (torch.tensor(values, dtype=torch.float32).view(1, 3, 1, 1) for values in (self._how.mean, self._how.std))
        found: FloatArray = ((x - mean) / std).numpy()
        return found


def open_export(folder: Path) -> OpenedExport:
    """Open a folder that an export wrote.

    Raises:
        EngineError: it is no export, holds no network that can be opened, or is damaged; one line.
    """
    labels, settings = folder / "labels.json", folder / "preprocessing.json"
    if not labels.is_file() or not settings.is_file():
        raise EngineError(f"{folder} is no export: it has no labels.json and preprocessing.json")
    try:
        how = _how(read_json(labels), read_json(settings))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise EngineError(f"{folder.name} is damaged: labels.json or preprocessing.json: {error}") from error
    return OpenedExport(folder, how, _prompt(folder, how))


def _how(labels: Mapping[str, Any], settings: Mapping[str, Any]) -> _How:
    entries = labels["classes"]
    num_outputs = _whole(labels["num_outputs"], 1, _MOST_CLASSES)
    place = settings["image_on_canvas"]
    size = _whole(settings["image_size"], 1, _MOST_SIDE)
    canvas = _whole(settings["canvas"], size, _MOST_SIDE)
    if not isinstance(entries, list) or not 0 < len(entries) <= _MOST_CLASSES:
        raise ValueError("no list of classes")
    return _How(
        classes=tuple(str(entry["name"]) for entry in entries),
        # an export of an older version names the output by the source class alone
        outputs=tuple(_whole(entry.get("output", entry["source"]), 0, num_outputs - 1) for entry in entries),
        num_outputs=num_outputs,
        image_size=size,
        canvas=canvas,
        mean=_three(settings["mean"], -math.inf),
        std=_three(settings["std"], 0),
        left=_whole(place["left"], 0, canvas - size),
        top=_whole(place["top"], 0, canvas - size),
        onnx=dict(_onnx_views(settings.get("onnx", []))),
    )


def _onnx_views(files: list[Mapping[str, Any]]) -> list[tuple[View, tuple[str, bool]]]:
    found: list[tuple[View, tuple[str, bool]]] = []
    for file in files:
        name = str(file["file"])
        if Path(name).name != name or not name.endswith(".onnx"):
            raise ValueError(f"{name!r} names no ONNX file in the folder")
        for view in ("plain", "prompted"):
            if view in file["views"]:
                found.append((view, (name, file["input"] == "pixels")))
    return found


def _whole(value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{value!r:.40} is not a whole number from {least} to {most}")
    return value


def _three(values: list[float], above: float) -> tuple[float, ...]:
    found = tuple(float(value) for value in values)
    if len(found) != 3 or not all(math.isfinite(value) and value > above for value in found):
        raise ValueError(f"{values!r:.60} are not three numbers for three channels")
    return found


def _prompt(folder: Path, how: _How) -> FloatArray | None:
    path = folder / "prompt.safetensors"
    if not path.is_file():
        return None
    added = read_array(path, "added")
    if added.shape != (3, how.canvas, how.canvas) or added.dtype != np.float32 or not np.isfinite(added).all():
        raise EngineError(f"{folder.name} is damaged: prompt.safetensors is no prompt of {how.canvas} x {how.canvas} px")
    return added


def _network(folder: Path, how: _How, *, prompted: bool) -> tuple[str, Callable[[FloatArray, View], FloatArray]]:
    """Load the first network file there is."""
    for name in STATE_FILES:
        if (folder / name).is_file():
            return name, _state_network(folder, name, how)
    needed: tuple[View, ...] = ("plain", "prompted") if prompted else ("plain",)
    files = {view: folder / how.onnx[view][0] for view in needed if view in how.onnx}
    if len(files) == len(needed) and all(path.is_file() for path in files.values()):
        return files["plain"].name, _onnx_networks(files)
    if any(folder.glob("*.pth")):
        raise EngineError(f"{folder.name} holds only a checkpoint of the released code: open it as a checkpoint instead")
    raise EngineError(f"{folder.name} holds no network: an export with a state dict, a sparse file or ONNX can be opened")


def _state_network(folder: Path, name: str, how: _How) -> Callable[[FloatArray, View], FloatArray]:
    import torch

    from vpns_engine.export.weights import unmodified

    architecture = _architecture(folder)
    network = unmodified(architecture, how.num_outputs, _state(folder / name))

    def logits(x: FloatArray, _view: View) -> FloatArray:
        with torch.inference_mode():
            found: FloatArray = network(torch.from_numpy(x)).numpy()
        return found

    return logits


def _architecture(folder: Path) -> str:
    found = read_json(folder / "config.json")
    model = found.get("model") if isinstance(found, dict) else None
    name = model.get("architecture") if isinstance(model, dict) else None
    if not isinstance(name, str) or name not in catalogue():
        raise EngineError(
            f"{folder.name} is damaged: {why_not(name) if isinstance(name, str) else 'config.json names no network'}"
        )
    return name


def _state(path: Path) -> Mapping[str, npt.NDArray[Any]]:
    if path.suffix == ".pt":
        from vpns_engine.nn.models import read_state_dict

        return {name: value.numpy() for name, value in read_state_dict(path).items()}
    return read_sparse(path) if path.stem.endswith("_sparse") else read_arrays(path)


def _onnx_networks(files: Mapping[View, Path]) -> Callable[[FloatArray, View], FloatArray]:
    import torch

    from vpns_engine.export.onnx_file import OnnxNetwork

    make = partial(OnnxNetwork, threads=torch.get_num_threads())
    opened = {path: make(path) for path in dict.fromkeys(files.values())}
    return lambda x, view: opened[files[view]](x)
