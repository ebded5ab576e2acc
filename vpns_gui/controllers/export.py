"""Export of the open run, in a thread beside the window."""

import os
from functools import partial
from itertools import chain, count
from pathlib import Path
from threading import Event
from typing import cast

from pydantic import ValidationError
from PySide6.QtCore import QByteArray, QObject, Signal
from PySide6.QtWidgets import QWidget

from vpns_engine.export import ExportResult
from vpns_engine.export.onnx_extra import onnx_missing
from vpns_engine.export.sizes import Counted, count_state
from vpns_engine.export.source import Stage
from vpns_engine.exporting import export
from vpns_engine.files import expanded
from vpns_engine.history import RunHistory
from vpns_engine.saved_states import saved_name, tuning_of
from vpns_engine.specs.export import ExportFormat, ExportSpec
from vpns_engine.store import RunStore
from vpns_engine.words import sparsity_of
from vpns_gui.background import Background
from vpns_gui.dialogs.export import Choice, ExportDialog, Sizes, Wish
from vpns_gui.notices import Notices
from vpns_gui.preload import TorchImport
from vpns_gui.session import Session
from vpns_gui.settings import Settings

_KEPT = "export"


class ExportController(QObject):
    """Opens the export dialog and does what it asks for."""

    possible_changed = Signal(bool)
    """There is something to export, or nothing any more."""
    predict_requested = Signal(object)
    """Pictures are to be predicted with an export (Path)."""

    def __init__(self, session: Session, notices: Notices, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._session = session
        self._notices = notices
        self._window = window
        self._settings = settings
        self._dialog: ExportDialog | None = None
        self._wish: Wish | None = None
        self._counted: dict[tuple[int, str], Counted] = {}
        self._cancelled = Event()
        self._work = Background(self, matters=True)
        self._work.reported.connect(self._report)
        self._work.done.connect(self._finish)
        self._work.failed.connect(self._fail)
        self._counting = Background(self)
        self._counting.done.connect(self._take_counted)
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
        self._counted.clear()
        unavailable: dict[ExportFormat, str] = {"onnx": missing} if (missing := onnx_missing()) else {}
        dialog = self._dialog = ExportDialog(choices_of(store, history), self._remembered(), unavailable, self._window)
        dialog.export_requested.connect(partial(self._start, store))
        dialog.cancel_requested.connect(self._cancelled.set)
        dialog.predict_requested.connect(self.predict_requested)
        dialog.wish_changed.connect(partial(self._take_wish, store))
        dialog.finished.connect(self._forget)
        wish = dialog.wish
        self._take_wish(store, wish if isinstance(wish, Wish) else None)
        dialog.open()

    def _forget(self) -> None:
        self._counting.drop()
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None

    def _remembered(self) -> ExportSpec:
        """Give the choices of last time."""
        kept = self._settings.kept(_KEPT)
        try:
            return ExportSpec.model_validate_json(bytes(kept.data())) if kept is not None else ExportSpec()
        except ValidationError:  # of another version, or damaged: it was a convenience
            return ExportSpec()

    def _take_wish(self, store: RunStore, wish: Wish | None) -> None:
        """Count what would be written, beside the window."""
        self._wish = wish
        if wish is None:
            self._show_sizes(None)
        elif (found := self._counted.get(_key(wish))) is not None:
            self._show_sizes(found)
        else:
            self._show_sizes(None)
            self._counting.start(partial(_count, store, wish))

    def _take_counted(self, counted: tuple[tuple[int, str], Counted]) -> None:
        key, found = counted
        self._counted[key] = found
        if self._wish is not None and _key(self._wish) == key:
            self._show_sizes(found)

    def _show_sizes(self, found: Counted | None) -> None:
        if self._dialog is not None:
            spec = self._wish.spec if self._wish else None
            self._dialog.set_sizes(Sizes(found.sizes(spec), found.whole(spec)) if found and spec else None)

    def _start(self, store: RunStore, wish: Wish) -> None:
        self._settings.keep(_KEPT, QByteArray(wish.spec.model_dump_json().encode()))
        self._cancelled.clear()
        self._work.start(partial(_export, store, wish, self._work, self._cancelled))

    def _report(self, progress: tuple[str, float | None]) -> None:
        if self._dialog is not None:
            self._dialog.set_progress(*progress)

    def _finish(self, result: ExportResult) -> None:
        text = result_text(result)
        self._notices.say(text)
        if self._dialog is not None:
            self._dialog.set_done(result.folder, text, predicts=has_network(result))

    def _fail(self, text: str) -> None:
        self._notices.say(f"Not exported: {text}", "info" if self._cancelled.is_set() else "error")
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
            found[number, stage] = Choice(
                label,
                number,
                stage,
                plain,
                released,
                has_prompt=store.config.uses_prompt,
                has_own_head=store.config.mapping.kind == "head",
            )
    return list(found.values())


def free_folder(wanted: Path) -> Path:
    """Give a folder that is not there yet: the wanted one, or the first free of `_2`, `_3` and so on."""
    numbered = (wanted.with_name(f"{wanted.name}_{number}") for number in count(2))
    return next(path for path in chain((wanted,), numbered) if not os.path.lexists(path))


def result_text(result: ExportResult) -> str:
    """Say what was written and what the fresh process found."""
    scored = f"{result.num_kept:,} of {result.num_scored:,} scored weights"
    if result.files == (result.released, "DENSITY.txt"):
        said = [f"Written to {result.folder / result.released}: {scored} are kept."]
        said += ["Read back, it gives the same weights, mask and prompt."]
    else:
        said = [
            f"Exported to {result.folder}. Density recomputed from the written file: {result.density * 100:.4g} % ({scored})."
        ]
        said += _logits_words(result)
    if result.saving:
        said.append(result.saving.words())
    if result.released:
        density = f"{result.asked_density:.12g}"
        said.append(f"{result.released} does not say its density: whoever reads it has to know {density}.")
    return " ".join(said)


def has_network(result: ExportResult) -> bool:
    """Tell whether an export can predict."""
    return any(name.startswith("model") for name in result.files)


def _logits_words(result: ExportResult) -> list[str]:
    difference, onnx, said = result.max_logit_difference, result.max_onnx_difference, []
    if any(name in result.files for name in ("model.safetensors", "model.pt", "model_sparse.safetensors")):
        logits = "exactly the same logits" if difference == 0 else f"the same logits to {difference:.1g}"
        said.append(f"Read again in a fresh process, it gives {logits}.")
    if onnx is not None:
        said.append(f"ONNX Runtime gives the same logits to {onnx:.1g}.")
    return said or ["Read again in a fresh process, the masks are the same."]


def _key(wish: Wish) -> tuple[int, str]:
    return wish.choice.level, wish.choice.stage


def _count(store: RunStore, wish: Wish) -> tuple[tuple[int, str], Counted]:
    return _key(wish), count_state(store, level=wish.choice.level, stage=cast(Stage, wish.choice.stage))


def _export(store: RunStore, wish: Wish, work: Background, cancelled: Event) -> ExportResult:
    stage = cast(Stage, wish.choice.stage)
    with TorchImport():
        return export(
            store,
            expanded(wish.folder),
            level=wish.choice.level,
            stage=stage,
            spec=wish.spec,
            report=work.report,
            cancelled=cancelled.is_set,
        )
