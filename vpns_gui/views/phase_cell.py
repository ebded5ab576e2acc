"""One phase, and one level, of the timeline: small painted cells."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from vpns_gui.theme import Colours, colours
from vpns_gui.views.timeline_words import GLYPHS, STATE_WORDS, LevelLine, PhaseLine, State


class PhaseCell(QWidget):
    """A phase: glyph, label, epochs; a bar at its foot shows the done share."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line: PhaseLine | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def line(self) -> PhaseLine | None:
        """What it shows."""
        return self._line

    def set_line(self, line: PhaseLine) -> None:
        """Show a phase."""
        if line == self._line:
            return
        self._line = line
        self.setToolTip(line.tooltip)
        self.setAccessibleName(f"{line.label}, {STATE_WORDS[line.state]}, {line.count}")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Two lines of text and the bar."""
        return QSize(
            self.fontMetrics().horizontalAdvance("Search masks 00000 / 00000") + 16, 2 * self.fontMetrics().height() + 22
        )

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As narrow as a label."""
        return QSize(self.fontMetrics().horizontalAdvance("✓ Search masks") + 24, self.sizeHint().height())

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw the cell."""
        if self._line is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scheme = colours()
        line = self._line
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        running = line.state == "running"
        painter.setPen(QPen(QColor(state_colour(line.state, scheme) if running else scheme.border), 1))
        painter.setBrush(QColor(scheme.accent_soft if running else scheme.surface))
        painter.drawRoundedRect(frame, 5, 5)
        height = self.fontMetrics().height()
        text = QRect(10, 6, self.width() - 20, height)
        _draw_label(painter, text, line.state, line.label, scheme)
        painter.setPen(QColor(scheme.text if running else scheme.muted))
        painter.drawText(text.translated(0, height + 2), Qt.AlignmentFlag.AlignVCenter, line.count)
        _draw_bar(painter, QRectF(10, self.height() - 9, self.width() - 20, 4), line.done, line.state, scheme)
        painter.end()


class LevelChip(QAbstractButton):
    """A level among several: glyph, sparsity, done share. Checked: its phases are shown."""

    def __init__(self, level: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.level = level
        self._line: LevelLine | None = None
        self.setObjectName(f"level_{level}")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def line(self) -> LevelLine | None:
        """What it shows."""
        return self._line

    def set_line(self, line: LevelLine) -> None:
        """Show a level."""
        if line == self._line:
            return
        self._line = line
        self.setToolTip(line.tooltip)
        self.setAccessibleName(line.tooltip)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line of text and the bar."""
        name = self._line.name if self._line is not None else ""
        return QSize(max(64, self.fontMetrics().horizontalAdvance(f"✓  {name}") + 28), self.fontMetrics().height() + 18)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw the chip."""
        if self._line is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scheme = colours()
        chosen = self.isChecked()
        edge = scheme.accent if chosen or self.hasFocus() else scheme.border
        painter.setPen(QPen(QColor(edge), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(scheme.accent_soft if chosen else scheme.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        text = QRect(10, 4, self.width() - 20, self.fontMetrics().height())
        _draw_label(painter, text, self._line.state, self._line.name, scheme)
        _draw_bar(painter, QRectF(10, self.height() - 9, self.width() - 20, 4), self._line.done, self._line.state, scheme)
        painter.end()


def state_colour(state: State, scheme: Colours) -> str:
    """Give the colour of a state."""
    match state:
        case "waiting":
            return scheme.muted
        case "running":
            return scheme.accent
        case "done":
            return scheme.good
        case "paused" | "stopped" | "interrupted":
            return scheme.warning
        case "failed":
            return scheme.danger


def _draw_label(painter: QPainter, where: QRect, state: State, label: str, scheme: Colours) -> None:
    font = QFont(painter.font())
    bold = QFont(font)
    bold.setBold(True)
    painter.setFont(bold)
    painter.setPen(QColor(state_colour(state, scheme)))
    glyph = painter.fontMetrics().horizontalAdvance("▶ ") + 4
    painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, GLYPHS[state])
    painter.setPen(QColor(scheme.muted if state == "waiting" else scheme.text))
    painter.drawText(where.adjusted(glyph, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, label)
    painter.setFont(font)


def _draw_bar(painter: QPainter, where: QRectF, done: float, state: State, scheme: Colours) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(scheme.raised))
    painter.drawRoundedRect(where, 2, 2)
    if done > 0:
        painter.setBrush(QColor(state_colour(state, scheme)))
        painter.drawRoundedRect(QRectF(where.x(), where.y(), max(4.0, where.width() * done), where.height()), 2, 2)
