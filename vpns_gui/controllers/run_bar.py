"""The run bar: the open run's name, how it stands, and which buttons can be pressed."""

from pathlib import Path

from PySide6.QtCore import QObject

from vpns_engine.events import Event, RunEnded, RunStarted
from vpns_engine.specs.fields import words_of
from vpns_engine.specs.method import METHOD_LABELS
from vpns_engine.specs.model import ModelSpec
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_engine.words import sparsity_of
from vpns_gui.controllers.outcome import outcome
from vpns_gui.controllers.run import RunController
from vpns_gui.session import Session
from vpns_gui.views.run_bar import RunBar


class RunBarController(QObject):
    """Shows the session's run in the bar."""

    def __init__(self, session: Session, run: RunController, bar: RunBar, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._run = run
        self._bar = bar
        session.run_changed.connect(self._change_run)
        session.told.connect(self._take)
        session.live_changed.connect(self._update)
        run.state_changed.connect(self._update)
        bar.stop_requested.connect(run.stop)
        self._change_run(None)

    def _change_run(self, store: RunStore | None) -> None:
        self._bar.set_title(*(("No run is open", "") if store is None else (title_of(store.config), str(store.folder))))
        self._conclude()
        self._update()

    def _take(self, told: Event) -> None:
        if isinstance(told, RunEnded | RunStarted):
            self._conclude()

    def _conclude(self) -> None:
        """Say how the run ended; nothing while it works here."""
        history = self._session.history
        begins = self._session.store is self._run.own and self._run.state != "idle"
        if history is None or (history.ended is None and begins):
            self._bar.set_notice("")
        else:
            found = outcome(history)
            self._bar.set_notice(found.text, found.severity)

    def _update(self) -> None:
        self._bar.set_state(self._run.state, can_discard=self._run.can_discard)


def title_of(config: RunConfig) -> str:
    """Name a run by what matters in it."""
    network = words_of(ModelSpec.model_fields["architecture"])[config.model.architecture].split(" (")[0]
    data = "digits" if config.data.dataset == "digits" else Path(config.data.folder).name
    sparsities = ", ".join(sparsity_of(density) for density in config.mask.densities)
    named = (config.name,) if config.name else ()
    parts = (METHOD_LABELS[config.method], f"{network} on {data}", f"sparsity {sparsities}", f"seed {config.seed}")
    return " · ".join((*named, *parts))
