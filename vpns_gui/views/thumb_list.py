"""A list of small pictures with words below: a strip in one row, or a sheet of rows."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from vpns_gui.models.thumbs import IMAGE_ROLE, LINES_ROLE, Thumb, ThumbModel
from vpns_gui.theme import colours
from vpns_gui.views.picture import fitted, paint, to_image

_MARGIN_PX = 5


class ThumbList(QListView):
    """Tells which picture a person chose, with the pointer or the keys."""

    picked = Signal(int)
    """Number of the thumbnail that is chosen now."""
    opened = Signal(int)
    """Number of the thumbnail that was double-clicked, or Enter pressed on."""

    def __init__(self, name: str, side_px: int, num_lines: int, parent: QWidget | None = None, *, strip: bool = False) -> None:
        """`strip`: one row, which scrolls to the side."""
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Images")
        self._model = ThumbModel(self)
        self.setModel(self._model)
        delegate = ThumbDelegate(side_px, num_lines, self)
        self.setItemDelegate(delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setWrapping(not strip)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        if strip:
            self.setFixedHeight(delegate.cell(self).height() + self.horizontalScrollBar().sizeHint().height() + 4)
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._silent = False
        self.selectionModel().currentChanged.connect(self._pick)
        self.activated.connect(lambda index: self.opened.emit(self.thumbs[index.row()].number))

    @property
    def thumbs(self) -> tuple[Thumb, ...]:
        """What it shows."""
        return self._model.thumbs

    def set_thumbs(self, thumbs: Sequence[Thumb]) -> None:
        """Show pictures, from the first on."""
        self._silent = True
        self._model.set_thumbs(thumbs)
        self._silent = False
        self.scrollToTop()

    def set_current(self, number: int | None) -> None:
        """Mark the picture that is looked at elsewhere; None, or one that is not here: none."""
        row = next((row for row, thumb in enumerate(self.thumbs) if thumb.number == number), None)
        self._silent = True
        if row is None:
            self.selectionModel().clear()
        else:
            self.setCurrentIndex(self._model.index(row))
        self._silent = False

    def _pick(self, index: QModelIndex) -> None:
        if index.isValid() and not self._silent:
            self.picked.emit(self.thumbs[index.row()].number)


class ThumbDelegate(QStyledItemDelegate):
    """Draws a picture, crisp, with its words below and a frame round the one that is chosen."""

    def __init__(self, side_px: int, num_lines: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._side, self._num_lines = side_px, num_lines

    def cell(self, widget: QWidget) -> QSize:
        """Give the room that a picture takes with its words."""
        lines = self._num_lines * widget.fontMetrics().height()
        return QSize(self._side + 2 * _MARGIN_PX, self._side + lines + 2 * _MARGIN_PX)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002, N802
        """All are of one size."""
        lines = self._num_lines * option.fontMetrics.height()
        return QSize(self._side + 2 * _MARGIN_PX, self._side + lines + 2 * _MARGIN_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw one."""
        scheme, rect = colours(), option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, QColor(scheme.accent_soft))
        room = QRect(rect.x() + _MARGIN_PX, rect.y() + _MARGIN_PX, self._side, self._side)
        image = to_image(index.data(IMAGE_ROLE))
        where = fitted(image.size(), room)
        paint(painter, where, image)
        painter.setPen(QPen(QColor(scheme.border)))
        painter.drawRect(where.adjusted(-1, -1, 0, 0))
        painter.setPen(QColor(scheme.text))
        metrics, top = option.fontMetrics, room.bottom() + 2
        for line in index.data(LINES_ROLE)[: self._num_lines]:
            shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, self._side + 2)
            below = QRect(room.x() - 1, top, self._side + 2, metrics.height())
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, shown)
            top += metrics.height()
        if chosen or option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(scheme.accent), 2 if chosen else 1))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
        painter.restore()
