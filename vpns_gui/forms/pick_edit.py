"""One of many values: the closed box of a choice, with a grouped list that is searched by typing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent, QStandardItemModel
from PySide6.QtWidgets import QWidget

from vpns_gui.forms.editors import ChoiceEdit
from vpns_gui.forms.entries import Entry
from vpns_gui.forms.picker import PickList


class PickEdit(ChoiceEdit):
    """A choice among many. A letter typed on it opens the list and narrows it."""

    def __init__(self, parent: QWidget | None, entries: Sequence[Entry], names: Mapping[str, str] | None = None) -> None:
        """`names`: what a person reads for the values, also for those that are not offered."""
        super().__init__(parent, names or {})
        self._list = PickList(self)
        self._list.chosen.connect(self._take)
        self._entries: tuple[Entry, ...] = ()
        self.set_entries(entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is offered."""
        return self._entries

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Offer these; what was chosen stays chosen, offered or not."""
        self._entries = tuple(entries)
        chosen = self.value()
        with QSignalBlocker(self):
            self.set_words({entry.value: entry.text for entry in entries})
            self.setCurrentIndex(-1 if chosen is None else self.findData(chosen))
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        for entry in entries:
            model.item(self.findData(entry.value)).setEnabled(not entry.off)

    def set_hints(self, hints: Mapping[str, str]) -> None:
        """Put a few words beside the entries, by value."""
        self._entries = tuple(replace(entry, hint=hints.get(entry.value, "")) for entry in self._entries)

    def open_list(self, typed: str = "") -> PickList:
        """Open the list, narrowed to what is typed."""
        self._list.open_below(self, self._entries, self.value(), typed)
        return self._list

    def _take(self, value: object) -> None:
        self.setCurrentIndex(self.findData(value))

    def showPopup(self) -> None:  # noqa: N802
        """Open the list in place of a combo box's own."""
        self.open_list()

    def hidePopup(self) -> None:  # noqa: N802
        """Close the list."""
        self._list.hide()

    def keyPressEvent(self, pressed: QKeyEvent) -> None:  # noqa: N802
        """Search for what is typed; arrows and shortcuts work as in any choice."""
        commands = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
        text = pressed.text()
        if text.strip() and text.isprintable() and not pressed.modifiers() & commands:
            self.open_list(text)
        else:
            super().keyPressEvent(pressed)
