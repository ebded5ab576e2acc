"""The Edit menu: undo and redo of the settings, and copying what the tab shows."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QMenu, QTabWidget, QWidget

from vpns_gui.forms.setup_panel import SetupPanel
from vpns_gui.menus import Menus
from vpns_gui.take_away import TakeAway, nearest, shown_in


class EditController(QObject):
    """Connects the menu to the form and to what is offered on screen."""

    def __init__(self, menus: Menus, setup: SetupPanel, tabs: QTabWidget, window: QWidget) -> None:
        super().__init__(window)
        self._menus, self._tabs, self._window = menus, tabs, window
        menus.undo.triggered.connect(lambda: setup.undo())
        menus.redo.triggered.connect(lambda: setup.redo())
        setup.steps_changed.connect(self._show_steps)
        setup.tell_steps()
        menus.copy.triggered.connect(self._copy)
        menus.copy_table.aboutToShow.connect(lambda: self._list(menus.copy_table, True))
        menus.copy_picture.aboutToShow.connect(lambda: self._list(menus.copy_picture, False))

    def _show_steps(self, steps: tuple[str, str]) -> None:
        for action, words, what in zip((self._menus.undo, self._menus.redo), ("&Undo", "&Redo"), steps, strict=True):
            action.setEnabled(bool(what))
            action.setText(f"{words}: {what.replace('&', '&&')}" if what else words)

    def _copy(self) -> None:
        focus = QApplication.focusWidget()
        found = nearest(focus) if focus is not None and self._window.isAncestorOf(focus) else None
        shown = [found] if found is not None else self._shown()
        if shown:
            shown[0].copy()

    def _shown(self) -> list[TakeAway]:
        page = self._tabs.currentWidget()
        return shown_in(page) if page is not None else []

    def _list(self, menu: QMenu, tables: bool) -> None:
        """Offer what is on screen, each by its name; what several widgets offer under one name is the same, and comes once."""
        menu.clear()
        for found in {found.name: found for found in self._shown()}.values():
            if found.has_table if tables else found.has_picture:
                act: Callable[[], None] = found.copy_table if tables else found.copy_picture
                menu.addAction(found.name.replace("&", "&&")).triggered.connect(lambda _checked=False, act=act: act())
        if menu.isEmpty():
            menu.addAction(f"No {'table' if tables else 'picture'} is shown in this tab").setEnabled(False)
