"""The network at a glance: a bar of its density for every layer, from the input on, in blocks."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from vpns_gui import theme
from vpns_gui.keys import tell_keys
from vpns_gui.models.blocks import Block, blocks_of
from vpns_gui.models.layers_table import LayerRow, density_text
from vpns_gui.theme import Colours, colours

_LEAST_PITCH_PX, _MOST_PITCH_PX = 9, 46
_GAP_PX, _BLOCK_GAP_PX = 2, 7
_TOP_PX, _MARK_PX = 16, 3
_NICE = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.4, 0.5, 0.6, 0.8, 1.0)


class LayerBars(QAbstractScrollArea):
    """Draws the bars in sight only; arrow keys and the pointer choose a layer."""

    chosen = Signal(int)
    """Place of the row that a person chose."""
    pointed_at = Signal(object)
    """Place of the row under the pointer; None when it leaves."""
    opened = Signal(int)
    """A person wants to see more of this row: a double click, or Enter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layerBars")
        self.setAccessibleName("Density of every layer")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        keys = (("Left and Right", "Choose a layer; Home and End the first and the last"), ("Enter", "Look at the layer alone"))
        tell_keys(self, "Bars of the layers", keys)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self._rows: tuple[LayerRow, ...] = ()
        self._blocks: tuple[Block, ...] = ()
        self._left: list[int] = []
        self._pitch = _LEAST_PITCH_PX
        self._top = 1.0
        self._current: int | None = None
        self.horizontalScrollBar().valueChanged.connect(self.viewport().update)
        theme.follow(self, self._recolour)

    @property
    def current(self) -> int | None:
        """Place of the chosen row."""
        return self._current

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The groups, as drawn."""
        return self._blocks

    @property
    def top(self) -> float:
        """Density at the upper end of the scale."""
        return self._top

    def set_rows(self, rows: Sequence[LayerRow]) -> None:
        """Show the layers; the chosen place stays."""
        same = [row.title for row in rows] == [row.title for row in self._rows]
        self._rows = tuple(rows)
        self._top = _nice(max((row.density for row in rows), default=1.0))
        if not same:
            self._blocks = blocks_of([row.name for row in rows])
            self._current = None
            self._arrange()
        self.viewport().update()

    def set_current(self, place: int | None) -> None:
        """Mark a row as the chosen one, and bring it into sight."""
        self._current = place
        if place is not None and place < len(self._left):
            bar = self.horizontalScrollBar()
            left, right = self._left[place] - bar.value(), self._left[place] + self._pitch - bar.value()
            if left < self._axis_px() or right > self.viewport().width():
                bar.setValue(self._left[place] - self.viewport().width() // 2)
        self.viewport().update()

    def bar_at(self, place: int) -> QRect:
        """Give where the bar of a row is drawn, in the viewport."""
        return self._bar(place)

    def place_at(self, x: int) -> int | None:
        """Give the row at a place of the viewport."""
        if x < self._axis_px():
            return None
        at = x + self.horizontalScrollBar().value()
        return next((place for place, left in enumerate(self._left) if left <= at < left + self._pitch), None)

    def _axis_px(self) -> int:
        return self.fontMetrics().horizontalAdvance("100 %") + 8

    def _arrange(self) -> None:
        """Give every bar its place: as wide as there is room, no wider than reads well, and scrolled where there is none."""
        count, gaps = len(self._rows), _BLOCK_GAP_PX * max(0, len(self._blocks) - 1)
        room = self.viewport().width() - self._axis_px() - gaps - 4
        self._pitch = max(_LEAST_PITCH_PX, min(_MOST_PITCH_PX, room // max(1, count)))
        at, self._left = self._axis_px(), []
        for block in self._blocks:
            for _ in range(block.count):
                self._left.append(at)
                at += self._pitch
            at += _BLOCK_GAP_PX
        bar = self.horizontalScrollBar()
        bar.setRange(0, max(0, at - self.viewport().width()))
        bar.setPageStep(max(1, self.viewport().width()))
        bar.setSingleStep(self._pitch)

    def _ground(self) -> QRect:
        """Give the area of the bars, from the top of the scale to zero."""
        below = self.fontMetrics().height() + 6
        return QRect(self._axis_px(), _TOP_PX, self.viewport().width(), max(1, self.viewport().height() - _TOP_PX - below))

    def _bar(self, place: int) -> QRect:
        ground, row = self._ground(), self._rows[place]
        height = math.ceil(ground.height() * row.density / self._top) if row.kept else 0
        left = self._left[place] - self.horizontalScrollBar().value()
        return QRect(left, ground.bottom() + 1 - height, self._pitch - _GAP_PX, height)

    def _recolour(self, _: Colours) -> None:
        self.viewport().update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for bars that can be told apart."""
        return QSize(400, 7 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """The scale, and a bar or two."""
        return QSize(160, 5 * self.fontMetrics().height() + 8)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw scale, bars in sight, and the names of their blocks."""
        if not self._rows:
            return
        painter, scheme = QPainter(self.viewport()), colours()
        self._draw_blocks(painter, scheme)
        for place in range(len(self._rows)):
            bar = self._bar(place)
            if bar.right() >= self._axis_px() and bar.left() <= self.viewport().width():
                self._draw_bar(painter, scheme, place, bar)
        self._draw_scale(painter, scheme)
        painter.end()

    def _draw_blocks(self, painter: QPainter, scheme: Colours) -> None:
        ground, shift = self._ground(), self.horizontalScrollBar().value()
        for number, block in enumerate(self._blocks):
            left = self._left[block.first] - shift - _BLOCK_GAP_PX // 2
            width = block.count * self._pitch + _BLOCK_GAP_PX - _GAP_PX
            if left > self.viewport().width() or left + width < 0:
                continue
            if number % 2 == 0:
                painter.fillRect(QRect(left, 0, width, self.viewport().height()), QColor(scheme.raised))
            painter.setPen(QColor(scheme.muted))
            room = QRect(left, ground.bottom() + 4, width, self.fontMetrics().height())
            name = self.fontMetrics().elidedText(block.name, Qt.TextElideMode.ElideLeft, room.width())
            if len(name) > 2 or name == block.name:
                painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, name)

    def _draw_bar(self, painter: QPainter, scheme: Colours, place: int, bar: QRect) -> None:
        ground, row = self._ground(), self._rows[place]
        track = QRect(bar.left(), ground.top(), bar.width(), ground.height())
        if place == self._current:
            painter.fillRect(track.adjusted(-1, -_TOP_PX + 2, 1, 1), QColor(scheme.accent_soft))
        if row.unused:
            painter.fillRect(bar, QColor(scheme.pruned))
            painter.fillRect(bar, Qt.BrushStyle.BDiagPattern)
        else:
            painter.fillRect(bar, QColor(scheme.danger if row.nearly_empty else scheme.kept))
        painter.setPen(QColor(scheme.grid))
        painter.drawLine(track.left(), ground.bottom() + 1, track.right(), ground.bottom() + 1)
        if row.nearly_empty:
            painter.setPen(QColor(scheme.danger))
            height = self.fontMetrics().height()
            mark = QRect(track.left(), bar.top() - height - _MARK_PX, track.width(), height)
            painter.drawText(mark, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, "!")
        if place == self._current:
            painter.setPen(QPen(QColor(scheme.text), 2 if self.hasFocus() else 1))
            painter.drawRect(track.adjusted(-1, -_TOP_PX + 2, 0, 1))

    def _draw_scale(self, painter: QPainter, scheme: Colours) -> None:
        ground, height = self._ground(), self.fontMetrics().height()
        painter.fillRect(QRect(0, 0, self._axis_px() - 2, self.viewport().height()), self.palette().window())
        painter.setPen(QColor(scheme.text))
        for share in (1.0, 0.5, 0.0):
            y = ground.bottom() + 1 - round(ground.height() * share)
            label = f"{self._top * share * 100:.3g} %"
            where = QRectF(0, min(max(0, y - height / 2), self.viewport().height() - height), self._axis_px() - 6, height)
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, label)

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Share the width out anew."""
        super().resizeEvent(resized)
        self._arrange()
        self.set_current(self._current)

    def mousePressEvent(self, pressed: QMouseEvent) -> None:  # noqa: N802
        """Choose the layer that was clicked."""
        self._choose(self.place_at(pressed.position().toPoint().x()))

    def mouseDoubleClickEvent(self, clicked: QMouseEvent) -> None:  # noqa: N802
        """Ask for the layer."""
        place = self.place_at(clicked.position().toPoint().x())
        if place is not None:
            self.opened.emit(place)

    def mouseMoveEvent(self, moved: QMouseEvent) -> None:  # noqa: N802
        """Tell the layer under the pointer."""
        self.pointed_at.emit(self.place_at(moved.position().toPoint().x()))

    def keyPressEvent(self, pressed: QKeyEvent) -> None:  # noqa: N802
        """Go to a neighbour, the first or the last layer; Enter asks for it."""
        last, here = len(self._rows) - 1, self._current if self._current is not None else 0
        steps = {
            Qt.Key.Key_Left: here - 1,
            Qt.Key.Key_Right: here + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        key = Qt.Key(pressed.key())
        if key in steps and self._rows:
            self._choose(max(0, min(last, steps[key])))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current is not None:
            self.opened.emit(self._current)
        else:
            pressed.ignore()

    def _choose(self, place: int | None) -> None:
        if place is not None and place != self._current:
            self.set_current(place)
            self.chosen.emit(place)

    def viewportEvent(self, happened: QEvent) -> bool:  # noqa: N802
        """Say what a bar is; tell that the pointer left."""
        if happened.type() == QEvent.Type.Leave:
            self.pointed_at.emit(None)
        if isinstance(happened, QHelpEvent):
            self._tip(happened.pos(), happened.globalPos())
            return True
        return super().viewportEvent(happened)

    def _tip(self, where: QPoint, on_screen: QPoint) -> None:
        place = self.place_at(where.x())
        if place is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(on_screen, bar_text(self._rows[place]), self.viewport())


def bar_text(row: LayerRow) -> str:
    """Say in one line what a bar shows."""
    return f"{row.title}: {row.kept:,} of {row.numel:,} weights kept ({density_text(row.density, marked=row.nearly_empty)})"


def _nice(peak: float) -> float:
    """Give the upper end of a scale for densities up to `peak`."""
    return next((nice for nice in _NICE if nice >= peak), 1.0)
