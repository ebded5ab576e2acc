"""Runs on disk: the recent ones, and opening one; read beside the window."""

import datetime
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from vpns_engine.errors import EngineError
from vpns_engine.history import RunHistory
from vpns_engine.store import RunLibrary, RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.run_bar import title_of
from vpns_gui.menus import RecentRun
from vpns_gui.notices import Notices
from vpns_gui.session import Session

NUM_RECENT = 15


@dataclass(frozen=True)
class _Opened:
    store: RunStore
    history: RunHistory
    damaged_lines: int


class LibraryController(QObject):
    """Knows the folder of runs; opens runs made here, by `vpns run`, or anywhere else."""

    recent_changed = Signal(object)
    """The newest runs (list of RecentRun), newest first."""
    refused = Signal(str)
    """A run could not be opened: why."""

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

    def refresh(self) -> None:
        """Look for runs again."""
        self._lister.start(lambda: [RecentRun(folder, _label(folder)) for folder in self._library.runs()[:NUM_RECENT]])

    def open(self, folder: Path) -> None:
        """Open a run folder; not while a run works in this window."""
        if self._session.live:
            self.refused.emit("a run is on: stop it before opening another")
        else:
            self._reader.start(partial(_read, folder))

    def _show(self, opened: _Opened) -> None:
        if self._session.live:
            return
        self._session.open(opened.store, opened.history)
        if opened.damaged_lines:
            many = "1 line" if opened.damaged_lines == 1 else f"{opened.damaged_lines} lines"
            self._notices.say(f"{many} of events.jsonl cannot be read and were left out: the run was cut off there", "warning")


def _label(folder: Path) -> str:
    """Name a run by when it began, what it is and how it ended; by its folder where that cannot be read."""
    try:
        store = RunStore.open(folder)
        info = store.read_info()
    except EngineError:
        return folder.name
    began = datetime.datetime.fromtimestamp(info.started).strftime("%Y-%m-%d %H:%M")
    return f"{began}  {title_of(store.config)} · {info.status}"


def _read(folder: Path) -> _Opened:
    store = RunStore.open(folder)
    replay = store.read()
    return _Opened(store, replay.history, replay.damaged_lines)
