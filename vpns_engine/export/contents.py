"""What lies in an export's folder, and in which order it is written."""

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors.numpy import save

from vpns_engine.artifacts import pack
from vpns_engine.export.card import card_text
from vpns_engine.export.check import Check
from vpns_engine.export.code import code_of, example_text
from vpns_engine.export.documents import labels, metrics, preprocessing
from vpns_engine.export.picture import PictureScale, write_picture
from vpns_engine.export.source import Source
from vpns_engine.export.weights import write_weights


def write_arrays_and_code(source: Source, folder: Path) -> PictureScale | None:
    """Write everything the loader example needs; give the scale of the prompt's picture, None without a prompt.

    Raises:
        EngineError: the weights are not those of the architecture.
        OSError: it cannot be written.
    """
    write_weights(source, folder)
    shapes = {layer: list(mask.shape) for layer, mask in source.masks.items()}
    bits = {layer: pack(mask) for layer, mask in source.masks.items()}
    (folder / "masks.safetensors").write_bytes(save(bits, metadata={"vpns": json.dumps({"shapes": shapes})}))
    _write_json(folder / "labels.json", labels(source))
    _write_json(folder / "preprocessing.json", preprocessing(source))
    _write_text(folder / "config.json", source.config.model_dump_json(indent=2) + "\n")
    _write_code(source, folder)
    if not source.prompt:
        return None
    (folder / "prompt.safetensors").write_bytes(save(dict(source.prompt)))
    return write_picture(source.prompt["added"], folder / "prompt.png")


def write_findings(source: Source, check: Check, scale: PictureScale | None, folder: Path) -> None:
    """Write what needs the check's result: metrics and model card."""
    measured = metrics(source, check)
    _write_json(folder / "metrics.json", measured)
    _write_text(folder / "README.md", card_text(source, check, scale, measured))


def _write_code(source: Source, folder: Path) -> None:
    architecture = source.config.model.architecture
    num_source = len(source.started.source_classes)
    text = example_text(architecture, num_source=num_source, prompted=bool(source.prompt))
    _write_text(folder / "example.py", text)
    if own := code_of(architecture).own_file:
        shutil.copyfile(own, folder / own.name)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    _write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
