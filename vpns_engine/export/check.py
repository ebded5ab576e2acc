"""The check of an export: read again in a fresh process, it must give the run's own logits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from vpns_engine.artifacts import FloatArray, pack
from vpns_engine.errors import EngineError
from vpns_engine.export import verify
from vpns_engine.export.child import run_child
from vpns_engine.export.onnx_parts import OnnxPart
from vpns_engine.export.progress import Progress
from vpns_engine.export.reference import reference_outputs
from vpns_engine.export.source import Source, entry_of
from vpns_engine.files import explained

RELATIVE_LIMIT = 1e-6
"""Largest allowed difference over the network's largest output. With the same threads it is 0 as a rule; a library that chooses
another kernel for another memory alignment, or for fewer outputs, may move the last bit, a wrong weight moves far more."""
ONNX_LIMIT = 1e-4
"""The same for ONNX files, which are computed by another program with kernels of its own."""


@dataclass(frozen=True)
class Files:
    """What there is to be read again."""

    states: Sequence[str] = ()
    onnx: Sequence[OnnxPart] = ()
    masks: bool = False


@dataclass(frozen=True)
class Check:
    """What the fresh process found. `nonzero` counts each scored layer's weights that are not 0 in the written file."""

    num_pictures: int
    threads: int
    max_difference: float
    """Of the state dicts' logits from the run's own."""
    nonzero: Mapping[str, int]
    max_onnx_difference: float | None = None
    """Of the ONNX files' logits; None without one."""

    @property
    def num_nonzero(self) -> int:
        """Scored weights that are not 0 in the written file."""
        return sum(self.nonzero.values())


def check_export(folder: Path, source: Source, files: Files, place: Path, progress: Progress) -> Check:
    """Re-read the files in `folder` and compare them with the run's state.

    Args:
        folder: the export.
        source: what was exported.
        files: what of it lies there.
        place: a folder for what passes between the two processes.
        progress: told how far it is.

    Raises:
        ExportCancelled: it is not wanted any more.
        EngineError: they cannot be read, or do not give the same logits, or hold a weight that the mask prunes.
    """
    computes = bool(files.states or files.onnx)
    progress("Computing the run's own logits", 0.0)
    expected = _expected(source.saved_as, progress) if computes else {}
    found = _ask(folder, source, files, place, progress.part(0.3, 1.0))
    if computes:
        _check_picture(found["picture"], source)
    if wrong := json.loads(str(found["wrong_masks"])) if files.masks else []:
        raise EngineError(f"the export holds another mask of {wrong[0]} than the run")
    nonzero = _nonzero(found, source, files.states)
    differences = [
        _difference(f"{name}, {view}", logits, found.get(f"{name}/{view}"), RELATIVE_LIMIT)
        for name in files.states
        for view, logits in expected.items()
    ]
    return Check(
        len(source.pictures),
        torch.get_num_threads(),
        max(differences, default=0.0),
        nonzero,
        _onnx_difference(expected, found, files.onnx),
    )


@dataclass(frozen=True)
class _Expected:
    """What the run's own network gives: the task's logits, and how large its outputs are."""

    logits: FloatArray
    largest: float


def _expected(saved: Source, progress: Progress) -> dict[str, _Expected]:
    return {
        view: _Expected(outputs[:, list(saved.info.mapping)], float(np.max(np.abs(outputs))))
        for view, outputs in reference_outputs(saved, progress.check).items()
    }


def _ask(folder: Path, source: Source, files: Files, place: Path, progress: Progress) -> dict[str, np.ndarray]:
    asked = {
        "states": list(files.states),
        "onnx": [asdict(part) for part in files.onnx],
        "masks": files.masks,
        "views": ["plain", "prompted"] if source.prompt else ["plain"],
        "entries": {layer: entry_of(layer, source.weights) for layer in source.masks},
        "threads": torch.get_num_threads(),
    }
    bits = {f"bits/{layer}": pack(mask) for layer, mask in source.masks.items()}
    with explained(place):
        np.savez(place / "request.npz", pictures=source.pictures, asked=np.array(json.dumps(asked)), **bits)  # type: ignore[arg-type]
    # -P: nothing of this package on the path
    words = ["-P", str(Path(verify.__file__)), str(folder), str(place)]
    run_child(words, place, place, progress, "the export cannot be read again")
    with np.load(place / "answer.npz") as file:
        return {name: file[name] for name in file.files}


def _check_picture(read: FloatArray, source: Source) -> None:
    expected = source.pictures[:1].astype(np.float32) / np.float32(255)
    if read.shape != expected.shape or not np.array_equal(read, expected):
        raise EngineError("the export's example reads a picture differently from the run")


def _nonzero(found: Mapping[str, np.ndarray], source: Source, states: Sequence[str]) -> dict[str, int]:
    """Hold what is not 0 in each state dict against the masks; give the counts."""
    counts = {
        layer: int(np.count_nonzero(mask & (source.weights[entry_of(layer, source.weights)] != 0)))
        for layer, mask in source.masks.items()
    }
    for name in states:
        for layer, (nonzero, outside) in json.loads(str(found[f"{name}/layers"])).items():
            if outside:
                raise EngineError(f"the export holds weights of {layer} that the mask prunes ({name})")
            if nonzero != counts[layer]:
                raise EngineError(f"the export holds {nonzero} weights of {layer}, the run {counts[layer]} ({name})")
    return counts


def _onnx_difference(
    expected: Mapping[str, _Expected], found: Mapping[str, FloatArray], parts: Sequence[OnnxPart]
) -> float | None:
    differences = []
    for part in parts:
        for view in part.views:
            name = f"{part.file}/{view}"
            differences.append(_difference(f"{part.file}, {view}", expected[view], found.get(name), ONNX_LIMIT))
            one = found.get(f"{name}/one")
            first = _Expected(expected[view].logits[:1], expected[view].largest)
            differences.append(_difference(f"{part.file}, {view}, one picture", first, one, ONNX_LIMIT))
    return max(differences, default=None)


def _difference(name: str, expected: _Expected, found: FloatArray | None, limit: float) -> float:
    if found is None or found.shape != expected.logits.shape:
        raise EngineError(f"the export gives no logits for {name}")
    difference = float(np.max(np.abs(expected.logits - found)))
    # written so that NaN fails too
    if not difference <= limit * expected.largest:
        raise EngineError(f"the export gives other logits than the run ({name}): they differ by up to {difference:.3g}")
    return difference
