"""The set-up: preset, form, what will happen, Start."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from vpns_engine.presets import Preset, all_presets
from vpns_engine.specs.run import RunConfig
from vpns_gui.forms.choices import Choices, Sources, choices_at_first, sources_of
from vpns_gui.forms.draft import Draft
from vpns_gui.forms.form import ConfigForm
from vpns_gui.forms.preset_bar import PresetBar
from vpns_gui.forms.start_bar import StartBar
from vpns_gui.forms.verdict import judge

WIDTH_PX = 380
PAUSE_MS = 250


class SetupPanel(QWidget):
    """Where a run is set up and started."""

    start_requested = Signal(object)
    """Start is pressed (RunConfig)."""
    config_changed = Signal(object)
    """The settings amount to something else (RunConfig), or to nothing that works (None)."""
    ready_changed = Signal(bool)
    """Start goes on or off."""
    choices_requested = Signal(object)
    """Nobody has looked yet at what this RunConfig names: `gather` it beside the window, then `set_choices`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets = all_presets()
        self._bar = PresetBar(self._presets, self)
        self._form = ConfigForm(self)
        self._start = StartBar(self)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._choices = choices_at_first()
        self._asked: Sources | None = None
        self._running, self._was_ready = False, False
        self._draft = Draft.of(self._presets[0].values)
        self._begun: Mapping[str, object] | None = None
        self._verdict = judge(self._draft, self._choices)
        self._arrange()
        self._connect()
        self._take_preset(self._presets[0])

    @property
    def config(self) -> RunConfig | None:
        """What the settings amount to; None where a value cannot work."""
        return self._verdict.config

    @property
    def ready(self) -> bool:
        """Tell whether Start is on: the settings work, what they name is there, and no run is on."""
        return not (self._verdict.reason or self._running)

    def set_choices(self, choices: Choices) -> None:
        """Take in what is offered; what was known before stays known."""
        self._choices = self._choices.merged(choices)
        self._form.set_devices(self._choices.devices)
        self._judge()

    def set_config(self, config: RunConfig) -> None:
        """Show a configuration, for example an opened run's."""
        draft = Draft.of(config.model_dump())
        same = (preset for preset in self._presets if Draft.of(preset.values).values == draft.values)
        self._show(draft, next(same, None))

    def set_running(self, running: bool) -> None:
        """Tell whether a run is on: the next one can be set up meanwhile, not started."""
        self._running = running
        self._say_reason()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Ask for a comfortable width."""
        return QSize(WIDTH_PX, super().sizeHint().height())

    def _take_preset(self, preset: Preset) -> None:
        self._show(Draft.of(preset.values), preset)

    def _show(self, draft: Draft, preset: Preset | None) -> None:
        self._look_again()
        self._draft = draft
        self._begun = draft.values if preset else None
        self._bar.set_preset(preset)
        self._judge()

    def _edit(self, change: tuple[str, object]) -> None:
        location, value = change
        if location.startswith(("data.", "model.")):
            self._look_again()
        self._draft = self._draft.put(location, value)
        self._judge()

    def _look_again(self) -> None:
        self._choices, self._asked = self._choices.without_failures(), None

    def _judge(self) -> None:
        before = self._verdict.config
        self._verdict = judge(self._draft, self._choices)
        self._form.set_values(self._draft.values)
        self._form.set_problems(self._verdict.problems)
        self._bar.set_changed(self._begun is not None and self._draft.values != self._begun)
        self._start.set_summary(self._verdict.summary)
        self._say_reason()
        if self._verdict.config != before:
            self.config_changed.emit(self._verdict.config)
        self._pause.start()

    def _say_reason(self) -> None:
        busy = "A run is on." if self._running else ""
        self._start.set_reason(self._verdict.reason or busy, urgent=bool(self._verdict.problems))
        if self.ready != self._was_ready:
            self._was_ready = self.ready
            self.ready_changed.emit(self.ready)

    def _ask(self) -> None:
        config = self._verdict.config
        if config is not None and not self._verdict.looked and sources_of(config) != self._asked:
            self._asked = sources_of(config)
            self.choices_requested.emit(config)

    def _request_start(self) -> None:
        if self.ready:
            self.start_requested.emit(self._verdict.config)

    def _connect(self) -> None:
        self._bar.preset_requested.connect(self._take_preset)
        self._form.edited.connect(self._edit)
        self._start.start_requested.connect(self._request_start)
        self._pause.timeout.connect(self._ask)

    def _arrange(self) -> None:
        scroll = QScrollArea(self)
        scroll.setWidget(self._form)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(340)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(self._bar)
        layout.addWidget(scroll, 1)
        layout.addWidget(self._start)
