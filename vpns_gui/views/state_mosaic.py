"""The weights of a layer under two masks, one cell each; it asks for the channels in sight, and zooms."""

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from vpns_gui import theme
from vpns_gui.keys import tell_keys
from vpns_gui.theme import colours
from vpns_gui.views.picture import to_image
from vpns_gui.views.state_pictures import gap_of, mosaic, painted

States = npt.NDArray[np.uint8]
_SIDES_PX = (1, 2, 3, 4, 6, 8, 11, 15, 20, 28)
_FIRST_PX = 6
_LEAST_FIRST_PX = 4
"""The layer as a whole is shown at first, unless cells would be smaller than this."""
_WIDE_FIRST_PX = 8
"""Cells up to this size may fill the width while the rows scroll."""


class StateMosaic(QAbstractScrollArea):
    """Shows a window of output x input channels; what is in it comes through `set_states`."""

    wanted = Signal(object)
    """The channels in sight have changed, and their states are wanted (QRect; x: input, y: output)."""
    pointed_at = Signal(object)
    """(output channel, input channel, row, column, state) under the pointer; None when it leaves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stateMosaic")
        self.setAccessibleName("Weights of the layer under both masks")
        self._shape: tuple[int, int, int, int] | None = None
        self._side = _FIRST_PX
        self._fitting = False
        self._part = QRect()
        self._states: States | None = None
        self._image: QImage | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        tell_keys(self, "Kernels under two masks", (("+ and -", "Zoom"), ("Arrow keys", "Scroll")))
        self.viewport().setAutoFillBackground(False)
        self.viewport().setMouseTracking(True)
        self.setMinimumSize(120, 100)
        for bar, name in ((self.horizontalScrollBar(), "input"), (self.verticalScrollBar(), "output")):
            bar.setToolTip(f"First {name} channel shown")
            bar.valueChanged.connect(self._ask)
        theme.follow(self, lambda _scheme: self._draw())

    def set_shape(self, shape: tuple[int, int, int, int] | None) -> None:
        """Show another layer (output channels, input channels, kernel height, width); None shows nothing."""
        if shape != self._shape:
            self._states = self._image = None
            self._shape = shape
            self._fitting = True
            self._side = self._first_side()
            for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
                bar.setValue(0)
            self._fitting = False
        self._fit()

    def set_states(self, part: QRect, states_OIHW: States) -> None:
        """Show what the channels of `part` are."""
        self._part, self._states = part, states_OIHW
        self._draw()

    def centre_on(self, out: int, into: int) -> None:
        """Bring an output and an input channel into the middle."""
        rows, columns = self._count()
        self.verticalScrollBar().setValue(out - rows // 2)
        self.horizontalScrollBar().setValue(into - columns // 2)

    @property
    def part(self) -> QRect:
        """The channels in sight (x: input, y: output)."""
        if self._shape is None:
            return QRect()
        rows, columns = self._count()
        first = QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        size = QSize(min(columns, self._shape[1] - first.x()), min(rows, self._shape[0] - first.y()))
        return QRect(first, size)

    @property
    def side_px(self) -> int:
        """Side of a cell."""
        return self._side

    def zoom(self, steps: int) -> None:
        """Make the cells larger or smaller; the middle stays in the middle."""
        middle = self.part.center()
        place = min(range(len(_SIDES_PX)), key=lambda number: abs(_SIDES_PX[number] - self._side))
        side = _SIDES_PX[min(len(_SIDES_PX) - 1, max(0, place + steps))]
        if side != self._side and self._shape is not None:
            self._side = side
            self._fitting = True
            self._set_ranges()
            self.centre_on(middle.y(), middle.x())
            self._fitting = False
            self._ask()

    def _tile(self) -> QSize:
        """Give the cells from one kernel to the next."""
        assert self._shape is not None
        gap = gap_of(*self._shape[2:])
        return QSize(self._shape[3] + gap, self._shape[2] + gap)

    def _count(self) -> tuple[int, int]:
        tile, room = self._tile(), self.viewport().size()
        height, width = tile.height() * self._side, tile.width() * self._side
        return max(1, -(-room.height() // height)), max(1, -(-room.width() // width))

    def _first_side(self) -> int:
        if self._shape is None:
            return _FIRST_PX
        tile, room = self._tile(), self.maximumViewportSize()
        across, down = room.width() // (self._shape[1] * tile.width()), room.height() // (self._shape[0] * tile.height())
        fitting = max(min(across, down), min(across, _WIDE_FIRST_PX), _LEAST_FIRST_PX)
        return max(side for side in _SIDES_PX if side <= fitting)

    def _fit(self) -> None:
        if self._shape is None:
            self.viewport().update()
            return
        self._fitting = True
        self._set_ranges()
        self._fitting = False
        self._ask()

    def _set_ranges(self) -> None:
        assert self._shape is not None
        tile, room = self._tile(), self.maximumViewportSize()
        for bar, total, side, cells in (
            (self.horizontalScrollBar(), self._shape[1], room.width(), tile.width()),
            (self.verticalScrollBar(), self._shape[0], room.height(), tile.height()),
        ):
            shown = max(1, side // (cells * self._side))
            bar.setRange(0, max(0, total - shown + (1 if total > shown else 0)))
            bar.setPageStep(shown)

    def _ask(self) -> None:
        if self._shape is not None and not self._fitting:
            self.viewport().update()
            self.wanted.emit(self.part)

    def _draw(self) -> None:
        """Make the picture of what is known, in device pixels: cells must not be blurred."""
        if self._states is None or self._states.size == 0:
            self._image = None
        else:
            ratio = self.devicePixelRatioF()
            side = max(1, round(self._side * ratio))
            self._image = to_image(painted(mosaic(self._states), side, colours()))
            self._image.setDevicePixelRatio(side / self._side)
        self.viewport().update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As small as it may be: it takes what is left."""
        return self.minimumSize()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw the channels that are known, where they belong."""
        if self._image is None or self._shape is None:
            return
        painter = QPainter(self.viewport())
        tile, first = self._tile(), self.part.topLeft()
        offset = QPoint(
            (self._part.x() - first.x()) * tile.width() * self._side, (self._part.y() - first.y()) * tile.height() * self._side
        )
        painter.drawImage(offset, self._image)
        painter.end()

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Show as many kernels as fit now."""
        super().resizeEvent(resized)
        if not self._fitting:
            self._fit()

    def wheelEvent(self, turned: QWheelEvent) -> None:  # noqa: N802
        """Zoom with Ctrl, else scroll."""
        if turned.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1 if turned.angleDelta().y() > 0 else -1)
            turned.accept()
        else:
            super().wheelEvent(turned)

    def keyPressEvent(self, pressed: QKeyEvent) -> None:  # noqa: N802
        """Zoom with + and -, move with the arrow keys."""
        match pressed.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(1)
            case Qt.Key.Key_Minus:
                self.zoom(-1)
            case _:
                super().keyPressEvent(pressed)

    def mouseMoveEvent(self, moved: QMouseEvent) -> None:  # noqa: N802
        """Tell the weight under the pointer."""
        self.pointed_at.emit(self._weight_at(moved.position()))

    def viewportEvent(self, happened: QEvent) -> bool:  # noqa: N802
        """Tell that the pointer left."""
        if happened.type() == QEvent.Type.Leave:
            self.pointed_at.emit(None)
        return super().viewportEvent(happened)

    def _weight_at(self, where: QPointF) -> tuple[int, int, int, int, int] | None:
        if self._shape is None or self._states is None:
            return None
        tile, first = self._tile(), self.part.topLeft()
        row, column = int(where.y()) // self._side, int(where.x()) // self._side
        out, into = first.y() + row // tile.height(), first.x() + column // tile.width()
        down, across = row % tile.height(), column % tile.width()
        if not self._part.contains(into, out) or down >= self._shape[2] or across >= self._shape[3]:
            return None
        state = self._states[out - self._part.y(), into - self._part.x(), down, across]
        return out, into, down, across, int(state)
