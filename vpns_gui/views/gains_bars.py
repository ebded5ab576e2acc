"""Bars that are compared: the dense network's in grey, others in colours, a thin line for how much a figure varies."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vpns_engine.gains.page import Bar, Chart, Group
from vpns_gui import theme
from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.theme import Colours

_GAP, _LEAST_BAR, _LEAST_WIDTH, _MOST_WIDTH = 8, 90, 380, 760
_AFTER_GROUP = 6
_WHISKER = 4.0
_ROOM_FOR_NAMES = 0.4
"""Largest share of the width that names take."""


class GainsBars(QWidget):
    """Draws a chart; as high as that needs."""

    def __init__(self, chart: Chart, parent: QWidget) -> None:
        super().__init__(parent)
        self.chart = chart
        self.setObjectName(chart.name)
        self.setAccessibleName(chart.title)
        self.setAccessibleDescription("; ".join(f"{group.label}: {_words(group)}" for group in chart.groups))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(_LEAST_WIDTH)
        self.setMaximumWidth(_MOST_WIDTH)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._scheme = theme.colours()
        offer(self, chart.title, table=lambda: _rows(chart))
        theme.follow(self, self._recolour)

    def _recolour(self, scheme: Colours) -> None:
        self._scheme = scheme
        self.update()

    @property
    def _row(self) -> int:
        return self.fontMetrics().height() + 4

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as its bars need."""
        rows = [1 if self.chart.compact else 1 + len(group.bars) for group in self.chart.groups]
        gaps = 0 if self.chart.compact else _AFTER_GROUP * len(rows)
        return QSize(_MOST_WIDTH, sum(rows) * self._row + gaps + 4)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Never less high than that."""
        return QSize(_LEAST_WIDTH, self.sizeHint().height())

    def paintEvent(self, _painted: QPaintEvent) -> None:  # noqa: N802
        """Draw the groups from the top."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y = 2
        for group in self.chart.groups:
            y = self._line(painter, group, y) if self.chart.compact else self._block(painter, group, y)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._scheme.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _block(self, painter: QPainter, group: Group, y: int) -> int:
        """Draw a heading with bars below it; gives where it ends."""
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        self._write(painter, QRectF(0, y, self.width(), self._row), group.label, Qt.AlignmentFlag.AlignLeft)
        font.setBold(False)
        painter.setFont(font)
        y += self._row
        for bar in group.bars:
            self._bar(painter, bar, y, _full(group))
            y += self._row
        return y + _AFTER_GROUP

    def _bar(self, painter: QPainter, bar: Bar, y: int, full: float) -> None:
        left, room = self._sides()
        self._write(painter, QRectF(0, y, left - _GAP, self._row), bar.label, Qt.AlignmentFlag.AlignRight)
        end = left + max(1.0, room * min(1.0, bar.value / full))
        painter.fillRect(QRectF(left, y + 3, end - left, self._row - 6), self._ink(bar))
        if bar.low is not None and bar.high is not None:
            low, high = (left + room * min(1.0, value / full) for value in (bar.low, bar.high))
            self._whisker(painter, low, high, y + self._row / 2)
            end = max(end, high)
        words = QRectF(end + _GAP, y, self.width() - end - _GAP, self._row)
        self._write(painter, words, bar.words, Qt.AlignmentFlag.AlignLeft)

    def _line(self, painter: QPainter, group: Group, y: int) -> int:
        """Draw one line, its bars over one another; gives where it ends."""
        left, room = self._sides()
        self._write(painter, QRectF(0, y, left - _GAP, self._row), group.label, Qt.AlignmentFlag.AlignRight)
        end = float(left)
        for place, bar in enumerate(group.bars):
            thin = 3 + 3 * place
            width = max(1.0, room * min(1.0, bar.value / _full(group)))
            painter.fillRect(QRectF(left, y + thin, width, self._row - 2 * thin), self._ink(bar))
            end = max(end, left + width)
        words = QRectF(end + _GAP, y, self.width() - end - _GAP, self._row)
        self._write(painter, words, _line_words(group), Qt.AlignmentFlag.AlignLeft)
        return y + self._row

    def _sides(self) -> tuple[int, float]:
        """Give where the bars begin, and how long the longest may be."""
        metrics = self.fontMetrics()
        if self.chart.compact:
            names = [group.label for group in self.chart.groups]
            words = [_line_words(group) for group in self.chart.groups]
        else:
            names = [bar.label for group in self.chart.groups for bar in group.bars]
            words = [bar.words for group in self.chart.groups for bar in group.bars]
        left = min(_widest(metrics, names) + _GAP + 2, int(self.width() * _ROOM_FOR_NAMES))
        return left, float(max(_LEAST_BAR, self.width() - left - _widest(metrics, words) - 2 * _GAP))

    def _whisker(self, painter: QPainter, low: float, high: float, middle: float) -> None:
        painter.setPen(QPen(QColor(self._scheme.text), 1.3))
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
        for x in (low, high):
            painter.drawLine(QPointF(x, middle - _WHISKER), QPointF(x, middle + _WHISKER))

    def _ink(self, bar: Bar) -> QColor:
        scheme = self._scheme
        return QColor({"dense": scheme.pruned, "pruned": scheme.kept, "prompted": scheme.prompted}[bar.kind])

    def _write(self, painter: QPainter, where: QRectF, text: str, side: Qt.AlignmentFlag) -> None:
        painter.setPen(QColor(self._scheme.text))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, int(where.width()))
        painter.drawText(where, side | Qt.AlignmentFlag.AlignVCenter, shown)


def _full(group: Group) -> float:
    return group.full or max((max(bar.value, bar.high or 0.0) for bar in group.bars), default=1.0) or 1.0


def _words(group: Group) -> str:
    return ", ".join(f"{bar.label} {bar.words}" for bar in group.bars)


def _line_words(group: Group) -> str:
    return " of ".join(bar.words for bar in reversed(group.bars))


def _widest(metrics: QFontMetrics, texts: list[str]) -> int:
    return max((metrics.horizontalAdvance(text) for text in texts), default=0)


def _rows(chart: Chart) -> Rows:
    rows = [(group.label, bar.label, bar.value, bar.low, bar.high) for group in chart.groups for bar in group.bars]
    return ("group", "bar", "value", "low", "high"), rows
