"""Ask for a file and write a table or a picture into it; the ending chosen decides what is written."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from vpns_engine.csv_text import csv_text
from vpns_engine.errors import EngineError
from vpns_engine.files import write_whole
from vpns_gui.background import Background
from vpns_gui.drawing import picture_of
from vpns_gui.settings import Settings
from vpns_gui.tables import Rows
from vpns_gui.take_away import Desk, Savable

PURPOSE = "save"
"""The folder last saved to is remembered under this name."""


class Saver(QObject):
    """One a window: the dialogs for files are its, and it writes beside the window."""

    saved = Signal(object)
    """A file is written (Path)."""
    refused = Signal(str)
    """It could not be saved: why."""

    def __init__(self, settings: Settings, window: QWidget, prefix: Callable[[], str]) -> None:
        """`prefix` says what a proposed file name begins with, for example the run that it is of."""
        super().__init__(window)
        self._settings, self._window, self._prefix = settings, window, prefix
        desk = Desk(window)
        desk.asked.connect(self.ask)
        desk.failed.connect(self.refused)
        self._writer = Background(self, matters=True)
        self._writer.done.connect(self.saved)
        self._writer.failed.connect(self.refused)

    def ask(self, savable: Savable | None) -> None:
        """Ask where to save it."""
        choices = _choices(savable) if savable is not None else {}
        if savable is None or not choices:
            self.refused.emit("there is nothing to save on this page yet")
            return
        folder = self._settings.folder(PURPOSE, Path.home())
        dialog = QFileDialog(self._window, "Save table or picture", str(folder / self._proposed(savable.name)))
        dialog.setObjectName("saveDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(list(choices))
        dialog.filterSelected.connect(lambda words: dialog.setDefaultSuffix(choices[words][0][1:]))
        dialog.setDefaultSuffix(next(iter(choices.values()))[0][1:])
        dialog.accepted.connect(lambda: self._save(Path(dialog.selectedFiles()[0]), choices, dialog.selectedNameFilter()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _proposed(self, name: str) -> str:
        prefix = self._prefix()
        whole = name if not prefix or name.startswith(prefix) else f"{prefix}_{name}"
        return "_".join("".join(sign if sign.isalnum() or sign in "-_." else " " for sign in whole).split())

    def _save(self, path: Path, choices: dict[str, tuple[str, Callable[[str], bytes]]], words: str) -> None:
        """Write what the file's ending says; the filter decides between several of one ending, and where there is none."""
        ending = path.suffix.lower()
        fitting = [words, *choices] if ending in {known for known, _ in choices.values()} else [words]
        chosen = next((one for one in fitting if one in choices and choices[one][0] == ending), words)
        ending, make = choices.get(chosen, next(iter(choices.values())))
        if path.suffix.lower() != ending:
            path = path.with_name(path.name + ending)
            if path.exists():  # the dialog asked about another name
                self.refused.emit(f"{path} is there already: choose another name")
                return
        self._settings.remember_folder(PURPOSE, path.parent)
        try:
            data = make(ending)
        except EngineError as error:
            self.refused.emit(str(error))
            return
        self._writer.start(partial(write_file, path, data))


def write_file(path: Path, data: bytes) -> Path:
    """Write a file whole; gives its path.

    Raises:
        EngineError: it cannot be written.
    """
    write_whole(path, lambda beside: beside.write_bytes(data))
    return path


def _choices(savable: Savable) -> dict[str, tuple[str, Callable[[str], bytes]]]:
    """Give what can be written, by the words of the dialog's list: the ending, and what makes the file's content."""
    found: dict[str, tuple[str, Callable[[str], bytes]]] = {}
    for name, rows in savable.tables:
        found[f"{name} as a table (*.csv)"] = (".csv", partial(_table, rows))
    if savable.picture is not None:
        found["Picture (*.png)"] = (".png", partial(_picture, savable.picture))
        found["Drawing (*.svg)"] = (".svg", partial(_picture, savable.picture))
    for name, widget in savable.pictures:
        found[f"{name} as a picture (*.png)"] = (".png", partial(_picture, widget))
        found[f"{name} as a drawing (*.svg)"] = (".svg", partial(_picture, widget))
    return found


def _table(rows: Callable[[], Rows], _ending: str) -> bytes:
    return csv_text(*rows()).encode("utf-8", "replace")


def _picture(widget: Callable[[], QWidget], ending: str) -> bytes:
    return picture_of(widget(), ending)
