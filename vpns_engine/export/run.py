"""Export one saved state of a run. torch is imported when an export begins, not before."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vpns_engine.export.place import appearing
from vpns_engine.export.source import Source, Stage, read_source
from vpns_engine.store import RunStore

Report = Callable[[str, float | None], None]


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


def silent(_text: str, _done: float | None) -> None:
    """Take a report and tell nobody."""


def export_run(
    store: RunStore, folder: Path, *, level: int | None = None, stage: Stage | None = None, report: Report = silent
) -> ExportResult:
    """Write a run's pruned network for plain PyTorch, re-read it in a fresh process, and only then show the folder.

    Args:
        store: the run.
        folder: where to write; it must not exist or be empty.
        level: which density, from 0; the last saved one by default.
        stage: `finetune` for the tuned network, `search` for the mask found, untuned; the level's last by default.
        report: is told in words, and as a share from 0 to 1, how far the export is.

    Raises:
        EngineError: nothing to export, the folder cannot be written, or the re-read network gives other logits. Nothing is
            left behind then.
    """
    with appearing(folder) as hidden:
        report("Reading the saved state", 0.0)
        source = read_source(store, level=level, stage=stage)
        return _write(source, hidden, folder, report)


def _write(source: Source, hidden: Path, folder: Path, report: Report) -> ExportResult:
    from vpns_engine.export.check import check_export
    from vpns_engine.export.contents import write_arrays_and_code, write_findings

    report("Writing weights, masks and prompt", 0.1)
    scale = write_arrays_and_code(source, hidden)
    report("Re-reading the export in a fresh process", 0.5)
    check = check_export(hidden, source)
    report("Writing metrics and model card", 0.95)
    write_findings(source, check, scale, hidden)
    return ExportResult(
        folder=folder.absolute(),
        density=check.num_nonzero / source.num_scored,
        num_kept=source.num_kept,
        num_scored=source.num_scored,
        files=tuple(sorted(path.name for path in hidden.iterdir())),
        max_logit_difference=check.max_difference,
    )
