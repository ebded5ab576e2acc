"""A legend that is also the read-out: line sample, name, value; a click hides or shows the curve."""

from dataclasses import dataclass
from html import escape

import pyqtgraph as pg
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QStyle, QStyleOptionFocusRect, QWidget

from vpns_gui.theme import Colours, colours

_SAMPLE_PX = 30
_GAP_PX = 6


@dataclass(frozen=True)
class CurveStyle:
    """How one curve is drawn: colour, dash and mark all tell it apart."""

    key: str
    name: str
    colour: str
    """Name of a field of `Colours`."""
    line: Qt.PenStyle
    symbol: str | None
    tooltip: str
    hollow: bool = False
    """Marks are outlines."""

    def pen(self, scheme: Colours) -> QPen:
        """Make the pen of the curve."""
        pen = QPen(QColor(getattr(scheme, self.colour)), 2.0, self.line)
        pen.setCosmetic(True)
        return pen


class LegendEntry(QAbstractButton):
    """One curve in the legend. Checked: the curve is drawn."""

    def __init__(self, style: CurveStyle, parent: QWidget | None = None, *, with_value: bool = True) -> None:
        """`with_value` keeps room for a value behind the name."""
        super().__init__(parent)
        self.curve = style
        self.value = ""
        self._widest = self.fontMetrics().horizontalAdvance("100.0 %") if with_value else 0
        self.setObjectName(f"legend_{style.key}")
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(plain_tip(f"{style.tooltip}\nClick to hide or show it."))
        self.set_name(style.name)

    def set_name(self, name: str) -> None:
        """Name the curve."""
        self.setText(name)
        self._announce()

    def set_value(self, value: str) -> None:
        """Show a value behind the name."""
        if value == self.value:
            return
        self.value = value
        width = self.fontMetrics().horizontalAdvance(value)
        if width > self._widest:
            self._widest = width
            self.updateGeometry()
        self._announce()
        self.update()

    def _announce(self) -> None:
        self.setAccessibleName(f"{self.text()} {self.value}".strip())

    def sizeHint(self) -> QSize:  # noqa: N802
        """Keep room for the value, so that nothing jumps while it changes."""
        metrics = self.fontMetrics()
        value = self._widest + _GAP_PX if self._widest else 0
        width = _SAMPLE_PX + 2 * _GAP_PX + metrics.horizontalAdvance(self.text()) + value + 4
        return QSize(width, metrics.height() + 6)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As small as it reads."""
        return self.sizeHint()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw sample, name and value."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scheme = colours()
        if not self.isChecked():
            painter.setOpacity(0.45)
        self._paint_sample(painter, scheme)
        metrics = QFontMetrics(self.font())
        left = 2 + _SAMPLE_PX + _GAP_PX
        name = QRect(left, 0, metrics.horizontalAdvance(self.text()) + 2, self.height())
        painter.setPen(QColor(scheme.muted))
        painter.drawText(name, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.setPen(QColor(scheme.text))
        painter.drawText(
            QRect(name.right() + _GAP_PX, 0, self._widest + 4, self.height()), Qt.AlignmentFlag.AlignVCenter, self.value
        )
        if self.hasFocus():
            option = QStyleOptionFocusRect()
            option.initFrom(self)
            self.style().drawPrimitive(QStyle.PrimitiveElement.PE_FrameFocusRect, option, painter, self)
        painter.end()

    def _set_mark(self, painter: QPainter, pen: QPen, scheme: Colours) -> None:
        if not self.curve.hollow:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(pen.color())
            return
        outline = QPen(pen.color(), 1.4)
        outline.setCosmetic(True)
        painter.setPen(outline)
        painter.setBrush(QColor(scheme.surface))

    def _paint_sample(self, painter: QPainter, scheme: Colours) -> None:
        middle = self.height() / 2
        pen = self.curve.pen(scheme)
        if self.curve.line != Qt.PenStyle.NoPen:
            painter.setPen(pen)
            painter.drawLine(2, round(middle), 2 + _SAMPLE_PX, round(middle))
        if self.curve.symbol is not None:
            painter.save()
            painter.translate(2 + _SAMPLE_PX / 2, middle)
            painter.scale(8, 8)
            self._set_mark(painter, pen, scheme)
            painter.drawPath(pg.graphicsItems.ScatterPlotItem.Symbols[self.curve.symbol])
            painter.restore()


def plain_tip(text: str) -> str:
    """Give a text as a tool tip that shows it letter by letter: a run's name may look like markup."""
    return f"<qt>{escape(text)}</qt>".replace("\n", "<br>")
