"""Confidences of a few classes as pairs of bars, without and with the prompt: names, bars and numbers in each row."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vpns_gui.models.on_image import NUM_BARS, Bar
from vpns_gui.theme import colours

_BAR_PX, _GAP_PX, _ROW_GAP_PX = 9, 2, 7
_LEAST_NAME_PX, _MOST_NAME_PX = 56, 150


class ConfidenceBars(QWidget):
    """Two bars a class: full without the prompt, hatched with it; the image's own class is bold and ticked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[Bar, ...] = ()
        self.setObjectName("imageConfidences")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Confidences: nothing is shown")

    @property
    def bars(self) -> tuple[Bar, ...]:
        """What it shows."""
        return self._bars

    def set_bars(self, bars: tuple[Bar, ...]) -> None:
        """Show classes, most likely first."""
        self._bars = bars
        self.setAccessibleName("Confidences. " + "; ".join(_words(bar) for bar in bars))
        self.setToolTip("\n".join(_words(bar) for bar in bars))
        self.updateGeometry()
        self.update()

    def _row_px(self) -> int:
        pair = 2 * _BAR_PX + _GAP_PX if any(bar.prompted is not None for bar in self._bars) else _BAR_PX
        return max(pair, self.fontMetrics().height()) + _ROW_GAP_PX

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for as many classes as are ever shown, so that nothing moves from one image to the next."""
        return QSize(260, max(len(self._bars), NUM_BARS) * self._row_px())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Every row must be there; names give way."""
        return QSize(200, self.sizeHint().height())

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw the rows."""
        painter = QPainter(self)
        bold = self.font()
        bold.setBold(True)
        names = [self.fontMetrics().horizontalAdvance(f"✓ {bar.name}") + 12 for bar in self._bars]
        name_px = min(_MOST_NAME_PX, max([_LEAST_NAME_PX, *names]), self.width() // 3)
        for number, bar in enumerate(self._bars):
            row = QRect(0, number * self._row_px(), self.width(), self._row_px() - _ROW_GAP_PX)
            painter.setFont(bold if bar.is_label else self.font())
            painter.setPen(QColor(colours().text))
            text = f"✓ {bar.name}" if bar.is_label else bar.name
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, name_px - 6)
            where = QRect(row.topLeft(), QSize(name_px - 6, row.height()))
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)
            painter.setFont(self.font())
            self._pair(painter, row.adjusted(name_px, 0, 0, 0), bar)
        painter.end()

    def _pair(self, painter: QPainter, room: QRect, bar: Bar) -> None:
        scheme = colours()
        height = _BAR_PX if bar.prompted is None else 2 * _BAR_PX + _GAP_PX
        top = room.y() + (room.height() - height) // 2
        self._bar(painter, QRect(room.x(), top, room.width(), _BAR_PX), bar.plain, QBrush(QColor(scheme.plain)))
        if bar.prompted is not None:
            hatched = QBrush(QColor(scheme.prompted), Qt.BrushStyle.BDiagPattern)
            lower = QRect(room.x(), top + _BAR_PX + _GAP_PX, room.width(), _BAR_PX)
            self._bar(painter, lower, bar.prompted, hatched)

    def _bar(self, painter: QPainter, room: QRect, share: float, brush: QBrush) -> None:
        number_px = painter.fontMetrics().horizontalAdvance("100.0 %") + 8
        track = QRectF(room.x(), room.y(), max(20, room.width() - number_px), room.height())
        painter.fillRect(track, QColor(colours().raised))
        full = QRectF(track.x(), track.y(), track.width() * share, track.height())
        painter.fillRect(full, brush)
        painter.setPen(QPen(brush.color(), 1))
        painter.drawRect(full.adjusted(0, 0, -1, -1) if full.width() > 1 else full)
        painter.setPen(QColor(colours().text))
        middle = room.y() + room.height() / 2
        height = painter.fontMetrics().height()
        small = painter.font()
        small.setPointSizeF(self.font().pointSizeF() * 0.86)
        painter.setFont(small)
        where = QRectF(track.right() + 4, middle - height / 2, number_px - 6, height)
        painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{share * 100:.1f} %")
        painter.setFont(self.font())


def _words(bar: Bar) -> str:
    text = f"{bar.name}{' (its own class)' if bar.is_label else ''}: {bar.plain * 100:.1f} %"
    return text if bar.prompted is None else f"{text} without, {bar.prompted * 100:.1f} % with the prompt"
