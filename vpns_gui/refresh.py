"""Repaints what changed: at most ten times a second, and only what is on screen."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

INTERVAL_MS = 100


@dataclass
class _Entry:
    view: QWidget
    repaint: Callable[[], None]
    dirty: bool = False


class Refresh(QObject):
    """A list of views with what repaints them."""

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self._entries: list[_Entry] = []
        timer = QTimer(self)
        timer.setInterval(INTERVAL_MS)
        timer.timeout.connect(self._tick)
        timer.start()

    def add(self, view: QWidget, repaint: Callable[[], None]) -> Callable[[], None]:
        """Register a view; call what is returned whenever its content has changed."""
        entry = _Entry(view, repaint)
        self._entries.append(entry)

        def mark() -> None:
            entry.dirty = True

        return mark

    def _tick(self) -> None:
        for entry in self._entries:
            if entry.dirty and entry.view.isVisible():
                entry.dirty = False
                entry.repaint()
