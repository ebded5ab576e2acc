"""Bars of the layers, in the network's order: what two masks both keep, what only one keeps, and what chance gives."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from vpns_engine.overlap import Overlap
from vpns_gui.keys import tell_keys
from vpns_gui.models.overlap_table import share, tip_of
from vpns_gui.theme import Colours, colours

_LEAST_BAR_PX, _MOST_BAR_PX = 7, 46
_LEAST_HEIGHT_PX = 84
_GAP = 0.22
"""Share of a bar's room that stays free."""
_STEPS = (0.0, 0.5, 1.0)


class OverlapBars(QWidget):
    """One bar a layer. A layer is chosen by a click or with the arrow keys."""

    picked = Signal(str)
    """Name of the layer a person chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overlapBars")
        self._rows: tuple[Overlap, ...] = ()
        self._chosen = -1
        self._of_all = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        tell_keys(self, "Bars of the layers", (("Left and Right", "Choose a layer; Home and End the first and the last"),))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Overlap of each layer")

    def set_rows(self, rows: Sequence[Overlap]) -> None:
        """Show layers."""
        self._rows = tuple(rows)
        self._chosen = self._chosen if self._chosen < len(self._rows) else -1
        self.setMinimumWidth(self._axis() + len(self._rows) * _LEAST_BAR_PX)
        self._announce()
        self.update()

    def set_of_all(self, of_all: bool) -> None:
        """Make a bar's height the share of all weights of its layer, not of those that at least one of the two keeps."""
        self._of_all = of_all
        self.update()

    def choose(self, name: str) -> None:
        """Mark a layer; nothing is emitted."""
        self._chosen = next((place for place, row in enumerate(self._rows) if row.name == name), -1)
        self._announce()
        self.update()

    @property
    def chosen(self) -> str | None:
        """Name of the marked layer."""
        return self._rows[self._chosen].name if 0 <= self._chosen < len(self._rows) else None

    def place_of(self, number: int) -> QRect:
        """Give where a layer's bar is, with the room around it."""
        width = self._bar_width()
        return QRect(round(self._axis() + number * width), 0, max(1, round(width)), self.height())

    def _axis(self) -> int:
        return self.fontMetrics().horizontalAdvance("100 %") + 10

    def _bar_width(self) -> float:
        return min(_MOST_BAR_PX, max(1.0, (self.width() - self._axis() - 2) / max(1, len(self._rows))))

    def _area(self) -> QRectF:
        half = self.fontMetrics().height() / 2
        return QRectF(self._axis(), half, self.width() - self._axis(), max(10.0, self.height() - 2 * half))

    def _number_at(self, where: QPointF) -> int | None:
        number = int((where.x() - self._axis()) // self._bar_width())
        return number if where.x() >= self._axis() and 0 <= number < len(self._rows) else None

    def _announce(self) -> None:
        row = self._rows[self._chosen] if 0 <= self._chosen < len(self._rows) else None
        text = f"{row.name}: overlap {share(row.iou)}, by chance {share(row.by_chance)}" if row is not None else ""
        self.setAccessibleDescription(text)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Enough to compare heights."""
        return QSize(self.minimumWidth(), 110)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As low as the axis can be read."""
        return QSize(self._axis() + 60, _LEAST_HEIGHT_PX)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw axis and bars."""
        scheme, area = colours(), self._area()
        painter = QPainter(self)
        self._draw_axis(painter, area, scheme)
        for number, row in enumerate(self._rows):
            self._draw_bar(painter, area, number, row, scheme)
        painter.end()

    def _draw_axis(self, painter: QPainter, area: QRectF, scheme: Colours) -> None:
        height = self.fontMetrics().height()
        for step in _STEPS:
            y = area.bottom() - step * area.height()
            painter.setPen(QPen(QColor(scheme.border), 1))
            painter.drawLine(QPointF(area.left() - 4, round(y)), QPointF(area.right(), round(y)))
            painter.setPen(QColor(scheme.muted))
            where = QRectF(0, y - height / 2, self._axis() - 8, height)
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{step * 100:.0f} %")

    def _draw_bar(self, painter: QPainter, area: QRectF, number: int, row: Overlap, scheme: Colours) -> None:
        room = self.place_of(number)
        if number == self._chosen:
            painter.fillRect(QRectF(room.left(), area.top(), room.width(), area.height()), QColor(scheme.accent_soft))
            mark = QRectF(room.left(), area.bottom() + 2, room.width(), 3)
            painter.fillRect(mark, QColor(scheme.accent))
        whole = row.numel if self._of_all else row.either
        if whole == 0:
            painter.setPen(QColor(scheme.danger))
            painter.drawText(QRectF(room), Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, "!")
            return
        gap = room.width() * _GAP / 2
        left, width, bottom = room.left() + gap, room.width() - 2 * gap, area.bottom()
        for count, brush in zip((row.both, row.only_a, row.only_b), brushes(scheme), strict=True):
            height = area.height() * count / whole
            part = QRectF(left, bottom - height, width, height)
            bottom -= height
            painter.fillRect(part, QColor(scheme.surface))
            painter.fillRect(part, brush)
        top = area.top() if self._of_all else bottom
        painter.fillRect(QRectF(left, top, width, bottom - top), QColor(scheme.empty))
        painter.setPen(QPen(QColor(scheme.border), 1))
        painter.drawRect(QRectF(left, top, width, area.bottom() - top))
        chance = (row.expected / row.numel if self._of_all else row.by_chance) or 0.0
        y = area.bottom() - chance * area.height()
        for colour, thick in ((scheme.surface, 4), (scheme.threshold, 2)):
            painter.setPen(QPen(QColor(colour), thick))
            painter.drawLine(QPointF(room.left() + 1, y), QPointF(room.right(), y))

    def mousePressEvent(self, pressed: QMouseEvent) -> None:  # noqa: N802
        """Choose the layer that was clicked."""
        self._pick(self._number_at(pressed.position()))

    def keyPressEvent(self, pressed: QKeyEvent) -> None:  # noqa: N802
        """Choose the layer before or after, the first or the last."""
        last = len(self._rows) - 1
        moves = {
            Qt.Key.Key_Left: max(0, self._chosen - 1),
            Qt.Key.Key_Right: min(last, self._chosen + 1),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        key = Qt.Key(pressed.key())
        if key in moves and self._rows:
            self._pick(moves[key])
        else:
            super().keyPressEvent(pressed)

    def _pick(self, number: int | None) -> None:
        if number is not None and number != self._chosen:
            self.choose(self._rows[number].name)
            self.picked.emit(self._rows[number].name)

    def event(self, happened: QEvent) -> bool:
        """Tell about the layer under the pointer."""
        if isinstance(happened, QHelpEvent) and happened.type() == QEvent.Type.ToolTip:
            number = self._number_at(QPointF(happened.pos()))
            if number is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(happened.globalPos(), tip_of(self._rows[number]), self, self.place_of(number))
            return True
        return super().event(happened)


def brushes(scheme: Colours) -> tuple[QBrush, QBrush, QBrush]:
    """Give how both, only A and only B are filled: lightness and pattern differ, not the colour alone."""
    return (
        QBrush(QColor(scheme.text)),
        QBrush(QColor(scheme.kept)),
        QBrush(QColor(scheme.prompted), Qt.BrushStyle.BDiagPattern),
    )
