"""What lies in an export's folder, and in which order it is written."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.numpy import save

from vpns_engine.artifacts import pack
from vpns_engine.export.card import card_text
from vpns_engine.export.check import Check, Files
from vpns_engine.export.code import code_of, example_text, onnx_example_text
from vpns_engine.export.documents import labels, metrics, preprocessing
from vpns_engine.export.hub import ATTRIBUTES, without_places
from vpns_engine.export.onnx_parts import OnnxPart, onnx_parts, write_onnx_files
from vpns_engine.export.picture import PictureScale, write_picture
from vpns_engine.export.progress import Progress
from vpns_engine.export.saving import Saving
from vpns_engine.export.source import Source
from vpns_engine.export.weights import write_weights
from vpns_engine.specs.export import ExportSpec

_STATE_FILES = {"safetensors": "model.safetensors", "pt": "model.pt", "sparse": "model_sparse.safetensors"}


@dataclass(frozen=True)
class Contents:
    """What was written before the check, and what was found then."""

    spec: ExportSpec
    files: Files
    scale: PictureScale | None
    """How to read the prompt's picture; None without a prompt."""
    saving: Saving | None = None
    released: str = ""
    """Name of the released code's checkpoint."""


def files_of(source: Source, spec: ExportSpec) -> Files:
    """Say which files are read again by the check."""
    states = tuple(_STATE_FILES[name] for name in spec.files if name in _STATE_FILES)
    onnx: tuple[OnnxPart, ...] = onnx_parts(source, spec.onnx_input) if "onnx" in spec.files else ()
    return Files(states, onnx, "masks" in spec.files)


def write_arrays_and_code(
    source: Source, folder: Path, spec: ExportSpec | None = None, progress: Progress | None = None, place: Path | None = None
) -> Contents:
    """Write everything the examples need.

    Args:
        source: what is exported.
        folder: where the files go.
        spec: which formats; the usual ones by default.
        progress: told how far it is.
        place: a folder for what other processes are given; only needed for ONNX.

    Raises:
        ExportCancelled: it is not wanted any more.
        EngineError: the weights are not those of the architecture, or torch cannot write them as ONNX.
        OSError: it cannot be written.
    """
    spec, progress = spec or ExportSpec(), progress or Progress()
    files = files_of(source, spec)
    write_weights(source, folder, spec.files, progress.part(0.0, 0.4))
    if files.masks:
        _write_masks(source, folder)
    write_json(folder / "labels.json", labels(source))
    write_json(folder / "preprocessing.json", preprocessing(source, files.onnx))
    config = without_places(source.config) if "hub" in spec.files else source.config
    write_text(folder / "config.json", config.model_dump_json(indent=2) + "\n")
    _write_code(source, folder, files.states, files.onnx)
    if "hub" in spec.files:
        write_text(folder / ".gitattributes", ATTRIBUTES)
    scale = None
    if source.prompt:
        (folder / "prompt.safetensors").write_bytes(save(dict(source.prompt)))
        scale = write_picture(source.prompt["added"], folder / "prompt.png")
    if files.onnx:
        assert place is not None
        write_onnx_files(source, folder, spec.onnx_input, place, progress.part(0.4, 1.0))
    return Contents(spec, files, scale)


def write_findings(source: Source, check: Check, contents: Contents, folder: Path) -> None:
    """Write what needs the check's result: metrics and model card."""
    measured = metrics(source, check, has_states=bool(contents.files.states), saving=contents.saving)
    write_json(folder / "metrics.json", measured)
    write_text(folder / "README.md", card_text(source, check, contents, measured))


def _write_masks(source: Source, folder: Path) -> None:
    shapes = {layer: list(mask.shape) for layer, mask in source.masks.items()}
    bits = {layer: pack(mask) for layer, mask in source.masks.items()}
    (folder / "masks.safetensors").write_bytes(save(bits, metadata={"vpns": json.dumps({"shapes": shapes})}))


def _write_code(source: Source, folder: Path, states: Sequence[str], onnx: Sequence[OnnxPart]) -> None:
    architecture, prompted = source.config.model.architecture, bool(source.prompt)
    if onnx:
        inside = onnx[0].input == "pixels"
        write_text(folder / "example_onnx.py", onnx_example_text(prompted=prompted, inside=inside))
    if not states:
        return
    num_outputs = len(source.started.source_classes)
    write_text(folder / "example.py", example_text(architecture, num_outputs=num_outputs, prompted=prompted, states=states))
    if own := code_of(architecture).own_file:
        shutil.copyfile(own, folder / own.name)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a small JSON file."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file, the same on every system."""
    path.write_text(text, encoding="utf-8", newline="\n")
