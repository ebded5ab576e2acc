"""The View menu: a folded run bar, the full view, and the layout of the first start."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from vpns_gui.menus import Menus
from vpns_gui.settings import Settings
from vpns_gui.views.run_bar import RunBar
from vpns_gui.window_layout import WindowLayout

_FOLDED = "runBarFolded"


class ArrangementController(QObject):
    """Connects the menu to the window's layout and to the run bar, and remembers how that was."""

    def __init__(self, menus: Menus, layout: WindowLayout, bar: RunBar, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._menus, self._layout, self._bar, self._settings = menus, layout, bar, settings
        menus.fold.toggled.connect(self._fold)
        bar.fold_requested.connect(menus.fold.setChecked)
        menus.full.toggled.connect(layout.set_full)
        layout.full_changed.connect(menus.full.setChecked)
        menus.reset_layout.triggered.connect(self._reset)
        menus.fold.setChecked(settings.word(_FOLDED) == "yes")

    def _fold(self, folded: bool) -> None:
        self._bar.set_folded(folded)
        self._settings.keep_word(_FOLDED, "yes" if folded else "no")

    def _reset(self) -> None:
        self._menus.fold.setChecked(False)
        self._layout.reset()
