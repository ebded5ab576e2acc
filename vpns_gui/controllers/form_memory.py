"""The form comes back as it was left: written a moment after each change, read at the start."""

import json
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from vpns_engine.errors import EngineError
from vpns_engine.files import write_text
from vpns_engine.settings_files import damage, read_settings, set_aside
from vpns_gui.forms.memory import FormState
from vpns_gui.forms.setup_panel import SetupPanel
from vpns_gui.notices import Notices

AFTER_MS = 600


class FormMemory(QObject):
    """Keeps `form.json` in the settings folder."""

    def __init__(self, panel: SetupPanel, notices: Notices, folder: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._panel = panel
        self._notices = notices
        self._path = folder / "form.json"
        self._failed = False
        self._soon = QTimer(self, singleShot=True, interval=AFTER_MS)
        self._soon.timeout.connect(self.save)
        panel.state_changed.connect(lambda _state: self._soon.start())

    def restore(self) -> None:
        """Put back what was left, if it can be read."""
        try:
            found = read_settings(self._path)
        except EngineError as error:
            self._notices.say(f"The form starts anew: {set_aside(self._path, str(error))}", "warning")
            return
        state = FormState.from_json(found)
        if state is not None:
            self._panel.set_state(state)
            self._panel.begin_steps()
            self._soon.stop()
        elif found is not None:
            self._notices.say(f"The form starts anew: {damage(self._path, 'it holds no settings')}", "warning")

    def save(self) -> None:
        """Write what stands in the form now."""
        self._soon.stop()
        if self._panel.editing:
            return
        try:
            write_text(self._path, json.dumps(self._panel.state.to_json(), indent=1))
            self._failed = False
        except EngineError as error:
            if not self._failed:  # once is enough: it is tried again at each change
                self._notices.say(f"The form cannot be kept: {error}", "warning")
            self._failed = True

    def close(self) -> None:
        """Write what has not been written yet."""
        if self._soon.isActive():
            self.save()
