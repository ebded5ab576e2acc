"""Which ONNX files an export has, what each takes, and the request to the process that writes them."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from vpns_engine.artifacts import system_errors
from vpns_engine.export.child import run_child
from vpns_engine.export.progress import Progress
from vpns_engine.export.source import Source
from vpns_engine.export.weights import folded_state
from vpns_engine.files import explained
from vpns_engine.nn.normalization import normalization_of
from vpns_engine.nn.prompts import margins
from vpns_engine.specs.export import OnnxInput

STATE, PROMPT, REQUEST = "state.safetensors", "prompt.safetensors", "request.json"


@dataclass(frozen=True)
class OnnxPart:
    """One file."""

    file: str
    views: tuple[str, ...]
    """`plain`, `prompted`, or both."""
    input: OnnxInput
    size: int
    """Side of what it takes, px."""


def onnx_parts(source: Source, wanted: OnnxInput) -> tuple[OnnxPart, ...]:
    """Say which files there are: one for each view, or one for both where they take the same."""
    size, canvas = source.config.data.image_size, source.config.effective_prompt.canvas
    if not source.prompt:
        return (OnnxPart("model.onnx", ("plain",), wanted, size),)
    if wanted == "normalised" and size == canvas:
        return (OnnxPart("model.onnx", ("plain", "prompted"), wanted, size),)
    sizes = {"plain": size, "prompted": size if wanted == "pixels" else canvas}
    return tuple(OnnxPart(f"model_{view}.onnx", (view,), wanted, side) for view, side in sizes.items())


def write_onnx_files(source: Source, folder: Path, wanted: OnnxInput, place: Path, progress: Progress) -> None:
    """Write them in a process of its own, which can be ended at any moment.

    Args:
        source: what is exported.
        folder: where the files go.
        wanted: what they take.
        place: a folder for what the process is given.
        progress: told what it says.

    Raises:
        ExportCancelled: it is not wanted any more.
        EngineError: torch cannot write this network as ONNX, the extra is not installed, or a file cannot be written.
    """
    with explained(place), system_errors():
        save_file(folded_state(source), place / STATE)
        if source.prompt:
            save_file({"added": torch.from_numpy(source.prompt["added"].copy())}, place / PROMPT)
        (place / REQUEST).write_text(json.dumps(_request(source, folder, wanted)), encoding="utf-8")
    words = ["-m", "vpns_engine.export.onnx_child", str(place)]
    # the process finds this very package, wherever it stands
    run_child(words, place, Path(sys.modules["vpns_engine"].__path__[0]).parent, progress, "the ONNX file could not be written")


def _request(source: Source, folder: Path, wanted: OnnxInput) -> dict[str, Any]:
    config = source.config
    numbers = normalization_of(config.model.architecture)
    left, right = margins(config.effective_prompt.canvas, config.data.image_size)
    return {
        "folder": str(folder),
        "architecture": config.model.architecture,
        "num_outputs": len(source.started.source_classes),
        "mean": numbers.mean,
        "std": numbers.std,
        "left": left,
        "right": right,
        "threads": torch.get_num_threads(),
        "parts": [asdict(part) for part in onnx_parts(source, wanted)],
    }
