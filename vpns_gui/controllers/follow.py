"""Runs in other processes' hands: the open one is shown as it goes on, read beside the window twice a second."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from vpns_engine.errors import EngineError
from vpns_engine.follow import Follower, Told
from vpns_engine.history import RunHistory
from vpns_engine.store import RunInfo, RunStore, State
from vpns_gui.background import Background
from vpns_gui.notices import Notices
from vpns_gui.session import Session

INTERVAL_MS = 500
_TICKS_AT_REST = 4
"""A run that nobody has in hand is looked at less often."""


@dataclass(frozen=True)
class OpenedRun:
    """A run as its folder tells it. `follower` is set where another process has it in hand."""

    store: RunStore
    history: RunHistory
    state: State
    damage: tuple[str, ...] = ()
    imported: bool = False
    """It takes a checkpoint over."""
    follower: Follower | None = None


@dataclass(frozen=True)
class _News:
    store: RunStore
    told: Told | None
    taken_up: bool = False


def read_run(folder: Path) -> OpenedRun:
    """Read a run's folder, from its settings to its last event.

    Raises:
        EngineError: it is no run, or its settings or events cannot be read.
    """
    store = RunStore.open(folder)
    info = _info_of(store)
    imported = info is not None and info.imported
    if info is not None and info.is_worked_on:
        follower = Follower(store)
        told = follower.read()
        return OpenedRun(store, _fold(told), told.state, told.damage, imported, None if told.ended else follower)
    replay = store.read()
    ended = replay.history.ended
    state = info.state if info is not None else ended.status if ended is not None else "interrupted"
    return OpenedRun(store, replay.history, state, replay.damage, imported)


def folder_of(path: Path) -> Path | None:
    """Find the run folder that `path` is, or lies in; None where there is none."""
    for folder in (path, *path.parents):
        if os.path.isfile(folder / "config.json") and os.path.isfile(folder / "run.json"):  # noqa: PTH113
            return folder
    return None


class FollowController(QObject):
    """Feeds what other processes write of the open run to the session."""

    def __init__(self, session: Session, notices: Notices, open_again: Callable[[Path], object], parent: QObject) -> None:
        """`open_again` opens a run folder once more: another process has begun to work on it."""
        super().__init__(parent)
        self._session = session
        self._notices = notices
        self._open_again = open_again
        self._store: RunStore | None = None
        self._follower: Follower | None = None
        self._held: Path | None = None
        self._ticks = 0
        self._reader = Background(self)
        self._reader.done.connect(self._take)
        session.run_changed.connect(self._change_run)
        self._clock = QTimer(self)
        self._clock.setInterval(INTERVAL_MS)
        self._clock.timeout.connect(self._look)
        self._clock.start()

    def open_held(self, folder: Path) -> None:
        """Open a run that was to go on here, and that another process has in hand."""
        self._held = folder
        self._open_again(folder)

    def follow(self, opened: OpenedRun) -> None:
        """Go on reading the run that was just opened."""
        if opened.store is not self._store:
            return
        self._follower = opened.follower
        if opened.follower is not None:
            wanted = self._held == opened.store.folder
            self._notices.say(f"{'Not resumed here: a' if wanted else 'A'}nother process works on this run")
        self._held = None

    def _change_run(self, store: RunStore | None) -> None:
        if store is not self._store:
            self._store, self._follower, self._ticks = store, None, 0
            self._reader.drop()

    def _look(self) -> None:
        self._ticks += 1
        if self._store is None or self._session.live or self._reader.busy:
            return
        if self._follower is not None:
            self._reader.start(partial(_read_on, self._store, self._follower))
        elif self._ticks % _TICKS_AT_REST == 0:
            self._reader.start(partial(_look_at, self._store))

    def _take(self, news: _News) -> None:
        if news.store is not self._session.store or self._session.live:
            return
        if news.taken_up:
            self._open_again(news.store.folder)
        if news.told is not None:
            self._tell(news.store, news.told)

    def _tell(self, store: RunStore, told: Told) -> None:
        if told.restarted:
            self._session.open(store, _fold(told), standing=told.state)
        for event in () if told.restarted else told.events:
            self._session.follow(event)
        for line in told.damage:
            self._notices.say(line, "warning")
        if told.ended:
            self._follower = None
            self._session.set_standing(told.state)


def _read_on(store: RunStore, follower: Follower) -> _News:
    return _News(store, follower.read())


def _look_at(store: RunStore) -> _News:
    info = _info_of(store)
    return _News(store, None, taken_up=info is not None and info.is_worked_on)


def _info_of(store: RunStore) -> RunInfo | None:
    try:
        return store.read_info()
    except EngineError:  # damaged, or gone
        return None


def _fold(told: Told) -> RunHistory:
    history = RunHistory()
    for event in told.events:
        history.apply(event)
    return history
