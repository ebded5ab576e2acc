"""Save what a tab shows: its tables as CSV, its picture as PNG or SVG."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QTableView, QTableWidget, QTabWidget, QWidget

from vpns_gui.controllers.saver import Saver
from vpns_gui.notices import Notices
from vpns_gui.settings import Settings
from vpns_gui.tables import Rows, has_rows, texts_of, whole_table
from vpns_gui.take_away import Savable, TakeAway, shown_in

__all__ = ["Rows", "Savable", "SavingController", "Source"]

Source = Callable[[], Savable | None]
"""Gives what a tab has to save now; None where it is empty."""


class SavingController(QObject):
    """Finds what a tab has to save, and tells what became of it."""

    refused = Signal(str)
    """It could not be saved: why."""

    def __init__(
        self, tabs: QTabWidget, run_on: Callable[[QWidget], str], settings: Settings, notices: Notices, parent: QWidget
    ) -> None:
        """`run_on` names the run that a tab shows; empty where it shows none, or several."""
        super().__init__(parent)
        self._tabs, self._run_on = tabs, run_on
        self._sources: dict[QWidget, Source] = {}
        self._saver = Saver(settings, parent, self._run_shown)
        self._saver.saved.connect(lambda path: notices.say(f"Saved {path}"))
        self._saver.refused.connect(self.refused)

    def add(self, page: QWidget, source: Source) -> None:
        """Say what a tab has to save; one that nobody speaks for has what is offered in it, and its looks."""
        self._sources[page] = source

    def open(self) -> None:
        """Ask where to save what is on screen."""
        self._saver.ask(self._savable())

    def _run_shown(self) -> str:
        page = self._tabs.currentWidget()
        return self._run_on(page) if page is not None else ""

    def _savable(self) -> Savable | None:
        page = self._tabs.currentWidget()
        if page is None:
            return None
        source = self._sources.get(page)
        return source() if source is not None else _as_it_is(page, self._tabs.tabText(self._tabs.currentIndex()))


def _as_it_is(page: QWidget, title: str) -> Savable | None:
    """Take what is on screen on a page; its picture is that of the page, or of a table that is all there is."""
    offered = shown_in(page)
    spoken_for = [found.parent() for found in offered]
    tables = [table for table in page.findChildren(QTableView) if table.isVisible() and has_rows(table)]
    named: list[tuple[str, Callable[[], Rows]]] = [
        (table.accessibleName() or title, partial(texts_of, table)) for table in tables if table not in spoken_for
    ]
    named += [table for found in offered for table in found.savable.tables]
    only = tables[0] if len(tables) == 1 and isinstance(tables[0], QTableWidget) else None
    picture = partial(whole_table, only) if only is not None else lambda: page
    return Savable(title.lower(), named, picture, _pictures(offered))


def _pictures(offered: list[TakeAway]) -> list[tuple[str, Callable[[], QWidget]]]:
    """Leave out what is a table: its picture is the table once more."""
    return [one for found in offered if not isinstance(found.parent(), QTableView) for one in found.savable.pictures]
