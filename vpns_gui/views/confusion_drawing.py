"""Draws a confusion matrix: cells, numbers, names and the mark, at a place and a zoom."""

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from vpns_gui import theme
from vpns_gui.models.confusion_picture import ConfusionPicture
from vpns_gui.theme import colours
from vpns_gui.views.picture import to_image

Cell = tuple[int, int]
MOST_CELL_PX = 72.0
"""Cells get no larger."""
_MOST_NAME_PX, _TITLE_PX = 96, 4


class MatrixDrawing(QWidget):
    """Where each cell is, and what is drawn there. What is done with it is in `views.confusion`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 200)
        self._picture: ConfusionPicture | None = None
        self._images: tuple[QImage, QImage | None] | None = None
        self._widest = 0
        self._zoom = 1.0
        self._corner = QPointF(0, 0)
        self._mark: Cell | None = None
        theme.follow(self, lambda _: self._take_images())

    @property
    def picture(self) -> ConfusionPicture | None:
        """What it shows."""
        return self._picture

    @property
    def mark(self) -> Cell | None:
        """The cell that is chosen."""
        return self._mark

    @property
    def cell_px(self) -> float:
        """Side of a cell on the screen."""
        return self._fit_px() * self._zoom

    def area(self) -> QRect:
        """Give where the cells are drawn."""
        return self._area_beside(self._name_px()) if self._names_fit() else self._area_beside(0)

    def cell_at(self, where: QPointF) -> Cell | None:
        """Give the (true, predicted) class at a place in the widget."""
        if self._picture is None or not QRectF(self.area()).contains(where):
            return None
        place = (where - QPointF(self.area().topLeft())) / self.cell_px + self._corner
        cell = int(place.y()), int(place.x())
        return cell if max(cell) < self._picture.num_classes and min(cell) >= 0 else None

    def center_of(self, cell: Cell) -> QPointF:
        """Give the place of a cell's middle in the widget."""
        return self._rect_of(cell).center()

    def _name_px(self) -> int:
        return 0 if self._picture is None else min(self._widest, _MOST_NAME_PX, self.width() // 5) + 8

    def _area_beside(self, names: int) -> QRect:
        height = self.fontMetrics().height()
        left, top = height + _TITLE_PX + names, height + _TITLE_PX + (max(names, height + 4) if names else 0)
        return QRect(left, top, max(1, self.width() - left - 2), max(1, self.height() - top - 2))

    def _names_fit(self) -> bool:
        """Tell whether cells are as high as letters; else names are read with the pointer or the keys."""
        return self._fit_in(self._area_beside(self._name_px())) * self._zoom >= self.fontMetrics().height() * 0.85

    def _fit_in(self, area: QRect) -> float:
        if self._picture is None or not self._picture.num_classes:
            return 1.0
        return min(min(area.width(), area.height()) / self._picture.num_classes, MOST_CELL_PX)

    def _fit_px(self) -> float:
        return self._fit_in(self.area())

    def _rect_of(self, cell: Cell | None) -> QRectF:
        if cell is None:
            return QRectF()
        side, area = self.cell_px, self.area()
        x, y = (cell[1] - self._corner.x()) * side, (cell[0] - self._corner.y()) * side
        return QRectF(area.x() + x, area.y() + y, side, side)

    def _move_to(self, corner: QPointF) -> None:
        if self._picture is None:
            return
        area, side = self.area(), self.cell_px
        most_x = max(0.0, self._picture.num_classes - area.width() / side)
        most_y = max(0.0, self._picture.num_classes - area.height() / side)
        self._corner = QPointF(min(max(0.0, corner.x()), most_x), min(max(0.0, corner.y()), most_y))
        self.update()

    def _take_images(self) -> None:
        dark = int(theme.is_dark())
        found = self._picture
        self._images = None
        if found is not None:
            small = to_image(found.overview[dark]) if found.overview is not None else None
            self._images = to_image(found.whole[dark]), small
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As large as makes the numbers of ten classes readable."""
        return QSize(440, 400)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw cells, numbers, names and the mark."""
        if self._picture is None or self._images is None:
            return
        painter = QPainter(self)
        area, side = self.area(), self.cell_px
        count = self._picture.num_classes
        whole = QRectF(area.x() - self._corner.x() * side, area.y() - self._corner.y() * side, count * side, count * side)
        painter.save()
        painter.setClipRect(area)
        image, overview = self._images
        small = overview is not None and side * self.devicePixelRatioF() < 1
        scale = count / (overview.width() * self._picture.block) if small and overview is not None else 1.0
        shown = overview if small and overview is not None else image
        painter.drawImage(QRectF(whole.topLeft(), whole.size() / scale), shown)
        self._draw_grid(painter, whole.intersected(QRectF(area)))
        painter.save()
        self._draw_numbers(painter)
        painter.restore()
        self._draw_mark(painter)
        painter.restore()
        self._draw_names(painter)
        painter.end()

    def _in_sight(self) -> tuple[range, range]:
        assert self._picture is not None
        area, side, count = self.area(), self.cell_px, self._picture.num_classes
        rows = range(int(self._corner.y()), min(count, int(self._corner.y() + area.height() / side) + 1))
        columns = range(int(self._corner.x()), min(count, int(self._corner.x() + area.width() / side) + 1))
        return rows, columns

    def _draw_grid(self, painter: QPainter, where: QRectF) -> None:
        painter.setPen(QPen(QColor(colours().border), 1))
        painter.drawRect(where.adjusted(0, 0, -1, -1))
        if self.cell_px < 12:  # lines would hide what is in the cells
            return
        for row in self._in_sight()[0]:
            y = self._rect_of((row, 0)).top()
            painter.drawLine(QPointF(where.left(), y), QPointF(where.right(), y))
        for column in self._in_sight()[1]:
            x = self._rect_of((0, column)).left()
            painter.drawLine(QPointF(x, where.top()), QPointF(x, where.bottom()))

    def _draw_numbers(self, painter: QPainter) -> None:
        assert self._picture is not None and self._images is not None
        widest = len("100" if self._picture.as_share else str(self._picture.fullest))
        small = painter.font()
        small.setPointSizeF(small.pointSizeF() * 0.86)
        painter.setFont(small)
        if painter.fontMetrics().horizontalAdvance("0" * widest) + 4 > self.cell_px:
            return
        image = self._images[0]
        for row in self._in_sight()[0]:
            for column in self._in_sight()[1]:
                text = self._picture.number(row, column)
                if text:
                    painter.setPen(_readable_on(QColor(image.pixel(column, row))))
                    painter.drawText(self._rect_of((row, column)), Qt.AlignmentFlag.AlignCenter, text)

    def _draw_mark(self, painter: QPainter) -> None:
        if self._mark is None:
            return
        where = self._rect_of(self._mark)
        least = 5.0
        if where.width() < least:
            where = QRectF(where.center().x() - least / 2, where.center().y() - least / 2, least, least)
        painter.setPen(QPen(QColor(colours().text), 3 if self.hasFocus() else 2))
        painter.drawRect(where.adjusted(1, 1, -1, -1))

    def _draw_names(self, painter: QPainter) -> None:
        assert self._picture is not None
        area, height, room = self.area(), self.fontMetrics().height(), self._name_px()
        painter.setPen(QColor(colours().muted))
        painter.drawText(QRect(area.x(), 0, area.width(), height), Qt.AlignmentFlag.AlignLeft, "Predicted class →")
        _upright(painter, QRect(0, area.y(), height, area.height()), "← True class")
        painter.setPen(QColor(colours().text))
        if not self._names_fit():
            return
        rows, columns = self._in_sight()
        for row in rows:
            where = self._rect_of((row, 0))
            if where.center().y() < area.top() or where.center().y() > area.bottom():
                continue
            box = QRect(height + _TITLE_PX, round(where.y()), room - 6, round(where.height()))
            name = self.fontMetrics().elidedText(self._picture.names[row], Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
        flat = self._widest + 4 <= self.cell_px
        for column in columns:
            where = self._rect_of((0, column))
            if where.center().x() < area.left() or where.center().x() > area.right():
                continue
            box = QRect(round(where.x()), height + _TITLE_PX, round(where.width()), area.top() - height - _TITLE_PX - 4)
            name = self._picture.names[column]
            if flat:
                painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, name)
            else:
                _upright(painter, box, self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, box.height()))

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Keep inside."""
        super().resizeEvent(resized)
        self._move_to(self._corner)


def _readable_on(ground: QColor) -> QColor:
    return QColor(Qt.GlobalColor.black if ground.lightnessF() > 0.5 else Qt.GlobalColor.white)


def _upright(painter: QPainter, box: QRect, text: str) -> None:
    """Write from the bottom up."""
    painter.save()
    painter.translate(QPoint(box.x(), box.bottom() + 1))
    painter.rotate(-90)
    painter.drawText(QRect(0, 0, box.height(), box.width()), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
    painter.restore()
