"""The set-up form: starts runs, fills the queue, keeps presets, and looks beside the window at what a configuration names."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QInputDialog, QLineEdit, QWidget

from vpns_engine.cli_line import command_line
from vpns_engine.errors import EngineError
from vpns_engine.presets import Preset, own_presets, remove_preset, rename_preset, save_preset
from vpns_engine.specs.run import RunConfig
from vpns_engine.specs.sweep import Sweep
from vpns_engine.waiting import Entry
from vpns_gui.background import Background
from vpns_gui.controllers.queue import QueueController
from vpns_gui.controllers.run import RunController
from vpns_gui.controllers.run_bar import title_of
from vpns_gui.dialogs.question import ask
from vpns_gui.forms.choices import gather
from vpns_gui.forms.setup_panel import SetupPanel
from vpns_gui.notices import Notices
from vpns_gui.session import Session


class SetupController(QObject):
    """Connects the form with the run controller, the queue and the presets."""

    def __init__(
        self,
        session: Session,
        run: RunController,
        queue: QueueController,
        panel: SetupPanel,
        notices: Notices,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._run = run
        self._queue = queue
        self._panel = panel
        self._notices = notices
        self._window = window
        self._edited = ""
        self._scan = Background(self)
        self._scan.done.connect(panel.set_choices)
        self._scan.failed.connect(partial(notices.say, severity="warning"))
        panel.start_requested.connect(self._start)
        panel.queue_requested.connect(self._add)
        panel.put_back_requested.connect(self._put_back)
        panel.edit_cancelled.connect(self._end_editing)
        panel.choices_requested.connect(self._look)
        panel.save_requested.connect(self._ask_name)
        panel.rename_requested.connect(self._ask_new_name)
        panel.remove_requested.connect(self._ask_removal)
        queue.edit_requested.connect(self._edit)
        run.state_changed.connect(self._update)

    def load(self) -> None:
        """Offer the person's own presets."""
        self._read_presets()

    def start(self, *, again: bool = False) -> None:
        """Start with the form's settings, if they can work; `again`: also what is done already."""
        if self._panel.ready and self._panel.sweep is not None:
            self._start(self._panel.sweep, again=again)

    def _start(self, sweep: Sweep, *, again: bool = False) -> None:
        self._run.start(*sweep.configs, again=again)

    def _add(self, sweep: Sweep) -> None:
        self._queue.add(sweep.configs)

    def _edit(self, entry: Entry) -> None:
        self._edited = entry.key
        self._panel.begin_editing(entry.config, title_of(entry.config))

    def _put_back(self, config: RunConfig) -> None:
        self._queue.replace(self._edited, config)
        self._end_editing()

    def _end_editing(self) -> None:
        self._edited = ""
        self._panel.end_editing()
        self._queue.end_editing()

    def take_over(self) -> None:
        """Put the open run's settings into the form."""
        if self._session.store is not None:
            self._panel.set_config(self._session.store.config)

    def copy_command(self) -> None:
        """Put a line for a terminal that does the form's settings on the clipboard."""
        sweep = self._panel.sweep
        if sweep is None or self._panel.lists:
            self._notices.say("No command line: the settings cannot work as they are, or have several values", "warning")
            return
        line = command_line(sweep.config, seeds=sweep.seeds, control=sweep.control)
        QGuiApplication.clipboard().setText(line)
        self._notices.say(f"Copied: {line}")

    def _read_presets(self) -> None:
        self._panel.set_own_presets(own_presets(lambda line: self._notices.say(line, "warning")))

    def _ask_name(self, proposed: str) -> None:
        self._ask_text("savePresetName", "Save these settings as a preset called", proposed, self._save)

    def _ask_new_name(self, preset: Preset) -> None:
        self._ask_text("renamePresetName", f"Call the preset '{preset.name}'", preset.name, partial(self._rename, preset))

    def _ask_text(self, name: str, label: str, text: str, then: Callable[[str], None]) -> None:
        dialog = QInputDialog(self._window)
        dialog.setObjectName(name)
        dialog.setWindowTitle("Presets")
        dialog.setLabelText(label)
        dialog.setTextEchoMode(QLineEdit.EchoMode.Normal)
        dialog.setTextValue(text)
        dialog.textValueSelected.connect(then)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _save(self, name: str) -> None:
        config = self._panel.config
        if config is not None:
            self._change_presets(lambda: save_preset(name, config))

    def _rename(self, preset: Preset, name: str) -> None:
        self._change_presets(lambda: rename_preset(preset.key, name))

    def _ask_removal(self, preset: Preset) -> None:
        ask(
            self._window,
            f"Remove the preset '{preset.name}'?",
            "The settings in the form stay as they are.",
            accept="Remove",
            refuse="Keep",
            accepted=lambda: self._change_presets(lambda: remove_preset(preset.key)),
        )

    def _change_presets(self, change: Callable[[], Preset | None]) -> None:
        try:
            made = change()
        except EngineError as error:
            self._notices.say(f"Presets: {error}", "error")
            return
        self._read_presets()
        if made is not None:
            self._panel.choose_preset(made)

    def _look(self, config: RunConfig) -> None:
        self._scan.start(partial(gather, config))

    def _update(self) -> None:
        self._panel.set_running(self._run.state != "idle")
