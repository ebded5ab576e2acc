"""The set-up: preset, form, what will happen, Start."""

from collections.abc import Mapping
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from vpns_engine.presets import Preset, all_presets
from vpns_engine.specs.data import DATASET_LABELS, NAMED, Dataset
from vpns_engine.specs.run import RunConfig
from vpns_engine.specs.sweep import Sweep
from vpns_gui.forms.choices import Choices, Sources, choices_at_first, sources_of
from vpns_gui.forms.data_note import DownloadSight
from vpns_gui.forms.draft import Draft
from vpns_gui.forms.form import DATA_SET, ConfigForm
from vpns_gui.forms.preset_bar import PresetBar
from vpns_gui.forms.sights import hints, preset_hints, sight_of, weights_note
from vpns_gui.forms.start_bar import StartBar
from vpns_gui.forms.verdict import judge

WIDTH_PX = 380
DATA_ROOT = "data.root"
PAUSE_MS = 250


class DataPlace(NamedTuple):
    """A data set and the data root it belongs below."""

    key: Dataset
    root: str
    """As the settings name it; empty: the one for all runs."""


class SetupPanel(QWidget):
    """Where a run is set up and started."""

    start_requested = Signal(object)
    """Start is pressed (Sweep)."""
    config_changed = Signal(object)
    """The settings amount to something else (RunConfig), or to nothing that works (None)."""
    ready_changed = Signal(bool)
    """Start goes on or off."""
    choices_requested = Signal(object)
    """Nobody has looked yet at what this RunConfig names: `gather` it beside the window, then `set_choices`."""
    shelf_requested = Signal(str)
    """Nobody has looked yet which data sets are below this data root: `gather_shelf`, then `set_choices`."""
    download_requested = Signal(object)
    """A data set is wanted on the disk (DataPlace)."""
    cancel_requested = Signal(bool)
    """The download is to stop."""
    root_requested = Signal(bool)
    """Another data root for all runs is wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets = all_presets()
        self._bar = PresetBar(self._presets, self)
        self._form = ConfigForm(self)
        self._start = StartBar(self)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._choices = choices_at_first()
        self._asked: Sources | None = None
        self._asked_shelf: str | None = None
        self._downloading: Dataset | None = None
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
    def sweep(self) -> Sweep | None:
        """The runs that the settings amount to; None where a value cannot work."""
        config = self._verdict.config
        return None if config is None else Sweep(config, self._verdict.seeds, self._start.control)

    @property
    def ready(self) -> bool:
        """Tell whether Start is on: the settings work, what they name is there, and no run is on."""
        return not (self._verdict.reason or self._running or self._waits_for_data())

    def set_choices(self, choices: Choices) -> None:
        """Take in what is offered; what was known before stays known."""
        self._choices = self._choices.merged(choices)
        self._form.set_devices(self._choices.devices)
        if choices.shelf is not None:
            self._form.set_data_hints(hints(choices.shelf.statuses))
            self._bar.set_hints(preset_hints(self._presets, choices.shelf.statuses))
        self._judge()

    def set_config(self, config: RunConfig) -> None:
        """Show a configuration, for example an opened run's."""
        draft = Draft.of(config.model_dump())
        same = (preset for preset in self._presets if Draft.of(preset.values).values == draft.values)
        self._show(draft, next(same, None))

    def set_download(self, download: DownloadSight | None, dataset: Dataset | None = None) -> None:
        """Show how far the download of a data set is; None: none is on. A run on it has to wait."""
        self._downloading = dataset if download is not None and download.is_on else None
        self._form.data_note.set_download(download)
        self._say_reason()

    def look_again(self) -> None:
        """Look at the data sets again: they may have come, or the data root may be another one."""
        self._choices, self._asked, self._asked_shelf = self._choices.without_data_sets(), None, None
        self._judge()

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
        self._forget_failure()
        self._draft = draft
        self._begun = draft.values if preset else None
        self._bar.set_preset(preset)
        self._judge()

    def _edit(self, change: tuple[str, object]) -> None:
        location, value = change
        if location.startswith(("data.", "model.")):
            self._look_again()
        if location in (DATA_SET, DATA_ROOT):
            self._forget_failure()
        self._draft = self._draft.put(location, value)
        self._judge()

    def _forget_failure(self) -> None:
        if not self._downloading:
            self._form.data_note.set_download(None)

    def _look_again(self) -> None:
        self._choices, self._asked = self._choices.without_failures(), None

    def _judge(self) -> None:
        before = self._verdict.config
        self._verdict = judge(self._draft, self._choices)
        self._form.set_values(self._draft.values)
        self._form.set_problems(self._verdict.problems)
        self._show_data()
        self._bar.set_changed(self._begun is not None and self._draft.values != self._begun)
        self._start.set_control_possible(self._verdict.config is None or not self._verdict.config.is_control)
        self._say_summary()
        self._say_reason()
        if self._verdict.config != before:
            self.config_changed.emit(self._verdict.config)
        self._pause.start()

    def _say_summary(self) -> None:
        count = len(self.sweep.configs) if self.sweep is not None else 0
        together = f"\n{count} runs, one after another" if count > 1 else ""
        self._start.set_summary(self._verdict.summary + together)

    def _say_reason(self) -> None:
        busy = "A run is on." if self._running else self._waits_for_data()
        wrong = bool(self._verdict.problems)
        self._start.set_reason(self._verdict.reason if wrong else busy or self._verdict.reason, urgent=wrong)
        if self.ready != self._was_ready:
            self._was_ready = self.ready
            self.ready_changed.emit(self.ready)

    def _waits_for_data(self) -> str:
        key = self._downloading
        return f"{DATASET_LABELS[key]} is being downloaded." if key is not None and key == self._draft.values[DATA_SET] else ""

    def _show_data(self) -> None:
        """Say how the chosen data set stands, and the others in the lists."""
        dataset, given = self._draft.values[DATA_SET], str(self._draft.values[DATA_ROOT])
        root = self._choices.shelf.root if self._choices.shelf is not None and self._choices.shelf.given == given else ""
        status = self._choices.status(dataset, given)
        self._form.data_note.set_sight(sight_of(dataset, status, root, own_root=bool(given.strip())))
        absent = self._choices.shelf.no_weights if self._choices.shelf is not None else frozenset[str]()
        self._form.set_weights_note(weights_note(self._draft.values, absent))

    def _request_download(self) -> None:
        key = next((key for key in NAMED if key == self._draft.values[DATA_SET]), None)
        if key is not None:
            self.download_requested.emit(DataPlace(key, str(self._draft.values[DATA_ROOT])))

    def _ask(self) -> None:
        given = str(self._draft.values[DATA_ROOT])
        if self._asked_shelf != given:
            self._asked_shelf = given
            self.shelf_requested.emit(given)
        config = self._verdict.config
        if config is not None and not self._verdict.looked and sources_of(config) != self._asked:
            self._asked = sources_of(config)
            self.choices_requested.emit(config)

    def _request_start(self) -> None:
        if self.ready:
            self.start_requested.emit(self.sweep)

    def _connect(self) -> None:
        self._bar.preset_requested.connect(self._take_preset)
        self._form.edited.connect(self._edit)
        note = self._form.data_note
        note.download_requested.connect(self._request_download)
        note.cancel_requested.connect(self.cancel_requested)
        note.look_requested.connect(self.look_again)
        note.root_requested.connect(self.root_requested)
        self._start.start_requested.connect(self._request_start)
        self._start.control_changed.connect(self._say_summary)
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
