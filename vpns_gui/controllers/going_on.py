"""What can be done with a run that is over: tune it further, or start it again with less memory."""

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from vpns_engine.further import further_values
from vpns_engine.specs.problems import config_from
from vpns_engine.specs.run import RunConfig
from vpns_gui.background import Background
from vpns_gui.controllers.run import RunController, RunOver
from vpns_gui.dialogs.question import ask
from vpns_gui.forms.setup_panel import SetupPanel
from vpns_gui.session import Session


class GoingOn(QObject):
    """Puts the settings that go on from a run in the form; offers smaller micro-batches after a lack of memory."""

    refused = Signal(str)
    """The run cannot be tuned further: why."""

    def __init__(self, session: Session, run: RunController, panel: SetupPanel, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._run = run
        self._panel = panel
        self._window = window
        self._short: RunConfig | None = None
        """The settings that may fit into memory, once the run that did not has ended."""
        self._reader = Background(self)
        self._reader.done.connect(panel.set_config)
        self._reader.failed.connect(self.refused)
        run.over.connect(self._take)
        run.state_changed.connect(self._offer)

    @property
    def possible(self) -> bool:
        """Tell whether the open run has something to tune further."""
        history = self._session.history
        return history is not None and any(level.saved for level in history.levels.values())

    def tune_further(self) -> None:
        """Put the settings of a run that goes on from the open one's last saved state in the form."""
        store = self._session.store
        if store is not None and self.possible:
            self._reader.start(lambda: config_from(further_values(store)))

    def _take(self, over: RunOver) -> None:
        if over.store is not None and over.ended is not None and over.ended.micro_batch:
            config = over.store.config
            data = config.data.model_copy(update={"micro_batch": over.ended.micro_batch})
            self._short = config.model_copy(update={"data": data})

    def _offer(self) -> None:
        if self._short is None or self._run.state != "idle":
            return
        config, self._short = self._short, None
        self._panel.set_config(config)
        ask(
            self._window,
            f"Not enough memory. Start again with micro-batches of {config.data.micro_batch} images?",
            "The batch stays as large; its gradients are summed over smaller parts. Networks without batch-norm and dropout "
            "make the same updates; batch-norm sees the smaller parts, so its results differ a little. "
            "The form has the settings.",
            accept="Start again",
            refuse="Not now",
            accepted=partial(self._run.start, config),
        )
