"""Starts, stops and discards the runs that work in this window, one after another."""

import shutil
import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from vpns_engine.drive import RunMaker
from vpns_engine.errors import EngineError
from vpns_engine.events import Event, RunEnded
from vpns_engine.files import explain
from vpns_engine.forecast import numbered
from vpns_engine.history import RunHistory
from vpns_engine.levels import Done
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
    all_done = Signal(object)
    """Nothing was left to do; the run that did it last (its folder)."""

    def __init__(self, session: Session, notices: Notices, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._notices = notices
        self._runs = runs
        self._thread: RunThread | None = None
        self.own: RunStore | None = None
        """The run made last in this window."""
        self._discarding = False
        self._waiting: list[RunConfig] = []
        self._make: RunMaker | None = None
        self._total, self._again, self._config, self._opened, self._reused = 0, False, RunConfig(), False, Done()
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
    def position(self) -> str:
        """Which of several runs is on: `2 of 6`; empty where there is one only, or none."""
        return f"{self._total - len(self._waiting)} of {self._total}" if self._thread is not None and self._total > 1 else ""

    @property
    def can_discard(self) -> bool:
        """Tell whether the open run is in the folder of runs and is not being discarded already."""
        store = self._session.store
        if store is None or self._discarding:
            return False
        return store is self.own or (self._thread is None and store.folder.resolve().parent == self._runs.resolve())

    def start(self, *configs: RunConfig, again: bool = False, make: RunMaker | None = None) -> None:
        """Begin a run, and do the others after it; does nothing while one is on.

        `again`: also what is done already; `make` makes another kind of run.
        """
        if self._thread is None and configs:
            self._make = make
            self._waiting, self._total, self._again, self._opened = list(configs), len(configs), again, False
            self._begin()

    def _begin(self) -> None:
        self.own, self._discarding, self._reused = None, False, Done()
        self._config = self._waiting.pop(0)
        self._thread = RunThread(self._config, self._runs, self, again=self._again, make=self._make)
        self._thread.reused.connect(self._reuse)
        self._thread.opened.connect(self._open)
        self._thread.told.connect(self._take)
        self._thread.refused.connect(self._refuse)
        self._thread.finished.connect(self._finish)
        self._thread.start()
        self.state_changed.emit(self.state)

    def stop(self) -> None:
        """Ask the run to stop within one batch; its result so far is kept, and those that wait are not begun."""
        waiting = len(self._waiting)
        self._waiting.clear()
        if self._thread is not None and not self._thread.stopping:
            self._thread.stop()
            self._notices.say("Stopping after the current batch …" + _not_begun(waiting))
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
        self.own, self._opened = store, True
        self._session.open(store, RunHistory(), live=True)
        self._say_reused()  # an opened run empties the log

    def _reuse(self, done: Done) -> None:
        self._reused = done

    def _say_reused(self) -> None:
        for line in self._reused.words(self._config):
            self._notices.say(line[0].upper() + line[1:])

    def _refuse(self, why: str) -> None:
        self._waiting.clear()  # they would be refused as well
        self.refused.emit(why)

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
        if self.own is None:
            self._say_reused()
        if self._discarding:
            self._remove()
        elif self._waiting:
            self._begin()
        else:
            self._rest()

    def _rest(self) -> None:
        self.state_changed.emit(self.state)
        folder = self._reused.newest
        if not self._opened and folder is not None:
            self.all_done.emit(folder)

    def _remove(self) -> None:
        store = self._session.store
        assert store is not None
        made_here = store is self.own
        self.own, self._discarding = None, False
        self._session.close()
        self._removal.start(partial(_remove, store, self._runs, made_here=made_here))
        self.state_changed.emit(self.state)


def _not_begun(waiting: int) -> str:
    return f" ({numbered(waiting, 'run')} after it will not begin)" if waiting else ""


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
