"""The honest report of the open run: read, measured and saved beside the window."""

import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from vpns_engine.errors import EngineError
from vpns_engine.events import Event, LevelSaved, RunEnded, Tested
from vpns_engine.export.source import Stage
from vpns_engine.files import write_text
from vpns_engine.gains.html import html_of, prompt_of
from vpns_engine.gains.measure import measure
from vpns_engine.gains.model import Gains
from vpns_engine.gains.process import Cancelled
from vpns_engine.gains.report import GainsReport, report_of
from vpns_engine.gains.states import State, json_of, read_gains, states_of, write_gains
from vpns_engine.store import RunStore
from vpns_engine.words import printable
from vpns_gui.background import Background
from vpns_gui.notices import Notices
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.settings import Settings
from vpns_gui.views.gains import GainsView

_DISTURBED = "A run is at work in this window: what is timed now is disturbed by it, and disturbs it."
_KINDS = {"html": ("HTML (*.html)", ".html"), "json": ("JSON (*.json)", ".json")}
Place = tuple[int, Stage]
"""Level and stage of a saved state."""


@dataclass(frozen=True)
class _Read:
    store: RunStore
    report: GainsReport


@dataclass(frozen=True)
class _Outcome:
    store: RunStore
    state: State
    gains: Gains
    damage: str
    """Why the figures could not be kept; empty where they are."""


class _Measuring(Background):
    """A measurement; the window that closes ends it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._cancel = threading.Event()

    def begin(self, store: RunStore, state: State, *, quick: bool) -> None:
        """Measure a state and keep the figures in the run's folder."""
        self._cancel.clear()
        self.start(partial(_measured, store, state, quick, self))

    def cancel(self) -> None:
        """Give it up; it ends within a moment."""
        self._cancel.set()

    @property
    def cancelled(self) -> bool:
        """Tell whether it is to end."""
        return self._cancel.is_set()

    def close(self) -> None:
        """End it, and wait for that."""
        self.cancel()
        super().close()


class GainsController(QObject):
    """Shows the report on a saved state, that of the newest until a person chooses another."""

    def __init__(
        self, session: Session, view: GainsView, refresh: Refresh, notices: Notices, settings: Settings, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session, self._view, self._notices, self._settings, self._window = session, view, notices, settings, parent
        self._states: tuple[State, ...] = ()
        self._chosen: Place | None = None
        self._read: _Read | None = None
        self._measured: RunStore | None = None
        """The run that is being measured."""
        self._held: dict[tuple[Path, Place], Gains] = {}
        """What was measured and could not be kept in the run's folder."""
        self._reader = Background(self)
        self._reader.done.connect(self._show)
        self._reader.failed.connect(self._refuse)
        self._writer = Background(self, matters=True)
        self._writer.done.connect(lambda path: notices.say(f"Saved {path}"))
        self._writer.failed.connect(lambda why: notices.say(f"Not saved: {why}", "error"))
        self._work = _Measuring(self)
        self._work.reported.connect(self._report)
        self._work.done.connect(self._end)
        self._work.failed.connect(self._fail)
        self._mark = refresh.add(view, self._look)
        session.run_changed.connect(self._change_run)
        session.told.connect(self._take)
        session.live_changed.connect(self._mark)
        view.state_requested.connect(self._choose)
        view.measure_requested.connect(self._start)
        view.cancel_requested.connect(self._cancel)
        view.save_requested.connect(self._ask_where)
        self._change_run()

    @property
    def busy(self) -> bool:
        """Tell whether something is measured."""
        return self._work.busy

    def _change_run(self) -> None:
        self._chosen = self._read = None
        self._states = ()
        self._reader.drop()
        self._mark()

    def _take(self, told: Event) -> None:
        if isinstance(told, LevelSaved | Tested | RunEnded):
            self._mark()

    def _choose(self, place: int) -> None:
        if 0 <= place < len(self._states):
            self._chosen = _place(self._states[place])
            self._look()

    def _look(self) -> None:
        """Read the report on the chosen state."""
        history, store = self._session.history, self._session.store
        self._states = states_of(history) if history is not None and history.started is not None else ()
        chosen = self._place_chosen()
        self._view.set_states([state.label for state in self._states], chosen)
        self._view.set_caution(_DISTURBED if self._session.working is not None else "")
        if store is None or not self._states:
            self._reader.drop()
            return
        state = self._states[chosen]
        self._reader.start(partial(_report, store, state, self._held.get((store.folder, _place(state)))))

    def _place_chosen(self) -> int:
        """Give the place, among the states, of the one that is chosen: the last one until a person chooses; -1: none."""
        places = [_place(state) for state in self._states]
        return places.index(self._chosen) if self._chosen in places else len(places) - 1

    def _show(self, read: _Read) -> None:
        if self._session.store is None or read.store.folder != self._session.store.folder:
            return
        self._read = read
        self._view.set_page(read.report.page, can_save_figures=read.report.gains is not None)

    def _refuse(self, why: str) -> None:
        self._notices.say(f"No report on gains: {why}", "error")

    def _start(self, quick: bool) -> None:
        store = self._session.store
        if store is None or not self._states or self._work.busy:
            return
        self._measured = store
        self._view.set_busy("Starting", None)
        # the chosen one: the report on it may not be there yet
        self._work.begin(store, self._states[self._place_chosen()], quick=quick)

    def _cancel(self) -> None:
        self._work.cancel()
        self._view.set_busy("Cancelling", None)

    def _report(self, progress: tuple[str, float | None]) -> None:
        if not self._work.busy or self._work.cancelled:
            return
        text, done = progress
        store, open_run = self._measured, self._session.store
        elsewhere = store is not None and (open_run is None or open_run.folder != store.folder)
        self._view.set_busy(f"{printable(store.folder.name)}: {text}" if elsewhere and store is not None else text, done)

    def _end(self, outcome: _Outcome) -> None:
        self._view.set_idle()
        key = outcome.store.folder, _place(outcome.state)
        self._held.pop(key, None)
        self._notices.say(f"Measured what {outcome.store.folder.name} gains: {outcome.state.label}")
        if outcome.damage:
            self._held[key] = outcome.gains
            self._notices.say(f"The figures are shown until the window closes, and not kept: {outcome.damage}", "warning")
        self._mark()

    def _fail(self, why: str) -> None:
        self._view.set_idle()
        if self._work.cancelled:
            self._notices.say("The measurement was cancelled; nothing of it is kept")
        else:
            self._notices.say(f"Not measured: {why}", "error")

    def _ask_where(self, kind: str) -> None:
        """Ask for a file, and write the report into it."""
        if self._read is None:
            return
        words, ending = _KINDS[kind]
        name = f"{self._read.store.folder.name}_gains{ending}"
        dialog = QFileDialog(self._window, "Save report", str(self._settings.folder("save", Path.home()) / name))
        dialog.setObjectName("gainsSaveDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([words])
        dialog.setDefaultSuffix(ending[1:])
        dialog.accepted.connect(lambda: self.save(kind, Path(dialog.selectedFiles()[0])))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save(self, kind: str, path: Path) -> None:
        """Write the report that is shown as `html`, or its figures as `json`."""
        if self._read is not None:
            self._settings.remember_folder("save", path.parent)
            self._writer.start(partial(_write, self._read, kind, path))


def _place(state: State) -> Place:
    return state.level, state.stage


def _report(store: RunStore, state: State, held: Gains | None) -> _Read:
    """Read what is kept of a state; a damaged file is named in the report."""
    history = store.read(steps=False).history
    gains, damage = held, ""
    if held is None or held.saved_seq != state.saved.seq:
        try:
            gains = read_gains(store, state)
        except EngineError as error:
            gains, damage = None, str(error)
    return _Read(store, report_of(store, history, state, gains, damage=damage))


def _measured(store: RunStore, state: State, quick: bool, work: _Measuring) -> _Outcome:
    """Measure, and keep the figures."""
    gains = measure(store, state, quick=quick, report=work.report, cancelled=lambda: work.cancelled)
    if work.cancelled:
        raise Cancelled("cancelled")
    try:
        write_gains(store, state, gains)
    except EngineError as error:
        return _Outcome(store, state, gains, str(error))
    return _Outcome(store, state, gains, "")


def _write(read: _Read, kind: str, path: Path) -> Path:
    if kind == "html":
        write_text(path, html_of(read.report.page, prompt_of(read.store, read.report.state)))
    elif read.report.gains is not None:
        write_text(path, json_of(read.report.gains))
    return path
