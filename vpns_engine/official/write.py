"""Writes a saved state as a checkpoint of the released code; a fresh process reads it back before it counts."""

import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vpns_engine.artifacts import pack
from vpns_engine.errors import EngineError
from vpns_engine.export.place import appearing
from vpns_engine.export.progress import Progress, Report, silent
from vpns_engine.export.source import Source, Stage, read_source
from vpns_engine.files import expanded
from vpns_engine.nn.fingerprint import weights_sha256
from vpns_engine.nn.models import load_pretrained
from vpns_engine.official.content import content_of
from vpns_engine.official.outgoing import check_writable, outgoing_of
from vpns_engine.official.reread import digest, reread
from vpns_engine.store import RunStore
from vpns_engine.training.loading import pretrained_of_state

_NAMES = {"search": "prune", "finetune": "best"}


@dataclass(frozen=True)
class Written:
    """A finished checkpoint. Its reader needs the density: it does not stand in the file."""

    path: Path
    density: float
    num_kept: int
    num_scored: int


def write_checkpoint(
    store: RunStore, folder: Path, *, level: int | None = None, stage: Stage | None = None, report: Report = silent
) -> Written:
    """Write a saved state of a run in the released code's format.

    Args:
        store: the run.
        folder: where to write; it must not exist or be empty.
        level: which density, from 0; the last saved one by default.
        stage: `finetune` for the tuned network (`best`), `search` for the mask found, untuned (`prune`); the level's last by
            default.
        report: is told in words how far it is.

    Raises:
        EngineError: nothing to write, the format has no place for it, or what was written does not read back. Nothing is left
            behind then.
    """
    with appearing(folder) as hidden:
        report("Reading the saved state", 0.0)
        source = read_source(store, level=level, stage=stage)
        name = write_into(source, hidden, Progress(report, first=0.05))
    return Written(folder.absolute() / name, source.phase.density, source.num_kept, source.num_scored)


def write_into(source: Source, folder: Path, progress: Progress) -> str:
    """Write the checkpoint and the file that says its density into a folder, read it back, and give its name.

    Raises:
        ExportCancelled: it is not wanted any more.
        EngineError: the format has no place for it, or what was written does not read back.
        OSError: it cannot be written.
    """
    check_writable(source)
    progress("Reading the weights the run started from", 0.2)
    initial = _initial(source, progress)
    progress("Writing the checkpoint", 0.4)
    name = f"{source.saved.level + 1}{_NAMES[source.stage]}.pth"
    buffer = io.BytesIO()  # through memory: torch's own writer hides the reason when a disk is full
    torch.save(content_of(outgoing_of(source, initial)), buffer)
    (folder / name).write_bytes(buffer.getbuffer())
    progress("Reading the checkpoint back", 0.7)
    _check(source, folder / name, progress.part(0.7, 0.98))
    (folder / "DENSITY.txt").write_text(f"{name}: density {source.phase.density:.12g}\n", encoding="utf-8")
    return name


def _initial(source: Source, progress: Progress) -> Mapping[str, Tensor]:
    """Give the weights the run started from."""
    config = source.config

    def report(text: str, done: float | None) -> None:
        progress(text, 0.2 + 0.2 * (done or 0.0))

    with torch.random.fork_rng(devices=[]):  # a run in another thread keeps its random numbers
        if config.start_from:
            found = pretrained_of_state(config.model.architecture, expanded(config.start_from))
        else:
            found = load_pretrained(config.model, config.seed, report)
    if weights_sha256(found.module) != source.started.weights_sha256:
        raise EngineError("the weights this run started from have changed meanwhile: a checkpoint must hold them")
    return found.module.state_dict()


def _check(source: Source, path: Path, progress: Progress) -> None:
    """Hold what a fresh process reads against the run's state."""
    architecture, num_classes = source.config.model.architecture, len(source.started.source_classes)
    with tempfile.TemporaryDirectory(prefix="vpns-export-") as place:
        found = reread(path, architecture, num_classes, source.phase.density, Path(place), progress)
    differing = [layer for layer, mask in source.masks.items() if found.get(f"masks/{layer}") != digest(pack(mask))]
    if differing:
        raise EngineError(f"the checkpoint gives another mask than the run (layer {differing[0]}): it was not kept")
    for name, value in source.weights.items():
        if found.get(f"weights/{name}") != digest(value):
            raise EngineError(f"the checkpoint holds other weights than the run ({name}): it was not kept")
    if found["mapping"] != digest(np.array(source.info.mapping, np.int64)):
        raise EngineError("the checkpoint holds another label mapping than the run: it was not kept")
    if source.prompt and found["prompt"] != digest(source.prompt["delta"].astype(np.float32, copy=False)):
        raise EngineError("the checkpoint holds another prompt than the run: it was not kept")
