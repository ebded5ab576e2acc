"""The preset picker: a ready-made configuration to start from, and the way back to it."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QWidget

from vpns_engine.presets import Preset
from vpns_gui import theme
from vpns_gui.forms.offered import preset_entries
from vpns_gui.forms.pick_edit import PickEdit
from vpns_gui.theme import Colours


class PresetBar(QWidget):
    """Offers presets by name and says what the chosen one is for."""

    preset_requested = Signal(object)
    """A preset is chosen, or wanted back as it was (its Preset)."""

    def __init__(self, presets: Sequence[Preset], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets = {preset.key: preset for preset in presets}
        self._combo = PickEdit(self, preset_entries(presets))
        self._combo.setObjectName("preset")
        self._combo.setAccessibleName("Preset")
        self._combo.setPlaceholderText("Own settings")
        self._reset = QToolButton(self)
        self._reset.setObjectName("reset")
        self._reset.setText("Reset")
        self._reset.setToolTip("<p>Take every setting of the preset again.</p>")
        self._about = QLabel(self)
        self._about.setObjectName("presetAbout")
        self._about.setWordWrap(True)
        self._arrange()
        self._combo.value_changed.connect(self._request)
        self._reset.clicked.connect(self._request)
        theme.follow(self, self._colour)

    def set_preset(self, preset: Preset | None) -> None:
        """Show which preset the settings come from; None: from none."""
        with QSignalBlocker(self._combo):
            self._combo.setCurrentIndex(-1 if preset is None else self._combo.findData(preset.key))
        self._about.setText(preset.about if preset else "The settings of an opened run.")

    def set_hints(self, hints: Mapping[str, str]) -> None:
        """Say beside each preset, by its key, how its data set stands."""
        self._combo.set_hints(hints)

    def set_changed(self, changed: bool) -> None:
        """Tell whether the settings differ from the preset's."""
        self._reset.setEnabled(changed)
        preset = self._presets.get(str(self._combo.value()))
        if preset is not None:
            self._about.setText(f"Changed. The preset itself: {preset.about}" if changed else preset.about)

    def _request(self) -> None:
        preset = self._presets.get(str(self._combo.value()))
        if preset is not None:
            self.preset_requested.emit(preset)

    def _arrange(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.addWidget(self._combo, 0, 0)
        layout.addWidget(self._reset, 0, 1)
        layout.addWidget(self._about, 1, 0, 1, 2)
        layout.setColumnStretch(0, 1)

    def _colour(self, colours: Colours) -> None:
        self._about.setStyleSheet(f"color: {colours.muted}")
