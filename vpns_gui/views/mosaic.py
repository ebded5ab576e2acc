"""The kernels of a layer as tiles, as wide as there is room; the scroll bars move through the channels."""

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from vpns_gui import theme
from vpns_gui.theme import Colours, colours
from vpns_gui.views import mask_pictures
from vpns_gui.views.mask_pictures import BoolArray
from vpns_gui.views.picture import to_image

_LEAST_CELL_PX, _MOST_CELL_PX = 3, 18


class Mosaic(QAbstractScrollArea):
    """Shows a window of output x input channels."""

    moved = Signal(object)
    """QRect in channels (x: input, y: output) that is in sight."""
    pointed_at = Signal(object)
    """(output channel, input channel) under the pointer; None when it leaves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mask: BoolArray | None = None
        self._image: QImage | None = None
        self._cell = _LEAST_CELL_PX
        self._fitting = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setMouseTracking(True)
        self.setMinimumSize(150, 130)
        for bar, name in ((self.horizontalScrollBar(), "input"), (self.verticalScrollBar(), "output")):
            bar.setToolTip(f"First {name} channel shown")
            bar.valueChanged.connect(self._redraw)

    def set_mask(self, mask_OIHW: BoolArray | None) -> None:
        """Show a layer's mask from its first channels on; None shows nothing."""
        same = mask_OIHW is not None and self._mask is not None and mask_OIHW.shape == self._mask.shape
        self._mask = mask_OIHW
        if not same:
            self._fitting = True
            for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
                bar.setValue(0)
            self._fitting = False
        self._fit()

    def centre_on(self, out: int, into: int) -> None:
        """Bring an output and an input channel into the middle."""
        rows, columns = self._count()
        self.verticalScrollBar().setValue(out - rows // 2)
        self.horizontalScrollBar().setValue(into - columns // 2)

    @property
    def window(self) -> QRect:  # type: ignore[override]
        """The channels in sight (x: input, y: output)."""
        if self._mask is None:
            return QRect()
        rows, columns = self._count()
        first = QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        size = QSize(min(columns, self._mask.shape[1] - first.x()), min(rows, self._mask.shape[0] - first.y()))
        return QRect(first, size)

    def recolour(self) -> None:
        """Draw again in the colours now in force."""
        self._redraw()

    def _tile(self) -> QSize:
        """Give the cells from one kernel to the next."""
        assert self._mask is not None
        gap = mask_pictures.kernel_gap(self._mask)
        return QSize(self._mask.shape[3] + gap, self._mask.shape[2] + gap)

    def _count(self) -> tuple[int, int]:
        tile, room = self._tile(), self.viewport().size()
        return max(1, room.height() // (tile.height() * self._cell)), max(1, room.width() // (tile.width() * self._cell))

    def _cell_for(self, width: int) -> int:
        """Give the side of a cell with which all columns fill `width`, the least one where they do not fit."""
        assert self._mask is not None
        best = width // max(1, int(self._mask.shape[1]) * self._tile().width())
        return max(_LEAST_CELL_PX, min(_MOST_CELL_PX, best))

    def _fit(self) -> None:
        if self._fitting:
            return
        if self._mask is None:
            self._image = None
            self.viewport().update()
            return
        tile, room = self._tile(), self.maximumViewportSize()
        num_out, num_in = self._mask.shape[:2]
        self._fitting = True
        self._cell = self._cell_for(room.width())
        if num_out * tile.height() * self._cell > room.height():
            # the rows scroll: their scroll bar takes some of the width
            room.setWidth(room.width() - self.verticalScrollBar().sizeHint().width())
            self._cell = self._cell_for(room.width())
        for bar, total, side, cells in (
            (self.horizontalScrollBar(), num_in, room.width(), tile.width()),
            (self.verticalScrollBar(), num_out, room.height(), tile.height()),
        ):
            shown = max(1, side // (cells * self._cell))
            bar.setRange(0, max(0, total - shown))
            bar.setPageStep(shown)
        self._fitting = False
        self._redraw()

    def _redraw(self) -> None:
        if self._mask is None or self._fitting:
            return
        part = self.window
        cells = mask_pictures.mosaic(self._mask, (part.y(), part.x()), (part.height(), part.width()))
        self._image = to_image(cell_colours(colours())[cells])
        self.viewport().update()
        self.moved.emit(part)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As small as it may be: it takes what is left."""
        return self.minimumSize()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw the kernels in sight."""
        if self._image is None:
            return
        painter = QPainter(self.viewport())
        size = QSize(self._image.width() * self._cell, self._image.height() * self._cell)
        painter.drawImage(QRect(QPoint(0, 0), size), self._image)
        painter.end()

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Show as many kernels as fit now."""
        super().resizeEvent(resized)
        self._fit()

    def mouseMoveEvent(self, moved: QMouseEvent) -> None:  # noqa: N802
        """Tell the kernel under the pointer."""
        self.pointed_at.emit(self._kernel_at(moved.position()))

    def viewportEvent(self, happened: QEvent) -> bool:  # noqa: N802
        """Tell that the pointer left."""
        if happened.type() == QEvent.Type.Leave:
            self.pointed_at.emit(None)
        return super().viewportEvent(happened)

    def _kernel_at(self, where: QPointF) -> tuple[int, int] | None:
        if self._mask is None:
            return None
        tile, part = self._tile(), self.window
        row, column = int(where.y() // (tile.height() * self._cell)), int(where.x() // (tile.width() * self._cell))
        inside = 0 <= row < part.height() and 0 <= column < part.width()
        return (part.y() + row, part.x() + column) if inside else None


def cell_colours(scheme: Colours) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Give the colours of GAP, EMPTY, PRUNED, KEPT, shape (4, 3)."""
    names = (scheme.window, scheme.empty, scheme.pruned, scheme.kept)
    return np.array([theme.rgb(name) for name in names], dtype=np.uint8)
