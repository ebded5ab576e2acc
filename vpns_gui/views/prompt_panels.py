"""The pictures of a prompt: side by side where there is room for all, else one at a time, chosen with a switch."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QTabBar, QWidget

_GAP = 10
_WIDE_PX, _TALL_PX = 620, 480
_TALL_ROOM_PX = 360
_LARGE_SHARE = 0.6


class PromptPanels(QWidget):
    """Places three panels: the first one large, two small ones beside or below it."""

    all_seen_changed = Signal(bool)
    """All of them are seen at once now, or one at a time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panels: tuple[QWidget, ...] = ()
        self._chosen = 0
        self._all_seen = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_panels(self, panels: Sequence[QWidget]) -> None:
        """Take the panels, the large one first; they become this widget's children."""
        self._panels = tuple(panels)
        for panel in self._panels:
            panel.setParent(self)
        self._place()

    def choose(self, index: int) -> None:
        """Show this one where there is no room for all."""
        self._chosen = index
        self._place()

    @property
    def all_seen(self) -> bool:
        """Tell whether all are seen at once."""
        return self._all_seen

    def sees(self, index: int) -> bool:
        """Tell whether this one is seen."""
        return self._all_seen or index == self._chosen

    def _areas(self) -> list[QRect]:
        """Give the places of all panels; none where they do not fit."""
        room = self.rect()
        if room.width() >= _WIDE_PX and room.height() >= 2 * 130 + _GAP:
            left = round((room.width() - _GAP) * _LARGE_SHARE)
            right, half = room.width() - left - _GAP, (room.height() - _GAP) // 2
            large = QRect(0, 0, left, room.height())
            return [large, QRect(left + _GAP, 0, right, half), QRect(left + _GAP, half + _GAP, right, half)]
        if room.height() >= _TALL_PX and room.width() >= _TALL_ROOM_PX:
            above, half = round((room.height() - _GAP) * _LARGE_SHARE), (room.width() - _GAP) // 2
            below = room.height() - above - _GAP
            large = QRect(0, 0, room.width(), above)
            return [large, QRect(0, above + _GAP, half, below), QRect(half + _GAP, above + _GAP, half, below)]
        return []

    def _place(self) -> None:
        areas = self._areas()
        for number, panel in enumerate(self._panels):
            panel.setGeometry(areas[number] if areas else self.rect())
            panel.setVisible(bool(areas) or number == self._chosen)
        if bool(areas) != self._all_seen:
            self._all_seen = bool(areas)
            self.all_seen_changed.emit(self._all_seen)

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Place the panels anew."""
        super().resizeEvent(resized)
        self._place()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Leave room for the one panel that needs most."""
        size = QSize(120, 110)
        for panel in self._panels:
            size = size.expandedTo(panel.minimumSizeHint()).expandedTo(panel.minimumSize())
        return size


def make_switch(name: str, accessible: str, titles: Sequence[tuple[str, str]], parent: QWidget) -> QTabBar:
    """Make a row of tabs, each with its tool tip."""
    switch = QTabBar(parent)
    switch.setObjectName(name)
    switch.setAccessibleName(accessible)
    switch.setDrawBase(False)
    switch.setExpanding(False)
    switch.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    for number, (title, tip) in enumerate(titles):
        switch.addTab(title)
        switch.setTabToolTip(number, tip)
    return switch
