"""Runs on disk: the recent ones, and opening one; read beside the window."""

import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from vpns_engine.errors import EngineError
from vpns_engine.store import RunLibrary, RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.follow import OpenedRun, read_run
from vpns_gui.controllers.run_bar import title_of
from vpns_gui.menus import RecentRun
from vpns_gui.notices import Notices
from vpns_gui.session import Session

NUM_RECENT = 15


class LibraryController(QObject):
    """Knows the folder of runs; opens runs made here, by `vpns run`, or anywhere else."""

    recent_changed = Signal(object)
    """The newest runs (list of RecentRun), newest first."""
    refused = Signal(str)
    """A run could not be opened: why."""
    opened = Signal(object)
    """A run folder was read and is open now (OpenedRun)."""

    def __init__(self, session: Session, notices: Notices, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._notices = notices
        self._library = RunLibrary(runs)
        self._reader = Background(self)
        self._reader.done.connect(self._show)
        self._reader.failed.connect(self.refused)
        self._lister = Background(self)
        self._lister.done.connect(self.recent_changed)
        session.live_changed.connect(self.refresh)

    def set_runs(self, runs: Path) -> None:
        """Runs are kept in another folder from now on."""
        self._library = RunLibrary(runs)
        self.refresh()

    def refresh(self) -> None:
        """Look for runs again."""
        self._lister.start(lambda: [RecentRun(folder, _label(folder)) for folder in self._library.runs()[:NUM_RECENT]])

    def open(self, folder: Path) -> None:
        """Open a run folder; the run that works in this window is just shown again."""
        working = self._session.working
        if working is not None and folder.resolve() == working.folder.resolve():
            self._reader.drop()
            self._session.show_working()
        else:
            self._reader.start(partial(read_run, folder))

    def _show(self, opened: OpenedRun) -> None:
        self._session.open(opened.store, opened.history, standing=opened.state, imported=opened.imported)
        for line in opened.damage:
            self._notices.say(line, "warning")
        self.opened.emit(opened)


def _label(folder: Path) -> str:
    """Name a run by when it began, what it is and how it ended; by its folder where that cannot be read."""
    try:
        store = RunStore.open(folder)
        info = store.read_info()
    except EngineError:
        return folder.name
    began = datetime.datetime.fromtimestamp(info.started).strftime("%Y-%m-%d %H:%M")
    return f"{began}  {title_of(store.config)} · {info.state}"
