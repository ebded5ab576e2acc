"""Example images before and after the prompt, in pairs, as many columns as fit."""

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from vpns_gui.theme import colours
from vpns_gui.views.picture import paint, to_image

_GAP_PX, _PAIR_GAP_PX = 16, 4
_LEAST_PX, _MOST_PX = 64, 448


class ExampleGrid(QAbstractScrollArea):
    """Pairs of pictures with names; scrolls where they do not fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs: list[tuple[QImage, QImage]] = []
        self._names: tuple[str, ...] = ()
        self._side = _LEAST_PX
        self.viewport().setAutoFillBackground(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Examples before and after the prompt")
        self.setMinimumSize(2 * _LEAST_PX + _PAIR_GAP_PX + 2 * _GAP_PX, _LEAST_PX + 40)

    def set_pairs(self, before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8], names: tuple[str, ...]) -> None:
        """Show pictures (N, height, width, 3), before and after, each with a name."""
        self._pairs = [(to_image(one), to_image(two)) for one, two in zip(before, after, strict=True)]
        self._names = names
        self._fit()
        self.viewport().update()

    @property
    def num_pairs(self) -> int:
        """How many pairs are shown."""
        return len(self._pairs)

    def pair(self, index: int) -> tuple[QImage, QImage]:
        """Give the two pictures of an example."""
        return self._pairs[index]

    def _best_side(self) -> int:
        """Give the side of a picture: a whole multiple of its own where it is enlarged."""
        if not self._pairs:
            return _LEAST_PX
        own, wanted = max(1, self._pairs[0][0].width()), self._wanted()
        return wanted if wanted < own else own * (wanted // own)

    def _wanted(self) -> int:
        # as large as lets all pairs be seen at once
        room, count = self.viewport().size(), len(self._pairs)
        for side in range(_MOST_PX, _LEAST_PX, -8):
            columns = self._columns(side)
            if -(-count // columns) * self._cell(side).height() <= room.height() and self._cell(side).width() <= room.width():
                return side
        return _LEAST_PX

    def _cell(self, side: int) -> QSize:
        return QSize(2 * side + _PAIR_GAP_PX + _GAP_PX, side + self.fontMetrics().height() + 4 + _GAP_PX)

    def _columns(self, side: int) -> int:
        return max(1, (self.viewport().width() + _GAP_PX) // self._cell(side).width())

    def _fit(self) -> None:
        side = self._side = self._best_side()
        rows = -(-len(self._pairs) // self._columns(side))
        height = rows * self._cell(side).height()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, height - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(40)

    def _place(self, index: int) -> QRect:
        side = self._side
        cell, columns = self._cell(side), self._columns(side)
        corner = QPoint(index % columns * cell.width(), index // columns * cell.height() - self.verticalScrollBar().value())
        return QRect(corner, cell)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw the pairs that are in sight."""
        painter = QPainter(self.viewport())
        side = self._side
        for index, (before, after) in enumerate(self._pairs):
            cell = self._place(index)
            if not cell.intersects(self.viewport().rect()):
                continue
            left = QRect(cell.topLeft(), QSize(side, side))
            right = left.translated(side + _PAIR_GAP_PX, 0)
            for where, image in ((left, before), (right, after)):
                paint(painter, where, image)
                painter.setPen(QPen(QColor(colours().border)))
                painter.drawRect(where.adjusted(0, 0, -1, -1))
            painter.setPen(QColor(colours().text))
            text = QRect(left.x(), left.bottom() + 4, 2 * side + _PAIR_GAP_PX, self.fontMetrics().height())
            name = self.fontMetrics().elidedText(self._names[index], Qt.TextElideMode.ElideRight, text.width())
            painter.drawText(text, Qt.AlignmentFlag.AlignHCenter, name)
        painter.end()

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Fit the columns to the new width."""
        super().resizeEvent(resized)
        self._fit()

    def viewportEvent(self, happened: QEvent) -> bool:  # noqa: N802
        """Give the name of the example as its tooltip."""
        if isinstance(happened, QHelpEvent):
            found = next((i for i in range(len(self._pairs)) if self._place(i).contains(happened.pos())), None)
            if found is not None:
                QToolTip.showText(happened.globalPos(), f"{self._names[found]}: left before, right after the prompt", self)
                return True
        return super().viewportEvent(happened)
