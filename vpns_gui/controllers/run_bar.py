"""The run bar: the open run's name, how it stands, and which buttons can be pressed."""

from pathlib import Path

from PySide6.QtCore import QObject

from vpns_engine.catalogue import labels
from vpns_engine.events import Event, Paused, Resumed, RunEnded, RunStarted
from vpns_engine.specs.data import DATASET_LABELS
from vpns_engine.specs.method import METHOD_LABELS
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_engine.words import sparsity_of
from vpns_gui.controllers.outcome import outcome
from vpns_gui.controllers.run import RunController
from vpns_gui.session import Session
from vpns_gui.views.run_bar import BarState, RunBar, RunButtons


class RunBarController(QObject):
    """Shows the session's run in the bar."""

    def __init__(self, session: Session, run: RunController, bar: RunBar, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._run = run
        self._bar = bar
        session.run_changed.connect(self._change_run)
        session.told.connect(self._take)
        session.live_changed.connect(self._stand)
        session.standing_changed.connect(self._stand)
        run.state_changed.connect(self._update)
        bar.stop_requested.connect(run.stop)
        bar.pause_requested.connect(run.toggle_pause)
        bar.resume_requested.connect(self.resume)
        self._change_run(None)

    def resume(self) -> None:
        """Go on with the open run, if it was left before its end."""
        store = self._session.store
        if store is not None and self._run.can_resume:
            self._run.resume(store.folder)

    def _change_run(self, store: RunStore | None) -> None:
        self._name(store)
        self._conclude()
        self._update()

    def _name(self, store: RunStore | None) -> None:
        if store is None:
            self._bar.set_title("No run is open")
            return
        position = self._run.position if store is self._run.own else ""
        self._bar.set_title(title_of(store.config) + (f" · run {position}" if position else ""), str(store.folder))

    def _take(self, told: Event) -> None:
        if isinstance(told, RunEnded | RunStarted | Paused | Resumed):
            self._conclude()

    def _stand(self) -> None:
        self._conclude()
        self._update()

    def _conclude(self) -> None:
        """Say how the run stands; nothing while it works here."""
        history, standing = self._session.history, self._session.standing
        if history is None or standing is None or (standing == "running" and self._session.live):
            self._bar.set_notice("")
        else:
            found = outcome(history, standing, here=self._session.live, resumable=self._session.resumable)
            self._bar.set_notice(found.text, found.severity)

    def _update(self) -> None:
        self._name(self._session.store)
        self._bar.set_buttons(
            RunButtons(
                state=self._state(),
                resumable=self._run.resumable,
                busy=self._run.state != "idle",
                can_discard=self._run.can_discard,
                went_wrong=self._session.standing in ("failed", "interrupted"),
            )
        )

    def _state(self) -> BarState:
        if self._session.live:
            return self._run.state
        return "elsewhere" if self._session.followed else "idle"


def title_of(config: RunConfig) -> str:
    """Name a run by what matters in it."""
    network = labels()[config.model.architecture].split(" (")[0]
    names = {"digits": "digits", "folder": Path(config.data.folder).name}
    data = names.get(config.data.dataset, DATASET_LABELS[config.data.dataset])
    sparsities = ", ".join(sparsity_of(density) for density in config.mask.densities)
    level = f"sparsity {sparsities}" if sparsities else "dense reference"
    named = (config.name,) if config.name else ()
    parts = (METHOD_LABELS[config.method], f"{network} on {data}", level, f"seed {config.seed}")
    return " · ".join((*named, *parts))
