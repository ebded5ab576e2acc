"""The summary: several runs together, read beside the window when there is something new to read."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from vpns_engine.events import Event, RunEnded, Tested
from vpns_engine.summary import NOTE, Family, collect, families, family_key
from vpns_gui.background import Background
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.summary import SummaryView

ONE_SEED = "One seed: no spread. Give several, for example 7, 9, 17, and the control arm beside them, to see what is chance."


class SummaryController(QObject):
    """Shows the runs that can be compared with the open one, and those of other settings where they are asked for."""

    def __init__(self, session: Session, view: SummaryView, runs: Path, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._runs = runs
        self._families: Sequence[Family] = ()
        self._chosen = ""
        self._reader = Background(self)
        self._reader.done.connect(self._show)
        self._mark = refresh.add(view, self._read)
        session.run_changed.connect(self._change_run)
        session.told.connect(self._take)
        view.family_requested.connect(self._choose)
        self._change_run()

    def set_runs(self, runs: Path) -> None:
        """Runs are kept in another folder from now on."""
        self._runs = runs
        self._mark()

    def _change_run(self) -> None:
        store = self._session.store
        if store is not None:
            self._chosen = family_key(store.config)
        self._mark()

    def _take(self, told: Event) -> None:
        if isinstance(told, Tested | RunEnded):
            self._mark()

    def _read(self) -> None:
        store = self._session.store
        folder = store.folder.parent if store is not None else self._runs
        self._reader.start(partial(_families_in, folder))

    def _show(self, found: Sequence[Family]) -> None:
        self._families = found
        chosen = next((place for place, family in enumerate(found) if family.key == self._chosen), 0)
        self._view.set_families([family.title for family in found], chosen)
        self._choose(chosen)

    def _choose(self, place: int) -> None:
        if not 0 <= place < len(self._families):
            return
        family = self._families[place]
        self._chosen = family.key
        several = any(len(line.seeds) > 1 for line in family.lines)
        self._view.set_rows([line.cells for line in family.lines], NOTE if several else ONE_SEED)


def _families_in(runs: Path) -> tuple[Family, ...]:
    return families(collect(runs))
