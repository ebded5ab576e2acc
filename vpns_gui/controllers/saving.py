"""Save what a tab shows: its tables as CSV, its picture as PNG or SVG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QTableView, QTableWidget, QTabWidget, QWidget

from vpns_engine.csv_files import Cell, csv_text
from vpns_engine.errors import EngineError
from vpns_gui.background import Background
from vpns_gui.notices import Notices
from vpns_gui.saving import picture_of, write_file
from vpns_gui.settings import Settings
from vpns_gui.views.text_table import texts_of, whole_table

Rows = tuple[Sequence[str], Sequence[Sequence[Cell]]]
"""A header, and rows below it."""


@dataclass(frozen=True)
class Savable:
    """What a tab has to save; asked for when it is saved."""

    name: str
    """What the file is called at first, without an ending."""
    tables: Sequence[tuple[str, Callable[[], Rows]]] = ()
    """Each with what it is."""
    picture: Callable[[], QWidget] | None = None


Source = Callable[[], Savable | None]
"""Gives what a tab has to save now; None where it is empty."""


class SavingController(QObject):
    """Asks for a file and writes it; the ending chosen decides what is written."""

    refused = Signal(str)
    """It could not be saved: why."""

    def __init__(self, tabs: QTabWidget, settings: Settings, notices: Notices, parent: QWidget) -> None:
        super().__init__(parent)
        self._tabs, self._settings, self._notices, self._window = tabs, settings, notices, parent
        self._sources: dict[QWidget, Source] = {}
        self._writer = Background(self, matters=True)
        self._writer.done.connect(self._tell)
        self._writer.failed.connect(self.refused)

    def add(self, page: QWidget, source: Source) -> None:
        """Say what a tab has to save; one that nobody speaks for has the tables that are in it, and its looks."""
        self._sources[page] = source

    def open(self) -> None:
        """Ask where to save what is on screen."""
        found = self._savable()
        choices = _choices(found) if found is not None else {}
        if found is None or not choices:
            self.refused.emit("there is nothing to save on this page yet")
            return
        folder = self._settings.folder("save", Path.home())
        dialog = QFileDialog(self._window, "Save table or picture", str(folder / found.name))
        dialog.setObjectName("saveDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(list(choices))
        dialog.filterSelected.connect(lambda words: dialog.setDefaultSuffix(choices[words][0][1:]))
        dialog.setDefaultSuffix(next(iter(choices.values()))[0][1:])
        dialog.accepted.connect(lambda: self._save(Path(dialog.selectedFiles()[0]), choices, dialog.selectedNameFilter()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _savable(self) -> Savable | None:
        page = self._tabs.currentWidget()
        if page is None:
            return None
        source = self._sources.get(page)
        return source() if source is not None else _as_it_is(page, self._tabs.tabText(self._tabs.currentIndex()))

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
        self._settings.remember_folder("save", path.parent)
        try:
            data = make(ending)
        except EngineError as error:
            self.refused.emit(str(error))
            return
        self._writer.start(partial(write_file, path, data))

    def _tell(self, path: Path) -> None:
        self._notices.say(f"Saved {path}")


def _choices(savable: Savable) -> dict[str, tuple[str, Callable[[str], bytes]]]:
    """Give what can be written, by the words of the dialog's list: the ending, and what makes the file's content."""
    found: dict[str, tuple[str, Callable[[str], bytes]]] = {}
    for name, rows in savable.tables:
        found[f"{name} as a table (*.csv)"] = (".csv", partial(_table, rows))
    if savable.picture is not None:
        found["Picture (*.png)"] = (".png", partial(_picture, savable.picture))
        found["Drawing (*.svg)"] = (".svg", partial(_picture, savable.picture))
    return found


def _table(rows: Callable[[], Rows], _ending: str) -> bytes:
    return csv_text(*rows()).encode("utf-8", "replace")


def _picture(widget: Callable[[], QWidget], ending: str) -> bytes:
    return picture_of(widget(), ending)


def _as_it_is(page: QWidget, title: str) -> Savable | None:
    """Take the tables that are on screen on a page; its picture is that of the page, or of a table that is all there is."""
    tables = [table for table in page.findChildren(QTableView) if table.isVisible() and _has_rows(table)]
    named = [(table.accessibleName() or title, partial(texts_of, table)) for table in tables]
    only = tables[0] if len(tables) == 1 and isinstance(tables[0], QTableWidget) else None
    picture = partial(whole_table, only) if only is not None else lambda: page
    return Savable(title.lower(), named, picture)


def _has_rows(table: QTableView) -> bool:
    model = table.model()
    return model is not None and model.rowCount() > 0
