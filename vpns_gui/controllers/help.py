"""Help: the keys of the window as its actions and views tell them, the terms, what this program is."""

from collections.abc import Iterator

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QWidget

from vpns_gui.dialogs.about import AboutDialog
from vpns_gui.dialogs.shortcuts import KeyGroup, ShortcutsDialog
from vpns_gui.dialogs.terms import TermsDialog
from vpns_gui.keys import told_keys
from vpns_gui.menus import Menus
from vpns_gui.terms import TERM

_NATIVE = QKeySequence.SequenceFormat.NativeText


class HelpController(QObject):
    """Opens what the Help menu offers."""

    def __init__(self, menus: Menus, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        menus.shortcuts.triggered.connect(self._show_keys)
        menus.terms.triggered.connect(lambda: self._show_terms(""))
        menus.help_here.triggered.connect(self._help_here)
        menus.about.triggered.connect(lambda: AboutDialog(window).open())

    def _show_keys(self) -> None:
        ShortcutsDialog(key_groups(self._window), self._window).open()

    def _show_terms(self, term: str) -> None:
        dialog = TermsDialog(self._window)
        dialog.open()
        if term:
            dialog.show_term(term)

    def _help_here(self) -> None:
        term = _term_at(QApplication.focusWidget())
        if term:
            self._show_terms(term)
        else:
            self._show_keys()


def key_groups(window: QMainWindow) -> list[KeyGroup]:
    """Gather all keys: those of the menus, of the tabs, of buttons and of what has keys when it has the focus."""
    groups, listed = [], set[QAction]()
    for top in window.menuBar().actions():
        menu = top.menu()
        if isinstance(menu, QMenu):
            actions = [action for action in _actions(menu) if not action.shortcut().isEmpty()]
            listed.update(actions)
            groups.append(KeyGroup(_plain(top.text()), [(_keys(action), _plain(action.text())) for action in actions]))
    groups.append(KeyGroup("Tabs", [(key.key().toString(_NATIVE), key.whatsThis()) for key in _shortcuts(window)]))
    others = [action for action in window.findChildren(QAction) if action not in listed and not action.shortcut().isEmpty()]
    for place in dict.fromkeys(_place(action) for action in others):
        keys = [(_keys(action), _plain(action.text() or action.toolTip())) for action in others if _place(action) == place]
        groups.append(KeyGroup(place, keys))
    told = {group[0]: group for widget in window.findChildren(QWidget) if (group := told_keys(widget)) is not None}
    groups += [KeyGroup(*group) for group in told.values()]  # pictures of one kind are told of once
    return [group for group in groups if group.keys]


def _actions(menu: QMenu) -> Iterator[QAction]:
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            yield from _actions(below)
        else:
            yield action


def _place(action: QAction) -> str:
    """Name the view an action is in."""
    around = action.parent()
    while around is not None:
        if isinstance(around, QWidget) and around.accessibleName():
            return around.accessibleName()
        around = around.parent()
    return "Elsewhere"


def _shortcuts(window: QWidget) -> list[QShortcut]:
    return [key for key in window.findChildren(QShortcut) if not key.key().isEmpty()]


def _keys(action: QAction) -> str:
    return ", ".join(key.toString(_NATIVE) for key in action.shortcuts())


def _plain(text: str) -> str:
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").removesuffix(" …")


def _term_at(widget: QWidget | None) -> str:
    """Name the term a widget is about, or the nearest one around it."""
    while widget is not None:
        term = widget.property(TERM)
        if term:
            return str(term)
        widget = widget.parentWidget()
    return ""
