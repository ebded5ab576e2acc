"""A widget that shows one small picture, crisp: whole-number scaling, nearest neighbour."""

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from vpns_gui.theme import colours


def to_image(rgb: npt.NDArray[np.uint8]) -> QImage:
    """Make a picture of colours (height, width, 3)."""
    whole = np.ascontiguousarray(rgb)
    height, width = whole.shape[:2]
    return QImage(whole.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def fitted(image: QSize, room: QRect, *, stretch: bool = False) -> QRect:
    """Place a picture in the middle of `room`: as large as fits, from twice its size on by whole numbers."""
    if image.isEmpty() or room.isEmpty():
        return QRect()
    if stretch:
        return room
    factor = min(room.width() / image.width(), room.height() / image.height())
    factor = float(int(factor)) if factor >= 2 else factor
    size = QSize(max(1, int(image.width() * factor)), max(1, int(image.height() * factor)))
    corner = room.topLeft() + QPoint((room.width() - size.width()) // 2, (room.height() - size.height()) // 2)
    return QRect(corner, size)


def paint(painter: QPainter, where: QRect, image: QImage) -> None:
    """Draw a picture: nearest neighbour where enlarged, smooth where that would leave out or double some pixels."""
    ratio = painter.device().devicePixelRatio()  # the screen's own pixels decide
    sides = ((where.width() * ratio, image.width()), (where.height() * ratio, image.height()))
    uneven = any(shown < 2 * own and shown != own for shown, own in sides)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, uneven)
    painter.drawImage(where, image)


def scrolled(content: QWidget, parent: QWidget) -> QScrollArea:
    """Put a part with pictures where it can be scrolled, for windows with less room than it needs."""
    area = QScrollArea(parent)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    return area


class Picture(QWidget):
    """One picture with a thin frame. Tells the pixel under the pointer, and the one that was clicked."""

    pointed_at = Signal(object)
    """(column, row) under the pointer, None when it leaves."""
    picked = Signal(object)
    """(column, row) that was clicked."""
    placed = Signal(object)
    """(top, bottom) of the picture in the widget, whenever it changes."""

    def __init__(self, parent: QWidget | None = None, *, stretch: bool = False, least: int = 96) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._stretch = stretch
        self._window: QRectF | None = None
        self.setMinimumSize(least, least)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def image(self) -> QImage | None:
        """The picture shown."""
        return self._image

    def set_image(self, rgb: npt.NDArray[np.uint8] | None) -> None:
        """Show colours (height, width, 3); None shows nothing."""
        self._image = None if rgb is None else to_image(rgb)
        self._tell_place()
        self.update()

    def set_window(self, window: QRectF | None) -> None:
        """Mark a part of the picture, in its pixels."""
        self._window = window
        self.update()

    def place(self) -> QRect:
        """Give where the picture is drawn."""
        if self._image is None:
            return QRect()
        return fitted(self._image.size(), self.rect().adjusted(1, 1, -1, -1), stretch=self._stretch)

    def pixel_at(self, where: QPointF) -> tuple[int, int] | None:
        """Give the picture's (column, row) at a place in the widget."""
        area = self.place()
        if self._image is None or not area.contains(where.toPoint()):
            return None
        column = int((where.x() - area.x()) * self._image.width() / area.width())
        row = int((where.y() - area.y()) * self._image.height() / area.height())
        return min(column, self._image.width() - 1), min(row, self._image.height() - 1)

    def _tell_place(self) -> None:
        area = self.place()
        if not area.isEmpty():
            self.placed.emit((area.top(), area.bottom() + 1))

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw picture, frame and mark."""
        if self._image is None:
            return
        painter = QPainter(self)
        area = self.place()
        paint(painter, area, self._image)
        painter.setPen(QPen(QColor(colours().border), 1))
        painter.drawRect(area.adjusted(-1, -1, 0, 0))
        if self._window is not None:
            x, y = area.width() / self._image.width(), area.height() / self._image.height()
            part = QRectF(self._window.x() * x, self._window.y() * y, self._window.width() * x, self._window.height() * y)
            painter.setPen(QPen(QColor(colours().threshold), 2))
            painter.drawRect(part.translated(QPointF(area.topLeft())).intersected(QRectF(area)))
        painter.end()

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Tell where the picture is now."""
        super().resizeEvent(resized)
        self._tell_place()

    def mouseMoveEvent(self, moved: QMouseEvent) -> None:  # noqa: N802
        """Tell the pixel under the pointer."""
        self.pointed_at.emit(self.pixel_at(moved.position()))
        if moved.buttons() & Qt.MouseButton.LeftButton:
            self._pick(moved)

    def mousePressEvent(self, pressed: QMouseEvent) -> None:  # noqa: N802
        """Tell the pixel that was clicked."""
        self._pick(pressed)

    def _pick(self, mouse: QMouseEvent) -> None:
        pixel = self.pixel_at(mouse.position())
        if pixel is not None:
            self.picked.emit(pixel)

    def leaveEvent(self, left: QEvent) -> None:  # noqa: N802
        """Tell that the pointer left."""
        self.pointed_at.emit(None)
        super().leaveEvent(left)
