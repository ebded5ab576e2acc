"""Starts, stops and discards the run that works in this window; one at a time."""

import shutil
import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from vpns_engine.errors import EngineError
from vpns_engine.events import Event, RunEnded
from vpns_engine.files import explain
from vpns_engine.history import RunHistory
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import SILENT_SECONDS, RunStore
from vpns_gui.background import Background
from vpns_gui.notices import Notices
from vpns_gui.run_thread import RunThread
from vpns_gui.session import Session


class RunController(QObject):
    """Owns the run thread and feeds its events to the session."""

    state_changed = Signal(object)
    """One of `idle`, `running`, `stopping`."""
    refused = Signal(str)
    """A run could not be started: why."""

    def __init__(self, session: Session, notices: Notices, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._notices = notices
        self._runs = runs
        self._thread: RunThread | None = None
        self.own: RunStore | None = None
        """The run made last in this window."""
        self._discarding = False
        self._removal = Background(self, matters=True)
        self._removal.done.connect(lambda folder: notices.say(f"Discarded {folder}"))
        self._removal.failed.connect(partial(notices.say, severity="error"))

    @property
    def state(self) -> str:
        """`idle`, `running` or `stopping`."""
        if self._thread is None:
            return "idle"
        return "stopping" if self._thread.stopping else "running"

    @property
    def can_discard(self) -> bool:
        """Tell whether the open run is in the folder of runs and is not being discarded already."""
        store = self._session.store
        if store is None or self._discarding:
            return False
        return store is self.own or (self._thread is None and store.folder.resolve().parent == self._runs.resolve())

    def start(self, config: RunConfig) -> None:
        """Begin a run; does nothing while one is on."""
        if self._thread is not None:
            return
        self.own, self._discarding = None, False
        self._thread = RunThread(config, self._runs, self)
        self._thread.opened.connect(self._open)
        self._thread.told.connect(self._take)
        self._thread.refused.connect(self.refused)
        self._thread.finished.connect(self._finish)
        self._thread.start()
        self.state_changed.emit(self.state)

    def stop(self) -> None:
        """Ask the run to stop within one batch; its result so far is kept."""
        if self._thread is not None and not self._thread.stopping:
            self._thread.stop()
            self._notices.say("Stopping after the current batch …")
            self.state_changed.emit(self.state)

    def discard(self) -> None:
        """Stop, then remove the run folder once the thread has ended."""
        if not self.can_discard:
            return
        self._discarding = True
        if self._thread is not None:
            self.stop()
        else:
            self._remove()

    def _open(self, store: RunStore) -> None:
        self.own = store
        self._session.open(store, RunHistory(), live=True)

    def _take(self, told: Event) -> None:
        self._session.take(told)

    def _finish(self) -> None:
        thread = self._thread
        assert thread is not None
        thread.wait()  # `finished` is sent a moment before the thread is over
        self._thread = None
        thread.deleteLater()
        history = self._session.history
        if self._session.live and history is not None and history.ended is None:
            self._session.take(RunEnded(status="failed", text="an unexpected error in the run's thread; the log has it"))
        self._session.end()
        if self._discarding:
            self._remove()
        else:
            self.state_changed.emit(self.state)

    def _remove(self) -> None:
        store = self._session.store
        assert store is not None
        made_here = store is self.own
        self.own, self._discarding = None, False
        self._session.close()
        self._removal.start(partial(_remove, store, self._runs, made_here=made_here))
        self.state_changed.emit(self.state)


def _remove(store: RunStore, runs: Path, *, made_here: bool) -> Path:
    folder = store.folder
    if not made_here and _works_elsewhere(store):
        raise EngineError(f"{folder} is a run that another process works on: not removed")
    if folder.resolve().parent != runs.resolve() or not (folder / "config.json").is_file():
        raise EngineError(f"{folder} is no run folder in {runs}: not removed")
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise EngineError(explain(error, folder)) from error
    return folder


def _works_elsewhere(store: RunStore) -> bool:
    try:
        info = store.read_info()
    except EngineError:  # damaged: nobody writes it any more
        return False
    return info.status == "running" and time.time() - info.heartbeat < SILENT_SECONDS
