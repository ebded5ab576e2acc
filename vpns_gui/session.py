"""What the window works on: the open run, what happened in it, and the level and the moment that are looked at."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from vpns_engine.events import EpochEnded, Event, LevelSaved, Paused, PhaseStarted, Resumed, RunEnded
from vpns_engine.history import RunHistory
from vpns_engine.store import RunStore, State
from vpns_gui.moments import Moment, counterpart, home_of, moments_of, nearest

GOES_ON: tuple[State, ...] = ("running", "paused")
"""Some process has the run in hand."""
RESUMABLE: tuple[State, ...] = ("interrupted", "stopped", "failed")


@dataclass
class _Shown:
    store: RunStore
    history: RunHistory
    standing: State
    imported: bool = False

    def apply(self, event: Event) -> bool:
        """Take an event in; tell whether something that was known is gone again."""
        before = self.history.last_seq
        self.history.apply(event)
        if isinstance(event, RunEnded):
            self.standing = event.status
        else:
            self.standing = "paused" if isinstance(event, Paused) else "running"
        return isinstance(event, Resumed) and event.at < before


class Session(QObject):
    """The open run, and the run that works in this window: mostly the same. Everything that shows a run listens here."""

    run_changed = Signal(object)
    """Another run is open (its RunStore), or none (None), or much of the open one is to be shown anew."""
    told = Signal(object)
    """An event of the open run, already in the history; one that takes others back comes as `run_changed` instead."""
    level_changed = Signal(int)
    """Another level is looked at."""
    moments_changed = Signal(object)
    """There are other moments to look at, or one of them was saved (a tuple of them, see vpns_gui.moments)."""
    moment_changed = Signal(object)
    """Another moment is looked at (a Moment, or None), or the same one of another run or level."""
    live_changed = Signal(bool)
    """The open run begins or ends to be the one that works in this window."""
    standing_changed = Signal(object)
    """The open run stands otherwise (a State, or None)."""
    chosen_changed = Signal(object)
    """Other runs are chosen in the library (a tuple of their folders)."""

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self.level = 0
        self.live = False
        self.chosen: tuple[Path, ...] = ()
        self._open: _Shown | None = None
        self._working: _Shown | None = None
        self._follow_level = True
        self._moments: tuple[Moment, ...] = ()
        self._moment: Moment | None = None
        self._home: Moment | None = None
        self._follow_moment = True
        self._standing: State | None = None

    @property
    def store(self) -> RunStore | None:
        """The open run's folder."""
        return self._open.store if self._open is not None else None

    @property
    def history(self) -> RunHistory | None:
        """What happened in the open run."""
        return self._open.history if self._open is not None else None

    @property
    def standing(self) -> State | None:
        """How the open run stands; None where no run is open."""
        return self._open.standing if self._open is not None else None

    @property
    def moments(self) -> tuple[Moment, ...]:
        """What of the level that is looked at can be looked at, oldest first."""
        return self._moments

    @property
    def moment(self) -> Moment | None:
        """The moment that is looked at: the newest, or that of the last saved state, until a person chooses another."""
        return self._moment

    @property
    def resumable(self) -> bool:
        """Tell whether the open run was left before its end, and can go on from there."""
        return self._open is not None and not self.live and not self._open.imported and self._open.standing in RESUMABLE

    @property
    def working(self) -> RunStore | None:
        """The run that works in this window, open or not."""
        return self._working.store if self._working is not None else None

    @property
    def working_history(self) -> RunHistory | None:
        """What happened in the run that works in this window."""
        return self._working.history if self._working is not None else None

    @property
    def working_standing(self) -> State | None:
        """How the run that works in this window stands; None where none does."""
        return self._working.standing if self._working is not None else None

    @property
    def followed(self) -> bool:
        """Tell whether another process has the open run in hand."""
        return not self.live and self.standing in GOES_ON

    def open(
        self,
        store: RunStore,
        history: RunHistory,
        *,
        live: bool = False,
        standing: State | None = None,
        show: bool = True,
        imported: bool = False,
    ) -> None:
        """Show a run from the beginning.

        Args:
            store: the run.
            history: what happened in it so far.
            live: it goes on in this window.
            standing: how it stands; by its last event where nothing else is known.
            show: whether to show it; a live run can work unseen.
            imported: it takes a checkpoint over; there is nothing in it to go on with.
        """
        ended = history.ended.status if history.ended is not None else None
        found = _Shown(store, history, "running" if live else standing or ended or "interrupted", imported)
        if live:
            self._working = found
        if show:
            self._show(found)

    def show_working(self) -> None:
        """Show the run that works in this window."""
        if self._working is not None and not self.live:
            self._show(self._working)

    def close(self) -> None:
        """Show no run; one that works in this window works on."""
        self._open, self.level = None, 0
        self._set_live()
        self._look_anew()
        self.run_changed.emit(None)
        self._tell_moments()
        self._tell_standing()

    def take(self, event: Event) -> None:
        """Take in an event of the run that works in this window."""
        if self._working is not None:
            self._take(self._working, event)

    def follow(self, event: Event) -> None:
        """Take in an event of the open run that another process wrote."""
        if self._open is not None and not self.live:
            self._take(self._open, event)

    def set_standing(self, standing: State) -> None:
        """Note how the open run stands where no event tells it: it was cut off, or somebody has it in hand again."""
        if self._open is not None and not self.live:
            self._open.standing = standing
            self._tell_standing()

    def end(self) -> None:
        """The run does not work in this window any more; if it is open it stays so."""
        self._working = None
        self._set_live()

    def choose_runs(self, folders: tuple[Path, ...]) -> None:
        """Choose runs of the library; which of them is open does not change."""
        if folders != self.chosen:
            self.chosen = folders
            self.chosen_changed.emit(folders)

    def choose_level(self, level: int) -> None:
        """Look at a level, and stay there while the run goes on to the next."""
        self._follow_level = False
        self._set_level(level)

    def choose_moment(self, moment: Moment | None) -> None:
        """Look at a moment of the level, and stay there; at the one that is due anyway, or None, follow that."""
        chosen = self._home if moment is None else nearest(self._moments, moment)
        self._follow_moment = chosen == self._home
        self._set_moment(chosen)

    def _show(self, found: _Shown) -> None:
        self._open = found
        history, goes_on = found.history, found.standing in GOES_ON
        self.level = _level_of(history, goes_on=goes_on)
        self._follow_level = goes_on
        self._look_anew()
        self.run_changed.emit(found.store)
        self._set_live()
        self._tell_moments()
        self._tell_standing()

    def _take(self, run: _Shown, event: Event) -> None:
        rewound = run.apply(event)
        if run is not self._open:
            return
        if rewound:
            self.level = _level_of(run.history, goes_on=True) if self._follow_level else self.level
            self._find_moments()
            self.run_changed.emit(run.store)
            self._tell_moments()
            self._tell_standing()
            return
        # a person who looks at an epoch of this level is not taken away from it
        if isinstance(event, PhaseStarted) and self._follow_level and self._follow_moment:
            info = run.history.phases[event.phase].info
            if not info.is_dense or info.kind == "finetune":  # mapping and test of the dense network draw no curve
                self._set_level(info.level)
        self.told.emit(event)
        if isinstance(event, EpochEnded | LevelSaved) and run.history.phases[event.phase].info.level == self.level:
            self._follow_moments(run.history)
        self._tell_standing()

    def _set_level(self, level: int) -> None:
        if level == self.level:
            return
        self.level = level
        self._find_moments()
        self.level_changed.emit(level)
        self._tell_moments()

    def _look_anew(self) -> None:
        """Begin with the moment that is due."""
        self._follow_moment = True
        self._find_moments()

    def _find_moments(self) -> None:
        """List the moments; the one that a person chose stays, or becomes the like of it in another level."""
        history, before = self.history, self._moment
        self._moments = () if history is None else moments_of(history, self.level)
        self._home = None if history is None else home_of(history, self.level)
        kept = None
        if history is not None and before is not None and not self._follow_moment:
            same = before.level == self.level
            kept = nearest(self._moments, before) if same else counterpart(history, before, self.level)
        self._follow_moment = kept is None
        self._moment = self._home if kept is None else kept

    def _follow_moments(self, history: RunHistory) -> None:
        """Take in that there is one more, or that one was saved."""
        self._moments, self._home = moments_of(history, self.level), home_of(history, self.level)
        self.moments_changed.emit(self._moments)
        if self._follow_moment:
            self._set_moment(self._home)

    def _set_moment(self, moment: Moment | None) -> None:
        if moment != self._moment:
            self._moment = moment
            self.moment_changed.emit(moment)

    def _tell_moments(self) -> None:
        self.moments_changed.emit(self._moments)
        self.moment_changed.emit(self._moment)

    def _set_live(self) -> None:
        live = self._open is not None and self._open is self._working
        if live != self.live:
            self.live = live
            self.live_changed.emit(live)

    def _tell_standing(self) -> None:
        if self.standing != self._standing:
            self._standing = self.standing
            self.standing_changed.emit(self._standing)


def _level_of(history: RunHistory, *, goes_on: bool) -> int:
    """Give the level to look at first: the one that the run is at, or was at last."""
    if history.current is None:
        return 0
    info = history.phases[history.current].info
    if info.is_dense and goes_on and info.kind != "finetune":  # mapping and test of the dense network draw no curve
        return 0
    return info.level
