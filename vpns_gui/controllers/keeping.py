"""How long what runs leave behind is kept, and clearing runs of what is asked for."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from vpns_engine.errors import EngineError
from vpns_engine.keeping import CLEARABLE, Keeping, Kind, clear, keeping_of, read_keeping, usage_of, write_keeping
from vpns_engine.specs.fields import words_of
from vpns_engine.words import size_text
from vpns_gui.background import Background
from vpns_gui.dialogs.clearing import Clearable, ClearingDialog
from vpns_gui.dialogs.keeping import KeepingChoice, KeepingDialog, KeepingWords
from vpns_gui.notices import Notices

_LABELS: dict[Kind, tuple[str, str]] = {
    "checkpoints": ("Checkpoints", "A run that is not finished then goes on from the start of a level, or from its beginning."),
    "epochs": ("Prompts and masks of each epoch", "The Prompt and Masks tabs then show the saved states only."),
    "states": ("Saved states", "Nothing is left then to look at, to export, or to tune further."),
    "exports": ("Exports inside the run folder", "They can be written again from the saved states."),
}


class KeepingController(QObject):
    """Opens the two dialogs and does what they ask for."""

    changed = Signal(object)
    """The settings are others (Keeping)."""
    cleared = Signal(object)
    """Something of these runs is gone (tuple of folders)."""

    def __init__(self, notices: Notices, window: QWidget) -> None:
        super().__init__(window)
        self._notices, self._window = notices, window
        self._counter = Background(self)
        self._remover = Background(self, matters=True)
        self._dialog: ClearingDialog | None = None
        self._folders: tuple[Path, ...] = ()
        self._counter.done.connect(self._ask)
        self._remover.done.connect(self._tell)
        self._remover.failed.connect(self._fail)

    def open(self) -> None:
        """Ask for the settings."""
        keeping = read_keeping(partial(self._notices.say, severity="warning"))
        choice = KeepingChoice(keeping.checkpoint_minutes, keeping.finished_checkpoints, keeping.epoch_artifacts)
        dialog = KeepingDialog(choice, _words(), self._window)
        dialog.chosen.connect(partial(self._set, dialog))
        dialog.open()

    def _set(self, dialog: KeepingDialog, choice: KeepingChoice) -> None:
        values = {
            "checkpoint_minutes": choice.minutes,
            "finished_checkpoints": choice.finished,
            "epoch_artifacts": choice.epochs,
        }
        try:
            keeping = keeping_of(values)
            write_keeping(keeping)
        except EngineError as error:
            dialog.set_failed(str(error))
            return
        dialog.accept()
        self.changed.emit(keeping)

    def ask_clear(self, folders: tuple[Path, ...]) -> None:
        """Ask what is to be removed from runs, once it is counted what there is."""
        if self._dialog is None and not self._remover.busy and folders:
            self._folders = folders
            self._counter.start(partial(_usage, folders))

    def _ask(self, usage: dict[Kind, int]) -> None:
        kinds = [Clearable(kind, *_row(kind, usage[kind])) for kind in CLEARABLE]
        what = self._folders[0].name if len(self._folders) == 1 else f"these {len(self._folders)} runs"
        self._dialog = dialog = ClearingDialog(what, kinds, self._window)
        dialog.chosen.connect(self._clear)
        dialog.finished.connect(self._forget)
        dialog.open()

    def _clear(self, kinds: tuple[str, ...]) -> None:
        if self._dialog is not None:
            self._dialog.set_busy()
        self._remover.start(partial(_clear_all, self._folders, cast("tuple[Kind, ...]", kinds)))

    def _tell(self, outcome: "tuple[int, list[str]]") -> None:
        freed, problems = outcome
        self._notices.say(f"{size_text(freed)} removed")
        for problem in problems:
            self._notices.say(problem, "warning")
        if self._dialog is not None and problems:
            self._dialog.set_failed("\n".join(problems))
        elif self._dialog is not None:
            self._dialog.accept()
        self.cleared.emit(self._folders)

    def _fail(self, why: str) -> None:
        self._notices.say(why, "error")
        if self._dialog is not None:
            self._dialog.set_failed(why)

    def _forget(self) -> None:
        self._dialog = None


def _words() -> KeepingWords:
    fields = Keeping.model_fields
    names = ("checkpoint_minutes", "finished_checkpoints", "epoch_artifacts")
    labels = tuple(fields[name].title or name for name in names)
    tips = tuple(" ".join((fields[name].description or "").split()) for name in names)
    bounds = [getattr(item, sign) for item in fields[names[0]].metadata for sign in ("ge", "le") if hasattr(item, sign)]
    return KeepingWords(
        labels=(labels[0], labels[1], labels[2]),
        tips=(tips[0], tips[1], tips[2]),
        finished=words_of(fields[names[1]]),
        epochs=words_of(fields[names[2]]),
        least=min(bounds),
        most=max(bounds),
    )


def _row(kind: Kind, num_bytes: int) -> tuple[str, str, str]:
    label, loss = _LABELS[kind]
    return label, size_text(num_bytes) if num_bytes else "", loss


def _usage(folders: Sequence[Path]) -> dict[Kind, int]:
    found = [usage_of(folder) for folder in folders]
    return {kind: sum(one[kind] for one in found) for kind in CLEARABLE}


def _clear_all(folders: Sequence[Path], kinds: tuple[Kind, ...]) -> tuple[int, list[str]]:
    """Clear each run that can be; give the bytes that are free now, and what could not be cleared."""
    freed, problems = 0, []
    for folder in folders:
        try:
            freed += clear(folder, kinds)
        except EngineError as error:
            problems.append(str(error))
    return freed, problems
