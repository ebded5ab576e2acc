"""A confusion matrix: rows are true classes, columns predicted ones; zoomed and read with the pointer or the keys."""

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from vpns_gui.keys import tell_keys
from vpns_gui.models.confusion_picture import ConfusionPicture
from vpns_gui.views.confusion_drawing import MOST_CELL_PX, Cell, MatrixDrawing

_STEP = 1.25


class ConfusionMatrix(MatrixDrawing):
    """Arrow keys move the mark, Enter or a click chooses its cell; the wheel, + and - zoom, 0 shows the whole."""

    pointed_at = Signal(object)
    """(true, predicted) class under the pointer or the mark; None when there is none."""
    picked = Signal(object)
    """(true, predicted) class that was chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusion")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Confusion matrix")
        self._dragged: QPointF | None = None
        self._moved = False
        tell_keys(
            self,
            "Confusion matrix",
            (
                ("Arrow keys", "Move to another cell (with Ctrl by ten), Home, End, Page up and down to the ends"),
                ("Enter", "List the images of the cell"),
                ("+ and -", "Zoom"),
                ("0", "Show all classes"),
            ),
        )

    def set_picture(self, picture: ConfusionPicture | None) -> None:
        """Show a matrix; place and zoom stay while the classes are the same."""
        same = picture is not None and self._picture is not None and picture.names == self._picture.names
        self._picture = picture
        names = picture.names if picture is not None else ()
        self._widest = max((self.fontMetrics().horizontalAdvance(name) for name in names), default=0)
        if not same:
            self._zoom, self._corner, self._mark = 1.0, QPointF(0, 0), None
        self._take_images()
        self._tell()

    def set_mark(self, cell: Cell | None) -> None:
        """Mark a cell, and bring it into sight."""
        self._mark = cell
        if cell is not None:
            self._bring(cell)
        self._tell()
        self.update()

    def zoom(self, factor: float) -> None:
        """Enlarge, about the mark or the middle."""
        area = self.area()
        about = self._rect_of(self._mark).center() if self._mark is not None else QRectF(area).center()
        self._zoom_at(factor if factor > 0 else 1 / self._zoom, about)

    def show_whole(self) -> None:
        """Show all classes at once."""
        self._zoom, self._corner = 1.0, QPointF(0, 0)
        self.update()

    def _zoom_at(self, factor: float, about: QPointF) -> None:
        most = max(1.0, MOST_CELL_PX / self._fit_px())
        before = (about - QPointF(self.area().topLeft())) / self.cell_px + self._corner
        self._zoom = min(max(1.0, self._zoom * factor), most)
        self._move_to(before - (about - QPointF(self.area().topLeft())) / self.cell_px)

    def _bring(self, cell: Cell) -> None:
        area, side = self.area(), self.cell_px
        wide, high = area.width() / side, area.height() / side
        x = min(max(self._corner.x(), cell[1] + 1 - wide), cell[1])
        y = min(max(self._corner.y(), cell[0] + 1 - high), cell[0])
        self._move_to(QPointF(x, y))

    def _tell(self) -> None:
        words = "Confusion matrix"
        if self._picture is not None:
            words += f" of {self._picture.num_classes} classes"
            if self._mark is not None:
                words += f". {self._picture.words(*self._mark)}"
        self.setAccessibleName(words)
        self.pointed_at.emit(self._mark)

    def wheelEvent(self, turned: QWheelEvent) -> None:  # noqa: N802
        """Zoom about the pointer."""
        if self._picture is not None and turned.angleDelta().y():
            self._zoom_at(_STEP if turned.angleDelta().y() > 0 else 1 / _STEP, turned.position())
            turned.accept()

    def mousePressEvent(self, pressed: QMouseEvent) -> None:  # noqa: N802
        """Begin to move the picture, or to choose a cell."""
        if pressed.button() == Qt.MouseButton.LeftButton:
            self._dragged, self._moved = pressed.position(), False

    def mouseMoveEvent(self, moved: QMouseEvent) -> None:  # noqa: N802
        """Move the picture, or tell the cell under the pointer."""
        if self._dragged is None:
            cell = self.cell_at(moved.position())
            self.pointed_at.emit(cell if cell is not None else self._mark)
            return
        by = moved.position() - self._dragged
        if self._moved or by.manhattanLength() > 4:
            self._moved = True
            self._dragged = moved.position()
            self._move_to(self._corner - by / self.cell_px)

    def mouseReleaseEvent(self, released: QMouseEvent) -> None:  # noqa: N802
        """Choose the cell under the pointer, unless the picture was moved."""
        if self._dragged is not None and not self._moved:
            cell = self.cell_at(released.position())
            if cell is not None:
                self.set_mark(cell)
                self.picked.emit(cell)
        self._dragged = None

    def leaveEvent(self, left: QEvent) -> None:  # noqa: N802
        """Tell the marked cell again."""
        self.pointed_at.emit(self._mark)
        super().leaveEvent(left)

    def focusInEvent(self, focused: QFocusEvent) -> None:  # noqa: N802
        """Show where the keys begin."""
        super().focusInEvent(focused)
        if self._mark is None and self._picture is not None and focused.reason() != Qt.FocusReason.MouseFocusReason:
            self.set_mark((0, 0))
        self.update()

    def focusOutEvent(self, focused: QFocusEvent) -> None:  # noqa: N802
        """Draw the mark thinner."""
        super().focusOutEvent(focused)
        self.update()

    def keyPressEvent(self, pressed: QKeyEvent) -> None:  # noqa: N802
        """Move the mark, choose its cell, zoom."""
        count = self._picture.num_classes if self._picture is not None else 0
        row, column = self._mark if self._mark is not None else (0, 0)
        far = 10 if pressed.modifiers() & Qt.KeyboardModifier.ControlModifier else 1
        moves = {
            Qt.Key.Key_Left: (row, column - far),
            Qt.Key.Key_Right: (row, column + far),
            Qt.Key.Key_Up: (row - far, column),
            Qt.Key.Key_Down: (row + far, column),
            Qt.Key.Key_Home: (row, 0),
            Qt.Key.Key_End: (row, count - 1),
            Qt.Key.Key_PageUp: (0, column),
            Qt.Key.Key_PageDown: (count - 1, column),
        }
        key = Qt.Key(pressed.key())
        if not count:
            super().keyPressEvent(pressed)
        elif key in moves:
            y, x = moves[key] if self._mark is not None else (0, 0)  # the first key shows where the others begin
            self.set_mark((min(max(0, y), count - 1), min(max(0, x), count - 1)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.set_mark((row, column))
            self.picked.emit((row, column))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _STEP)
        elif key == Qt.Key.Key_0:
            self.show_whole()
        else:
            super().keyPressEvent(pressed)
