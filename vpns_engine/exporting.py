"""Export in every format there is, the released code's among them. torch is imported when an export begins, not before."""

from pathlib import Path

from vpns_engine.export import ExportResult, export_run
from vpns_engine.export.progress import Cancelled, Progress, Report, never, silent
from vpns_engine.export.source import Source, Stage
from vpns_engine.specs.export import ExportSpec
from vpns_engine.store import RunStore


def export(
    store: RunStore,
    folder: Path,
    *,
    level: int | None = None,
    stage: Stage | None = None,
    spec: ExportSpec | None = None,
    report: Report = silent,
    cancelled: Cancelled = never,
) -> ExportResult:
    """Write a saved state of a run in the formats that are asked for; see `export_run`.

    Raises:
        ExportCancelled: it was called off.
        EngineError: nothing to export, a format has no place for it, the folder cannot be written, or what was written gives
            something else when it is read again. Nothing is left behind then.
    """
    return export_run(
        store, folder, level=level, stage=stage, spec=spec, report=report, cancelled=cancelled, released=_write_released
    )


def _write_released(source: Source, folder: Path, progress: Progress) -> str:
    from vpns_engine.official.write import write_into

    return write_into(source, folder, progress)
