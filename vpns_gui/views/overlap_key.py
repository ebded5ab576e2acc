"""Keys of the mask comparison: what the fills of its bars and the cells of its mosaic mean."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vpns_engine.overlap import BOTH, NEITHER, ONLY_A, ONLY_B
from vpns_gui.theme import colours
from vpns_gui.views.overlap_bars import brushes
from vpns_gui.views.picture import to_image
from vpns_gui.views.state_pictures import swatch

_SWATCH_PX, _GAP_PX, _SPACE_PX = 12, 5, 14
_BAR_WORDS = ("both", "only A", "only B", "by chance")
_OF_ALL_WORDS = (*_BAR_WORDS, "neither")
_CELL_WORDS = ((BOTH, "both keep it"), (ONLY_A, "only A"), (ONLY_B, "only B"), (NEITHER, "neither"))


class OverlapKey(QWidget):
    """Samples with their words, in one line."""

    def __init__(self, *, of_cells: bool, parent: QWidget | None = None) -> None:
        """`of_cells`: of the mosaic; else of the bars."""
        super().__init__(parent)
        self._of_cells = of_cells
        self._words = tuple(words for _, words in _CELL_WORDS) if of_cells else _BAR_WORDS
        self.setAccessibleName(f"Key: {', '.join(self._words)}")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def set_of_all(self, of_all: bool) -> None:
        """Explain bars of all weights, or of those that at least one of the two masks keeps."""
        self._words = _OF_ALL_WORDS if of_all else _BAR_WORDS
        self.setAccessibleName(f"Key: {', '.join(self._words)}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for all samples and words."""
        metrics = self.fontMetrics()
        width = sum(_SWATCH_PX + _GAP_PX + metrics.horizontalAdvance(words) + _SPACE_PX for words in self._words)
        return QSize(width - _SPACE_PX, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """All of it must be read."""
        return self.sizeHint()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw samples and words."""
        painter, x = QPainter(self), 0
        for number, words in enumerate(self._words):
            where = QRect(x, (self.height() - _SWATCH_PX) // 2, _SWATCH_PX, _SWATCH_PX)
            self._draw_sample(painter, number, where)
            painter.setPen(QColor(colours().text))
            x += _SWATCH_PX + _GAP_PX
            width = self.fontMetrics().horizontalAdvance(words)
            painter.drawText(QRect(x, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, words)
            x += width + _SPACE_PX
        painter.end()

    def _draw_sample(self, painter: QPainter, number: int, where: QRect) -> None:
        scheme = colours()
        if self._of_cells:
            side = round(_SWATCH_PX * self.devicePixelRatioF())
            painter.drawImage(where, to_image(swatch(_CELL_WORDS[number][0], side, scheme)))
        elif number < len(brushes(scheme)):
            painter.fillRect(where, QColor(scheme.surface))
            painter.fillRect(where, brushes(scheme)[number])
        elif number == len(_BAR_WORDS):
            painter.fillRect(where, QColor(scheme.empty))
        else:
            painter.setPen(QPen(QColor(scheme.threshold), 2))
            painter.drawLine(where.left(), where.center().y(), where.right(), where.center().y())
            return
        painter.setPen(QPen(QColor(scheme.border), 1))
        painter.drawRect(where.adjusted(0, 0, -1, -1))
