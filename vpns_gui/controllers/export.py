"""Export of the open run, in a thread beside the window."""

import os
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from vpns_engine.export import ExportResult, export_run
from vpns_engine.export.source import Stage
from vpns_engine.files import expanded
from vpns_engine.history import RunHistory
from vpns_engine.saved_states import saved_name, tuning_of
from vpns_engine.store import RunStore
from vpns_engine.words import sparsity_of
from vpns_gui.background import Background
from vpns_gui.dialogs.export import RELEASED, Choice, ExportDialog, Wish
from vpns_gui.notices import Notices
from vpns_gui.preload import TorchImport
from vpns_gui.session import Session

if TYPE_CHECKING:
    from vpns_engine.official.write import Written


class ExportController(QObject):
    """Opens the export dialog and does what it asks for."""

    possible_changed = Signal(bool)
    """There is something to export, or nothing any more."""

    def __init__(self, session: Session, notices: Notices, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._notices = notices
        self._window = window
        self._dialog: ExportDialog | None = None
        self._work = Background(self, matters=True)
        self._work.reported.connect(self._report)
        self._work.done.connect(self._finish)
        self._work.failed.connect(self._fail)
        for changed in (session.run_changed, session.told, session.live_changed):
            changed.connect(self._update)

    @property
    def possible(self) -> bool:
        """Tell whether the open run has a saved state and does not work on another in this window."""
        history = self._session.history
        return not self._session.live and history is not None and any(level.saved for level in history.levels.values())

    def _update(self) -> None:
        self.possible_changed.emit(self.possible)

    def open(self) -> None:
        """Ask what to export, and where to."""
        history, store = self._session.history, self._session.store
        if history is None or store is None or not self.possible or self._dialog is not None:
            return
        self._dialog = ExportDialog(choices_of(store, history), self._window)
        self._dialog.export_requested.connect(partial(self._start, store))
        self._dialog.finished.connect(self._forget)
        self._dialog.open()

    def _forget(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None

    def _start(self, store: RunStore, wish: Wish) -> None:
        self._work.start(partial(_export, store, wish, self._work))

    def _report(self, progress: tuple[str, float | None]) -> None:
        if self._dialog is not None:
            self._dialog.set_progress(*progress)

    def _finish(self, result: "ExportResult | Written") -> None:
        text = result_text(result) if isinstance(result, ExportResult) else written_text(result)
        self._notices.say(text)
        if self._dialog is not None:
            self._dialog.set_done(result.folder if isinstance(result, ExportResult) else result.path.parent, text)

    def _fail(self, text: str) -> None:
        self._notices.say(f"Not exported: {text}", "error")
        if self._dialog is not None:
            self._dialog.set_failed(text)


def choices_of(store: RunStore, history: RunHistory) -> list[Choice]:
    """List the saved states of a run, each with folders inside the run folder proposed for it."""
    found: dict[tuple[int, str], Choice] = {}
    for number in sorted(history.levels):
        level = history.levels[number]
        for saved in level.saved:
            tuned = history.phases[saved.phase].info.kind == "finetune"
            stage = "finetune" if tuned else "search"
            name = f"density_{level.density:g}_{tuning_of(history, saved)}"
            label = f"{sparsity_of(level.density)} sparsity: {saved_name(history, saved)}"
            plain, released = (free_folder(store.folder / "exports" / (name + ending)) for ending in ("", "_released"))
            found[number, stage] = Choice(label, number, stage, plain, released)
    return list(found.values())


def free_folder(wanted: Path) -> Path:
    """Give a folder that is not there yet: the wanted one, or the first free of `_2`, `_3` and so on."""
    numbered = (wanted.with_name(f"{wanted.name}_{number}") for number in count(2))
    return next(path for path in chain((wanted,), numbered) if not os.path.lexists(path))


def result_text(result: ExportResult) -> str:
    """Say what was written and what the fresh process found."""
    logits = (
        "gives exactly the same logits"
        if result.max_logit_difference == 0
        else f"gives the same logits to {result.max_logit_difference:.1g}"
    )
    return (
        f"Exported to {result.folder}. Density recomputed from the written file: {result.density * 100:.4g} % "
        f"({result.num_kept:,} of {result.num_scored:,} scored weights). Read again in a fresh process, it {logits}."
    )


def written_text(written: "Written") -> str:
    """Say what was written, and what its reader has to know."""
    return (
        f"Written to {written.path}: {written.num_kept:,} of {written.num_scored:,} scored weights are kept. Read back, it "
        "gives the same weights, mask and prompt. The file does not say its density: whoever reads it has to know "
        f"{written.density:.12g}."
    )


def _export(store: RunStore, wish: Wish, work: Background) -> "ExportResult | Written":
    stage = cast(Stage, wish.choice.stage)
    with TorchImport():
        if wish.format == RELEASED:
            from vpns_engine.official.write import write_checkpoint

            return write_checkpoint(store, expanded(wish.folder), level=wish.choice.level, stage=stage, report=work.report)
        return export_run(store, expanded(wish.folder), level=wish.choice.level, stage=stage, report=work.report)
