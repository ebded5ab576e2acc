"""Starts, resumes, pauses, stops and discards the runs that work in this window, one after another."""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal

from vpns_engine.drive import RunMaker
from vpns_engine.errors import EngineError
from vpns_engine.events import Event, Paused, Resumed, RunEnded
from vpns_engine.files import explain
from vpns_engine.forecast import numbered
from vpns_engine.levels import Done
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.notices import Notices
from vpns_gui.run_thread import Begun, NewRun, OldRun, RunThread
from vpns_gui.session import Session

RunState = Literal["idle", "running", "pausing", "paused", "stopping"]
_HELD = "another process works on this run"


@dataclass(frozen=True)
class RunOver:
    """How one run left this window. `store` is None where no folder was made: refused, or done already."""

    store: RunStore | None
    ended: RunEnded | None
    refused: str = ""


class RunController(QObject):
    """Owns the run thread and feeds its events to the session."""

    state_changed = Signal(object)
    """One of `idle`, `running`, `pausing`, `paused`, `stopping`."""
    refused = Signal(str)
    """A run could not begin: why."""
    held = Signal(object)
    """A run that was to go on here is in another process's hands (its folder)."""
    over = Signal(object)
    """A run does not work here any more (RunOver); the next one of several begins after this."""
    all_done = Signal(object)
    """Nothing was left to do; the run that did it last (its folder)."""

    def __init__(self, session: Session, notices: Notices, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._notices = notices
        self._runs = runs
        self._thread: RunThread | None = None
        self.own: RunStore | None = None
        """The run that worked last in this window."""
        self._discarding = False
        self._waiting: list[RunConfig] = []
        self._make: RunMaker | None = None
        self._total, self._again, self._config, self._opened, self._reused = 0, False, RunConfig(), False, Done()
        self._why = ""
        self._show_next = True
        self._ended: RunEnded | None = None
        self._removal = Background(self, matters=True)
        self._removal.done.connect(lambda folder: notices.say(f"Discarded {folder}"))
        self._removal.failed.connect(partial(notices.say, severity="error"))

    def set_runs(self, runs: Path) -> None:
        """Runs are kept in another folder from now on."""
        self._runs = runs

    @property
    def state(self) -> RunState:
        """How the run that works here stands; `idle` where none does."""
        if self._thread is None:
            return "idle"
        if self._thread.stopping:
            return "stopping"
        if self._thread.pausing:
            return "paused" if self._session.working_standing == "paused" else "pausing"
        return "running"

    @property
    def position(self) -> str:
        """Which of several runs is on: `2 of 6`; empty where there is one only, or none."""
        return f"{self._total - len(self._waiting)} of {self._total}" if self._thread is not None and self._total > 1 else ""

    @property
    def can_discard(self) -> bool:
        """Tell whether the open run is in the folder of runs, in nobody else's hands, and not being discarded already."""
        store = self._session.store
        if store is None or self._discarding:
            return False
        return self._session.live or (not self._session.followed and store.folder.resolve().parent == self._runs.resolve())

    @property
    def resumable(self) -> bool:
        """Tell whether the open run was left before its end: it could go on here, were no other run on."""
        return self._session.resumable and not self._discarding

    @property
    def can_resume(self) -> bool:
        """Tell whether the open run can go on here now."""
        return self._thread is None and self.resumable

    def start(self, *configs: RunConfig, again: bool = False, make: RunMaker | None = None) -> None:
        """Begin a run, and do the others after it; does nothing while one is on.

        `again`: also what is done already; `make` makes another kind of run.
        """
        if self._thread is None and configs:
            self._make = make
            self._waiting, self._total, self._again, self._opened = list(configs), len(configs), again, False
            self._show_next = True
            self._begin()

    def resume(self, folder: Path) -> None:
        """Go on with a run that was left before its end; not while one is on."""
        if self._thread is not None:
            self._notices.say(f"{folder.name} cannot go on while another run is on in this window", "warning")
            return
        self._waiting, self._total, self._opened, self._show_next = [], 1, False, True
        self._reused, self._make = Done(), None
        self._launch(OldRun(folder))

    def _begin(self) -> None:
        self._reused = Done()
        self._config = self._waiting.pop(0)
        self._launch(NewRun(self._config, self._runs, again=self._again, make=self._make))

    def _launch(self, job: NewRun | OldRun) -> None:
        self.own, self._discarding, self._why, self._ended = None, False, "", None
        self._thread = RunThread(job, self)
        self._thread.reused.connect(self._reuse)
        self._thread.opened.connect(self._open)
        self._thread.told.connect(self._take)
        self._thread.refused.connect(self._refuse)
        self._thread.held.connect(self._follow_other)
        self._thread.finished.connect(self._finish)
        self._thread.start()
        self.state_changed.emit(self.state)

    def pause(self) -> None:
        """Ask the run to pause within one batch: a checkpoint is written and the device is let go of."""
        if self._thread is not None and self.state == "running":
            self._thread.pause()
            self._notices.say("Pausing after the current batch …")
            self.state_changed.emit(self.state)

    def go_on(self) -> None:
        """End the pause, or the wish for one."""
        if self._thread is not None and self.state in ("pausing", "paused"):
            self._thread.go_on()
            self.state_changed.emit(self.state)

    def toggle_pause(self) -> None:
        """Pause the run that works here, or let it go on."""
        if self.state == "running":
            self.pause()
        else:
            self.go_on()

    def stop(self) -> None:
        """Ask the run to stop within one batch; its result so far is kept, and those that wait are not begun."""
        waiting = len(self._waiting)
        self._waiting.clear()
        if self._thread is not None and not self._thread.stopping:
            when = "Stopping …" if self.state == "paused" else "Stopping after the current batch …"
            self._thread.stop()
            self._notices.say(when + _not_begun(waiting))
            self.state_changed.emit(self.state)

    def discard(self) -> None:
        """Remove the open run's folder; if it works here it is stopped first."""
        if not self.can_discard:
            return
        if self._session.live:
            self._discarding = True
            self.stop()
        else:
            assert self._session.store is not None
            self._remove(self._session.store)

    def _open(self, begun: Begun) -> None:
        self.own, self._opened = begun.store, True
        imported = self._make is not None
        self._session.open(begun.store, begun.history, live=True, show=self._show_next, imported=imported)
        self._say_reused()  # an opened run empties the log
        self.state_changed.emit(self.state)

    def _reuse(self, done: Done) -> None:
        self._reused = done

    def _say_reused(self) -> None:
        for line in self._reused.words(self._config):
            self._notices.say(line[0].upper() + line[1:])

    def _refuse(self, why: str) -> None:
        self._waiting.clear()  # they would be refused as well
        self._why = why
        self.refused.emit(why)

    def _follow_other(self, folder: Path) -> None:
        self._why = _HELD
        self.held.emit(folder)

    def _take(self, told: Event) -> None:
        if isinstance(told, RunEnded):
            self._ended = told
        self._session.take(told)
        if isinstance(told, Paused | Resumed):
            self.state_changed.emit(self.state)

    def _finish(self) -> None:
        thread = self._thread
        assert thread is not None
        thread.wait()  # `finished` is sent a moment before the thread is over
        self._thread = None
        thread.deleteLater()
        if self.own is not None and self._ended is None:
            self._ended = RunEnded(status="failed", text="an unexpected error in the run's thread; the log has it")
            self._session.take(self._ended)
        self._show_next = self._session.live or self._session.store is None
        self._session.end()
        if self.own is None:
            self._say_reused()
        self._go_on_after(RunOver(self.own, self._ended, self._why))

    def _go_on_after(self, over: RunOver) -> None:
        if self._discarding:
            assert over.store is not None
            self._remove(over.store)
            self.over.emit(over)
            return
        self.over.emit(over)
        if self._thread is not None:  # whoever listened has begun another
            return
        if self._waiting:
            self._begin()
        else:
            self._rest()

    def _rest(self) -> None:
        self.state_changed.emit(self.state)
        folder = self._reused.newest
        if not self._opened and folder is not None:
            self.all_done.emit(folder)

    def _remove(self, store: RunStore) -> None:
        made_here = store is self.own
        self._discarding = False
        if made_here:
            self.own = None
        if store is self._session.store:
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
        return store.read_info().state in ("running", "paused")
    except EngineError:  # damaged: nobody writes it any more
        return False
