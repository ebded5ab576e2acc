"""What a model hub wants of a folder: a card that begins with a table of facts, and nothing personal.

The front matter is YAML, of which every value here is written as JSON: that is YAML too, and quotes whatever needs it.
"""

import json
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from vpns_engine.catalogue import catalogue
from vpns_engine.export.source import Source
from vpns_engine.specs.data import DATASET_LABELS
from vpns_engine.specs.export import ExportSpec
from vpns_engine.specs.run import RunConfig
from vpns_engine.words import sparsity_of

ATTRIBUTES = "".join(
    f"*.{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in ("safetensors", "pt", "pth", "onnx", "data")
)
"""Which files git is to keep as large ones."""


def front_matter(source: Source, spec: ExportSpec, measured: dict[str, Any]) -> str:
    """Write the table that a model card begins with."""
    facts = {
        "license": spec.license,
        "library_name": "pytorch" if any(name in spec.files for name in ("safetensors", "pt", "sparse")) else "onnx",
        "pipeline_tag": "image-classification",
        "tags": _tags(source, spec),
        "base_model": spec.base_model or _base(source),
        "model-index": [{"name": _name(source), "results": _results(source, measured)}],
    }
    lines = [line for name, value in facts.items() if value for line in _yaml(name, value)]
    return "\n".join(["---", *lines, "---", "", ""])


def without_places(config: RunConfig) -> RunConfig:
    """Give the settings without this machine's folders: of each the last name stays."""
    data = config.data.model_copy(update={name: _last(getattr(config.data, name)) for name in ("folder", "root")})
    model = config.model.model_copy(update={"weights_file": _last(config.model.weights_file)})
    return config.model_copy(update={"data": data, "model": model, "start_from": _last(config.start_from)})


def _last(text: str) -> str:
    return PureWindowsPath(PurePosixPath(text).name).name if text else ""


def _name(source: Source) -> str:
    return f"{source.config.model.architecture}, {sparsity_of(source.phase.density)} sparse, {_dataset(source)}"


def _dataset(source: Source) -> str:
    return DATASET_LABELS[source.config.data.dataset]


def _tags(source: Source, spec: ExportSpec) -> list[str]:
    tags = ["vision", "image-classification", "pruning", "sparse", "unstructured-sparsity", source.config.method]
    return [*tags, *(["visual-prompting"] if source.prompt else []), *(["onnx"] if "onnx" in spec.files else [])]


def _base(source: Source) -> str:
    """Name torchvision's network where its weights were the start; it says what they are, and is no page of the hub."""
    config = source.config
    ours = not catalogue()[config.model.architecture].url
    return (
        "" if ours or config.model.weights != "pretrained" or config.start_from else f"torchvision/{config.model.architecture}"
    )


def _results(source: Source, measured: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what was measured on test images, else on validation images; nothing where nothing was."""
    split, values = ("test", measured["test"]) if measured["test"] else ("validation", measured["validation"])
    names = {"accuracy": "Accuracy, without the prompt", "accuracy_prompted": "Accuracy, with the prompt"}
    shown = {key: label for key, label in names.items() if key == "accuracy" or source.prompt}
    found = [
        {"type": "accuracy", "value": values[key], "name": f"{label} ({split} images)"}
        for key, label in shown.items()
        if values[key] is not None
    ]
    if not found:
        return []
    dataset = {"type": source.config.data.dataset, "name": _dataset(source), "split": split}
    return [{"task": {"type": "image-classification"}, "dataset": dataset, "metrics": found}]


def _yaml(name: str, value: object) -> list[str]:
    """Write a value below its name; lists of plain words one on a line, tables as JSON with the line breaks that help."""
    match value:
        case [str(), *_]:
            return [f"{name}:", *(f"- {json.dumps(item, ensure_ascii=False)}" for item in value)]
        case list():
            text = json.dumps(value, indent=2, ensure_ascii=False)
            return [f"{name}:", *(f"  {line}" for line in text.splitlines())]
        case _:
            return [f"{name}: {json.dumps(value, ensure_ascii=False)}"]
