"""The set-up form: starts runs, and looks beside the window at the data a configuration names."""

from functools import partial

from PySide6.QtCore import QObject

from vpns_engine.specs.run import RunConfig
from vpns_engine.specs.sweep import Sweep
from vpns_gui.background import Background
from vpns_gui.controllers.run import RunController
from vpns_gui.forms.choices import gather
from vpns_gui.forms.setup_panel import SetupPanel
from vpns_gui.notices import Notices
from vpns_gui.session import Session


class SetupController(QObject):
    """Connects the form with the run controller."""

    def __init__(self, session: Session, run: RunController, panel: SetupPanel, notices: Notices, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._run = run
        self._panel = panel
        self._scan = Background(self)
        self._scan.done.connect(panel.set_choices)
        self._scan.failed.connect(partial(notices.say, severity="warning"))
        panel.start_requested.connect(self._start)
        panel.choices_requested.connect(self._look)
        run.state_changed.connect(self._update)

    def start(self, *, again: bool = False) -> None:
        """Start with the form's settings, if they can work; `again`: also what is done already."""
        if self._panel.ready and self._panel.sweep is not None:
            self._start(self._panel.sweep, again=again)

    def _start(self, sweep: Sweep, *, again: bool = False) -> None:
        self._run.start(*sweep.configs, again=again)

    def take_over(self) -> None:
        """Put the open run's settings into the form."""
        if self._session.store is not None:
            self._panel.set_config(self._session.store.config)

    def _look(self, config: RunConfig) -> None:
        self._scan.start(partial(gather, config))

    def _update(self) -> None:
        self._panel.set_running(self._run.state != "idle")
