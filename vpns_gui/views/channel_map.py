"""The density map of a layer, output channels downwards, input channels to the right, with the dead ones marked."""

from collections.abc import Sequence

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from vpns_gui.theme import colours
from vpns_gui.views.picture import Picture

_EDGE_PX, _MARK_PX = 6, 3


class ChannelMap(Picture):
    """A picture with marks beside its rows and above its columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, stretch=True, least=110)
        self._rows: tuple[float, ...] = ()
        self._columns: tuple[float, ...] = ()

    @property
    def marks(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The marked rows and columns, in the picture's pixels."""
        return self._rows, self._columns

    def set_marks(self, rows: Sequence[float], columns: Sequence[float]) -> None:
        """Mark rows and columns, in the picture's pixels."""
        self._rows, self._columns = tuple(rows), tuple(columns)
        self.update()

    def place(self) -> QRect:
        """Leave room for the marks: none covers the picture."""
        return super().place().adjusted(_EDGE_PX, _EDGE_PX, 0, 0)

    def paintEvent(self, painted: QPaintEvent) -> None:  # noqa: N802
        """Draw the picture, and the marks beside it."""
        super().paintEvent(painted)
        if self.image is None or not (self._rows or self._columns):
            return
        painter, area, colour = QPainter(self), self.place(), QColor(colours().danger)
        down, across = area.height() / self.image.height(), area.width() / self.image.width()
        # marks that fall on each other are drawn once: there may be tens of thousands
        for y in sorted({int(area.top() + row * down) for row in self._rows}):
            painter.fillRect(QRect(area.left() - _EDGE_PX, y, _MARK_PX, max(2, int(down) - 1)), colour)
        for x in sorted({int(area.left() + column * across) for column in self._columns}):
            painter.fillRect(QRect(x, area.top() - _EDGE_PX, max(2, int(across) - 1), _MARK_PX), colour)
        painter.end()
