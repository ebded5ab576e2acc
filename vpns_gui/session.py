"""What the window works on: the open run, what happened in it, and the level that is looked at."""

from PySide6.QtCore import QObject, Signal

from vpns_engine.events import Event, PhaseStarted
from vpns_engine.history import RunHistory
from vpns_engine.specs.phase import DENSE
from vpns_engine.store import RunStore


class Session(QObject):
    """The open run. Everything that shows a run listens here."""

    run_changed = Signal(object)
    """Another run is open (its RunStore), or none (None)."""
    told = Signal(object)
    """An event of the open run, already in the history."""
    level_changed = Signal(int)
    """Another level is looked at."""
    live_changed = Signal(bool)
    """A run begins or ends in this window."""

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self.store: RunStore | None = None
        self.history: RunHistory | None = None
        self.level = 0
        self.live = False
        self._follow_level = True

    def open(self, store: RunStore, history: RunHistory, *, live: bool = False) -> None:
        """Show a run from the beginning; `live` where it goes on in this window."""
        self.store, self.history = store, history
        only = DENSE if history.dense is not None and not live else 0
        self.level = max(history.levels, default=only) if not live else 0
        self._follow_level = live
        self.run_changed.emit(store)
        self._set_live(live)

    def close(self) -> None:
        """Show no run."""
        self.store, self.history, self.level = None, None, 0
        self._set_live(False)
        self.run_changed.emit(None)

    def take(self, event: Event) -> None:
        """Take in an event of the live run."""
        if self.history is None:
            return
        self.history.apply(event)
        if isinstance(event, PhaseStarted) and self._follow_level:
            info = self.history.phases[event.phase].info
            if not info.is_dense or info.kind == "finetune":  # mapping and test of the dense network draw no curve
                self._set_level(info.level)
        self.told.emit(event)

    def end(self) -> None:
        """The run does not go on in this window any more; it stays open."""
        self._set_live(False)

    def choose_level(self, level: int) -> None:
        """Look at a level, and stay there while the run goes on to the next."""
        self._follow_level = False
        self._set_level(level)

    def _set_level(self, level: int) -> None:
        if level != self.level:
            self.level = level
            self.level_changed.emit(level)

    def _set_live(self, live: bool) -> None:
        if live != self.live:
            self.live = live
            self.live_changed.emit(live)
