"""The set-up: preset, form, what will happen, Start."""

from collections.abc import Mapping, Sequence
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
from vpns_gui.forms.estimate_line import EstimateLine
from vpns_gui.forms.fields import TYPED, form_fields
from vpns_gui.forms.form import DATA_SET, ConfigForm
from vpns_gui.forms.memory import FormState
from vpns_gui.forms.own_undo import OwnUndo
from vpns_gui.forms.preset_bar import PresetBar
from vpns_gui.forms.sights import hints, preset_hints, sight_of, weights_note
from vpns_gui.forms.start_bar import StartBar
from vpns_gui.forms.undo import Steps
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
    queue_requested = Signal(object)
    """The settings are to be put in the queue (Sweep)."""
    sweep_requested = Signal()
    """Several values of some settings are wanted."""
    put_back_requested = Signal(object)
    """The run of the queue that is edited is to have these settings (RunConfig)."""
    edit_cancelled = Signal()
    """The run of the queue that is edited is to stay as it was."""
    state_changed = Signal(object)
    """Something in the form is another (FormState)."""
    devices_changed = Signal(object)
    """The devices of this machine are known (a tuple, as the form offers them)."""
    save_requested = Signal(str)
    """The settings are to be kept as a preset; a name to propose."""
    rename_requested = Signal(object)
    """A preset of the person's own is to have another name (Preset)."""
    remove_requested = Signal(object)
    """A preset of the person's own is to go (Preset)."""
    config_changed = Signal(object)
    """The settings amount to something else (RunConfig), or to nothing that works (None)."""
    summed = Signal(object)
    """What the settings amount to was said (Sweep), or that they amount to nothing (None)."""
    ready_changed = Signal(bool)
    """Start, or Add to queue, goes on or off."""
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

    steps_changed = Signal(object)
    """(what an undo takes back, what a redo does again); empty where there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets: tuple[Preset, ...] = all_presets()
        self._bar = PresetBar(self._presets, self)
        self._form = ConfigForm(self)
        self._start = StartBar(self)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._choices = choices_at_first()
        self._asked: Sources | None = None
        self._asked_shelf: str | None = None
        self._downloading: Dataset | None = None
        self._running, self._was_ready = False, (False, False)
        self._draft = Draft.of(self._presets[0].values)
        self._begun: Mapping[str, object] | None = None
        self._preset = ""
        self._before: FormState | None = None
        """What stood in the form before a run of the queue was edited; None while none is."""
        self._told: FormState | None = None
        self._verdict = judge(self._draft, self._choices)
        self._steps = Steps()
        self._arrange()
        self._connect()
        self._take_preset(self._presets[0])
        self.begin_steps()

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
        return not (self._verdict.reason or self._running or self._waits_for_data() or self.editing)

    @property
    def estimate_line(self) -> EstimateLine:
        """Where it is said what a run takes."""
        return self._start.estimate_line

    @property
    def why_not_estimated(self) -> str:
        """Say why the settings cannot be timed; empty where they can."""
        return self._verdict.reason or self._waits_for_data()

    @property
    def choices(self) -> Choices:
        """What is offered, as far as known."""
        return self._choices

    @property
    def lists(self) -> Mapping[str, tuple[object, ...]]:
        """Fields in which several values are typed, by location; the seeds are not among them."""
        return self._verdict.lists

    @property
    def state(self) -> FormState:
        """All that stands in the form."""
        return FormState(self._draft, self._preset, self._start.control_wanted)

    @property
    def editing(self) -> bool:
        """Tell whether the settings are those of a run of the queue."""
        return self._before is not None

    @property
    def can_queue(self) -> bool:
        """Tell whether the settings can be put in the queue: whether a run is on does not matter."""
        return not (self._verdict.reason or self.editing)

    def queue_up(self) -> None:
        """Ask for the settings to be put in the queue, if they can work."""
        if self.can_queue:
            self.queue_requested.emit(self.sweep)

    def set_state(self, state: FormState) -> None:
        """Show all that stood in a form."""
        preset = next((preset for preset in self._presets if preset.key == state.preset), None)
        self._start.set_control_wanted(state.control)
        self._show(state.draft, preset)

    def begin_steps(self) -> None:
        """Let no undo go further back than what stands here now."""
        self._steps.begin(self.state)
        self.tell_steps()

    def undo(self) -> None:
        """Take the last edit back."""
        self._put_step(self._steps.undo())

    def redo(self) -> None:
        """Do again what the last undo took back."""
        self._put_step(self._steps.redo())

    def tell_steps(self) -> None:
        """Say once more what an undo takes back and a redo does again."""
        self.steps_changed.emit((self._steps.back, self._steps.forth))

    def set_own_presets(self, presets: Sequence[Preset]) -> None:
        """Offer a person's own presets beside those of the program."""
        self._presets = (*all_presets(), *presets)
        self._bar.set_presets(self._presets)
        if self._preset and self._preset not in {preset.key for preset in self._presets}:
            self._preset, self._begun = "", None
            self._bar.set_preset(None)
            self._judge()

    def choose_preset(self, preset: Preset) -> None:
        """Say that the settings are those of a preset."""
        self._preset, self._begun = preset.key, self._draft.values
        self._bar.set_preset(preset)
        self._judge()
        self._note("the preset")

    def begin_editing(self, config: RunConfig, name: str) -> None:
        """Show the settings of a run of the queue, to be put back into it."""
        self._before = self._before or self.state
        self.set_config(config)
        self.begin_steps()
        self._start.set_edited(name)
        self._say_reason()

    def end_editing(self) -> None:
        """Show what stood here before."""
        before, self._before = self._before, None
        self._start.set_edited("")
        if before is not None:
            self.set_state(before)
            self.begin_steps()

    def set_choices(self, choices: Choices) -> None:
        """Take in what is offered; what was known before stays known."""
        self._choices = self._choices.merged(choices)
        self._form.set_devices(self._choices.devices)
        if choices.devices:
            self.devices_changed.emit(choices.devices)
        if choices.shelf is not None:
            self._form.set_data_hints(hints(choices.shelf.statuses))
            self._bar.set_hints(preset_hints(self._presets, choices.shelf.statuses))
        self._judge()

    def set_config(self, config: RunConfig) -> None:
        """Show a configuration, for example an opened run's."""
        draft = Draft.of(config.model_dump())
        same = (preset for preset in self._presets if Draft.of(preset.values).values == draft.values)
        self._show(draft, next(same, None))
        self._note("all settings")

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
        self._note("the preset")

    def _show(self, draft: Draft, preset: Preset | None) -> None:
        self._look_again()
        self._forget_failure()
        self._draft = draft
        self._preset = preset.key if preset else ""
        self._begun = Draft.of(preset.values).values if preset else None
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
        field = form_fields()[location]
        self._note(field.label, joined=location if field.kind in TYPED else "")

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
        self._bar.set_can_save(self._verdict.config is not None and not self._verdict.lists)
        if self._verdict.config != before:
            self.config_changed.emit(self._verdict.config)
        self._tell_state()
        self._pause.start()

    def _note(self, words: str, *, joined: str = "") -> None:
        self._steps.note(self.state, words, joined=joined)
        self.tell_steps()

    def _put_step(self, state: FormState | None) -> None:
        if state is not None:
            self.set_state(state)
            self.tell_steps()

    def _tell_state(self) -> None:
        if not self.editing and self.state != self._told:  # what is edited belongs to the queue
            self._told = self.state
            self.state_changed.emit(self._told)

    def _change_control(self) -> None:
        self._say_summary()
        self._tell_state()
        self._note("Control arm as well")

    def _say_summary(self) -> None:
        count = len(self.sweep.configs) if self.sweep is not None else 0
        together = f"\n{count} runs, one after another" if count > 1 else ""
        self._start.set_summary(self._verdict.summary + together)
        self.summed.emit(self.sweep)

    def _say_reason(self) -> None:
        busy = "A run is on." if self._running else self._waits_for_data()
        wrong = bool(self._verdict.problems)
        self._start.set_reason(self._verdict.reason if wrong else busy or self._verdict.reason, urgent=wrong)
        self._start.set_can_queue(self._verdict.reason)
        if (self.ready, self.can_queue) != self._was_ready:
            self._was_ready = (self.ready, self.can_queue)
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

    def _request_put_back(self) -> None:
        if not self._verdict.reason and self.editing:
            self.put_back_requested.emit(self.config)

    def _connect(self) -> None:
        self._bar.preset_requested.connect(self._take_preset)
        self._form.edited.connect(self._edit)
        OwnUndo(self._form).left.connect(self._steps.part)
        note = self._form.data_note
        note.download_requested.connect(self._request_download)
        note.cancel_requested.connect(self.cancel_requested)
        note.look_requested.connect(self.look_again)
        note.root_requested.connect(self.root_requested)
        self._start.start_requested.connect(self._request_start)
        self._start.control_changed.connect(self._change_control)
        self._start.queue_requested.connect(self.queue_up)
        self._start.sweep_requested.connect(self.sweep_requested)
        self._start.put_back_requested.connect(self._request_put_back)
        self._start.cancel_requested.connect(self.edit_cancelled)
        self._bar.save_requested.connect(self.save_requested)
        self._bar.rename_requested.connect(self.rename_requested)
        self._bar.remove_requested.connect(self.remove_requested)
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
