"""Runs that were cut off: found when the window opens, and offered in a line above the views."""

import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from vpns_engine.errors import EngineError
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunLibrary, RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.outcome import place_of
from vpns_gui.controllers.run import RunController
from vpns_gui.controllers.run_bar import title_of
from vpns_gui.session import Session
from vpns_gui.views.offer_bar import Choice, OfferBar

RESUME = Choice("resume", "Resume", "Go on where the run was cut off, with the same result as if it had never been")
SHOW = Choice("show", "Show", "Open the run and look at what it has done so far")
LATER = Choice("later", "Not now", "Leave it as it is; it is offered again when the program is started again. A run that is "
               "not wanted any more can be shown and discarded")  # fmt: skip


@dataclass(frozen=True)
class _Offer:
    folder: Path
    title: str
    details: str


class InterruptedController(QObject):
    """Offers one interrupted run after the other, newest first; never while a run works in this window."""

    show_requested = Signal(object)
    """A run is to be opened (its folder)."""

    def __init__(self, session: Session, run: RunController, bar: OfferBar, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._run = run
        self._bar = bar
        self._runs = runs
        self._folders: list[Path] = []
        self._offered: _Offer | None = None
        self._finder = Background(self)
        self._finder.done.connect(self._take)
        self._reader = Background(self)
        self._reader.done.connect(self._offer)
        self._reader.failed.connect(self._pass_over)
        bar.chosen.connect(self._choose)
        run.state_changed.connect(self._look_again)
        session.run_changed.connect(self._look_again)

    def set_runs(self, runs: Path) -> None:
        """Runs are kept in another folder from now on."""
        self._runs = runs
        self.look()

    def look(self) -> None:
        """Look for interrupted runs, beside the window."""
        self._finder.start(partial(interrupted_runs, self._runs))

    def _take(self, folders: Sequence[Path]) -> None:
        self._folders = list(folders)
        self._look_again()

    def _look_again(self) -> None:
        """Offer the next one, unless something is in the way: what is open can be resumed in the run bar."""
        store = self._session.store
        if store is not None and store.folder in self._folders:
            self._folders.remove(store.folder)
        if self._run.state != "idle" or not self._folders:
            self._withdraw()
        elif self._offered is None or self._offered.folder != self._folders[0]:
            self._reader.start(partial(_describe, self._folders[0]))

    def _offer(self, offer: _Offer | None) -> None:
        if self._run.state != "idle" or not self._folders:
            return
        if offer is None or offer.folder != self._folders[0]:
            self._pass_over()
            return
        self._offered = offer
        more = len(self._folders) - 1
        others = f" · {more} more after this" if more else ""
        self._bar.offer(f"Interrupted: {offer.title}", f"{offer.details}{others}", (RESUME, SHOW, LATER), tone="warning")

    def _pass_over(self, _why: str = "") -> None:
        """Leave the first one out: it cannot be read, or is not interrupted any more."""
        if self._folders:
            del self._folders[0]
        self._look_again()

    def _withdraw(self) -> None:
        self._offered = None
        self._bar.withdraw()

    def _choose(self, key: str) -> None:
        if self._offered is None:
            return
        folder = self._offered.folder
        self._folders = [other for other in self._folders if other != folder]
        self._offered = None
        if key == RESUME.key:
            self._run.resume(folder)
        elif key == SHOW.key:
            self.show_requested.emit(folder)
        self._look_again()


def interrupted_runs(runs: Path) -> list[Path]:
    """List the runs of a folder that were cut off, newest first."""
    return [folder for folder in RunLibrary(runs).runs() if _is_interrupted(folder)]


def _is_interrupted(folder: Path) -> bool:
    try:
        info = RunStore(folder, RunConfig()).read_info()  # its settings are not needed for that
    except EngineError:
        return False
    return info.state == "interrupted" and not info.imported


def _describe(folder: Path) -> _Offer | None:
    store = RunStore.open(folder)
    info = store.read_info()
    if info.state != "interrupted":
        return None
    history = store.read(steps=False).history
    place = place_of(history)
    return _Offer(folder, title_of(store.config), f"Cut off {place}, {_when(info.heartbeat)}")


def _when(moment: float) -> str:
    """Say when something was: the time alone if it was today."""
    then = datetime.datetime.fromtimestamp(moment)
    today = then.date() == datetime.datetime.fromtimestamp(time.time()).date()
    return f"last heard of {then:today at %H:%M}" if today else f"last heard of on {then:%Y-%m-%d at %H:%M}"
