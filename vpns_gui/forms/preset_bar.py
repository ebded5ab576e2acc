"""The preset picker: a ready-made configuration to start from, and the way back to it."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from vpns_engine.presets import OWN, Preset
from vpns_gui import theme
from vpns_gui.forms.offered import preset_entries
from vpns_gui.forms.pick_edit import PickEdit
from vpns_gui.theme import Colours


class PresetBar(QWidget):
    """Offers presets by name and says what the chosen one is for."""

    preset_requested = Signal(object)
    """A preset is chosen, or wanted back as it was (its Preset)."""
    save_requested = Signal(str)
    """The settings are to be kept as a preset; the name that stands here, if it is one of the person's own."""
    rename_requested = Signal(object)
    """A preset of the person's own is to have another name (its Preset)."""
    remove_requested = Signal(object)
    """A preset of the person's own is to go (its Preset)."""

    def __init__(self, presets: Sequence[Preset], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets = {preset.key: preset for preset in presets}
        self._possible = True
        self._combo = PickEdit(self, preset_entries(presets))
        self._combo.setObjectName("preset")
        self._combo.setAccessibleName("Preset")
        self._combo.setPlaceholderText("Own settings")
        self._reset = QToolButton(self)
        self._reset.setObjectName("reset")
        self._reset.setText("Reset")
        self._reset.setToolTip("<p>Take every setting of the preset again.</p>")
        self._more = QPushButton("Presets", self)
        self._more.setObjectName("presetMore")
        self._more.setAccessibleName("Presets of your own")
        self._more.setToolTip("<p>Save these settings as a preset of your own, rename or remove one.</p>")
        self._save, self._rename, self._remove = self._make_menu()
        self._about = QLabel(self)
        self._about.setObjectName("presetAbout")
        self._about.setWordWrap(True)
        self._arrange()
        self._combo.value_changed.connect(self._request)
        self._reset.clicked.connect(self._request)
        theme.follow(self, self._colour)

    def set_presets(self, presets: Sequence[Preset]) -> None:
        """Offer these; what was chosen stays chosen."""
        chosen = self._combo.value()
        self._presets = {preset.key: preset for preset in presets}
        with QSignalBlocker(self._combo):
            self._combo.set_entries(preset_entries(presets))
            self._combo.setCurrentIndex(self._combo.findData(chosen) if chosen in self._presets else -1)

    def set_can_save(self, possible: bool) -> None:
        """Tell whether the settings work: only then they can be kept."""
        self._possible = possible

    def set_preset(self, preset: Preset | None) -> None:
        """Show which preset the settings come from; None: from none."""
        with QSignalBlocker(self._combo):
            self._combo.setCurrentIndex(-1 if preset is None else self._combo.findData(preset.key))
        self._about.setText(preset.about if preset else "No preset: settings of your own, or of a run.")

    def set_hints(self, hints: Mapping[str, str]) -> None:
        """Say beside each preset, by its key, how its data set stands."""
        self._combo.set_hints(hints)

    def set_changed(self, changed: bool) -> None:
        """Tell whether the settings differ from the preset's."""
        self._reset.setEnabled(changed)
        preset = self._chosen()
        if preset is not None:
            self._about.setText(f"Changed. The preset itself: {preset.about}" if changed else preset.about)

    def _request(self) -> None:
        preset = self._chosen()
        if preset is not None:
            self.preset_requested.emit(preset)

    def _chosen(self) -> Preset | None:
        return self._presets.get(str(self._combo.value()))

    def _make_menu(self) -> tuple[QAction, QAction, QAction]:
        menu = QMenu(self._more)
        self._more.setMenu(menu)
        menu.aboutToShow.connect(self._fit_menu)
        save = menu.addAction("Save as preset …")
        save.setObjectName("savePreset")
        save.triggered.connect(lambda: self.save_requested.emit(self._own.name if self._own is not None else ""))
        rename = menu.addAction("Rename this preset …")
        rename.setObjectName("renamePreset")
        rename.triggered.connect(lambda: self.rename_requested.emit(self._own))
        remove = menu.addAction("Remove this preset …")
        remove.setObjectName("removePreset")
        remove.triggered.connect(lambda: self.remove_requested.emit(self._own))
        return save, rename, remove

    @property
    def _own(self) -> Preset | None:
        preset = self._chosen()
        return preset if preset is not None and preset.key.startswith(OWN) else None

    def _fit_menu(self) -> None:
        self._save.setEnabled(self._possible)
        for action in (self._rename, self._remove):
            action.setEnabled(self._own is not None)

    def _arrange(self) -> None:
        choice, about = QHBoxLayout(), QHBoxLayout()
        choice.addWidget(self._combo, 1)
        choice.addWidget(self._reset)
        about.addWidget(self._about, 1)
        about.addWidget(self._more, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for row in (choice, about):
            row.setSpacing(8)
            layout.addLayout(row)

    def _colour(self, colours: Colours) -> None:
        self._about.setStyleSheet(f"color: {colours.muted}")
