"""Export one saved state of a run. torch is imported when an export begins, not before."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vpns_engine.errors import EngineError
from vpns_engine.export.onnx_extra import onnx_missing
from vpns_engine.export.place import appearing
from vpns_engine.export.progress import Cancelled, Progress, Report, never, silent
from vpns_engine.export.source import Source, Stage, read_source
from vpns_engine.specs.export import ExportSpec
from vpns_engine.store import RunStore

if TYPE_CHECKING:
    from vpns_engine.export.saving import Saving

__all__ = ["ExportResult", "Report", "export_run", "silent"]

Released = Callable[[Source, Path, Progress], str]
"""Writes and checks a checkpoint of the released code in a folder, and gives the file's name."""


@dataclass(frozen=True)
class ExportResult:
    """A finished export.

    `density` is recomputed from the written file (scored weights that are not 0), `num_kept` counts the mask's bits; they
    differ where a kept weight happens to be exactly 0. `max_logit_difference` is what the fresh process found, 0 as a rule.
    """

    folder: Path
    density: float
    num_kept: int
    num_scored: int
    files: tuple[str, ...]
    max_logit_difference: float
    max_onnx_difference: float | None = None
    """Of the ONNX files' logits; None without one."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes of each file."""
    saving: "Saving | None" = None
    """What the sparse file saves; None without one."""
    released: str = ""
    """Name of the released code's checkpoint; its reader needs `asked_density`, which does not stand in the file."""
    asked_density: float = 0.0


def export_run(
    store: RunStore,
    folder: Path,
    *,
    level: int | None = None,
    stage: Stage | None = None,
    spec: ExportSpec | None = None,
    report: Report = silent,
    cancelled: Cancelled = never,
    released: Released | None = None,
) -> ExportResult:
    """Write a run's pruned network in the formats that are asked for, re-read each, and only then show the folder.

    Args:
        store: the run.
        folder: where to write; it must not exist or be empty.
        level: which density, from 0; the last saved one by default.
        stage: `finetune` for the tuned network, `search` for the mask found, untuned; the level's last by default.
        spec: what is wanted; a plain state dict and the masks by default.
        report: is told in words, and as a share from 0 to 1, how far the export is.
        cancelled: asked often; once it says so, the export ends within a second or a batch.
        released: writes the released code's checkpoint, where that is asked for.

    Raises:
        ExportCancelled: it was called off.
        EngineError: nothing to export, the folder cannot be written, or the re-read network gives other logits. Nothing is
            left behind then.
    """
    spec, progress = spec or ExportSpec(), Progress(report, cancelled)
    if "onnx" in spec.files and (missing := onnx_missing()):
        raise EngineError(missing)
    with appearing(folder) as hidden, tempfile.TemporaryDirectory(prefix="vpns-export-") as place:
        progress("Reading the saved state", 0.0)
        source = read_source(store, level=level, stage=stage)
        name = _write_released(source, spec, hidden, released, progress)
        result = _write(source, spec, hidden, Path(place), name, progress)
        progress("Making it appear", 1.0)
    return replace(result, folder=folder.absolute())


def _write_released(source: Source, spec: ExportSpec, hidden: Path, released: Released | None, progress: Progress) -> str:
    if "released" not in spec.formats:
        return ""
    if released is None:
        raise ValueError("nobody was given who writes the released code's checkpoint")
    return released(source, hidden, progress.part(0.05, 0.95 if spec.released_only else 0.3))


def _write(source: Source, spec: ExportSpec, hidden: Path, place: Path, name: str, progress: Progress) -> ExportResult:
    if spec.released_only:
        return _result(source, hidden, source.num_kept, 0.0, released=name)
    from vpns_engine.export.check import check_export
    from vpns_engine.export.contents import write_arrays_and_code, write_findings
    from vpns_engine.export.head import own_head
    from vpns_engine.export.saving import saving_of

    taken = source if spec.prompt else replace(source, prompt={})
    if spec.head == "own":
        taken = own_head(taken)
    first = 0.3 if name else 0.1
    contents = write_arrays_and_code(taken, hidden, spec, progress.part(first, 0.6), place)
    contents = replace(contents, released=name)
    if "sparse" in spec.files:
        progress("Counting what the sparse file saves", 0.6)
        contents = replace(contents, saving=saving_of(taken, hidden / "model_sparse.safetensors", progress.check))
    check = check_export(hidden, taken, contents.files, place, progress.part(0.65, 0.95))
    progress("Writing metrics and model card", 0.95)
    write_findings(taken, check, contents, hidden)
    result = _result(taken, hidden, check.num_nonzero, check.max_difference, released=name)
    return replace(result, max_onnx_difference=check.max_onnx_difference, saving=contents.saving)


def _result(source: Source, hidden: Path, num_nonzero: int, difference: float, *, released: str) -> ExportResult:
    paths = sorted(hidden.iterdir())
    return ExportResult(
        folder=hidden,
        density=num_nonzero / source.num_scored,
        num_kept=source.num_kept,
        num_scored=source.num_scored,
        files=tuple(path.name for path in paths),
        max_logit_difference=difference,
        sizes={path.name: path.stat().st_size for path in paths},
        released=released,
        asked_density=source.phase.density,
    )
