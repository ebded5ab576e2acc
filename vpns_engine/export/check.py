"""The check of an export: read again in a fresh process, it must give the run's own logits."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from vpns_engine.artifacts import FloatArray
from vpns_engine.errors import EngineError
from vpns_engine.export import verify
from vpns_engine.export.reference import reference_logits
from vpns_engine.export.source import Source

RELATIVE_LIMIT = 1e-6
"""Largest allowed difference over the largest logit. With the same threads it is 0 as a rule; a library that chooses another
kernel for another memory alignment may move the last bit, a wrong weight moves far more."""

_SECONDS = 1800
_NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows opens a console otherwise


@dataclass(frozen=True)
class Check:
    """What the fresh process found. `nonzero` counts each scored layer's weights that are not 0 in the written file."""

    num_pictures: int
    threads: int
    max_difference: float
    nonzero: Mapping[str, int]

    @property
    def num_nonzero(self) -> int:
        """Scored weights that are not 0 in the written file."""
        return sum(self.nonzero.values())


def check_export(folder: Path, source: Source) -> Check:
    """Re-read the files in `folder` and compare them with the run's state.

    Raises:
        EngineError: they cannot be read, or do not give the same logits, or hold a weight that the mask prunes.
    """
    threads = torch.get_num_threads()
    expected = reference_logits(source)
    found = _ask(folder, source, threads)
    _check_picture(found["picture"], source)
    layers: dict[str, tuple[int, int]] = json.loads(str(found["layers"]))
    _check_layers(layers, source)
    differences = [
        _difference(f"{name}, {view}", logits, found.get(f"{name}/{view}"))
        for name in verify.FILES
        for view, logits in expected.items()
    ]
    return Check(len(source.pictures), threads, max(differences), {layer: count for layer, (count, _) in layers.items()})


def _ask(folder: Path, source: Source, threads: int) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory(prefix="vpns-export-") as place:
        request, answer = Path(place) / "request.npz", Path(place) / "answer.npz"
        np.savez(request, pictures=source.pictures, threads=np.int64(threads))
        # -B: no byte code beside the example; -P: nothing of this package on the path
        command = [sys.executable, "-B", "-P", str(Path(verify.__file__)), str(folder), str(request), str(answer)]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                cwd=place,
                check=False,
                creationflags=_NO_WINDOW,
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"the export could not be read again within {_SECONDS} s") from error
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise EngineError(f"the export cannot be read again: {last}")
        with np.load(answer) as file:
            return {name: file[name] for name in file.files}


def _check_picture(read: FloatArray, source: Source) -> None:
    expected = source.pictures[:1].astype(np.float32) / np.float32(255)
    if read.shape != expected.shape or not np.array_equal(read, expected):
        raise EngineError("the export's example reads a picture differently from the run")


def _check_layers(layers: Mapping[str, tuple[int, int]], source: Source) -> None:
    if layers.keys() != source.masks.keys():
        raise EngineError("the export holds masks of other layers than the run")
    for layer, (nonzero, outside) in layers.items():
        if outside or nonzero > int(np.count_nonzero(source.masks[layer])):
            raise EngineError(f"the export holds weights of {layer} that the mask prunes")


def _difference(name: str, expected: FloatArray, found: FloatArray | None) -> float:
    if found is None or found.shape != expected.shape:
        raise EngineError(f"the export gives no logits for {name}")
    difference = float(np.max(np.abs(expected - found)))
    # written so that NaN fails too
    if not difference <= RELATIVE_LIMIT * float(np.max(np.abs(expected))):
        raise EngineError(f"the export gives other logits than the run ({name}): they differ by up to {difference:.3g}")
    return difference
