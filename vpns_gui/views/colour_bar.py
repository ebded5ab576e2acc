"""A vertical colour bar with its values."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vpns_gui.theme import colours
from vpns_gui.views.picture import to_image

_BAR_PX = 14


class ColourBar(QWidget):
    """What the colours of a picture mean: the top of the strip is the first label."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strip: QImage | None = None
        self._labels: tuple[str, ...] = ()
        self._span: tuple[int, int] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    @property
    def labels(self) -> tuple[str, ...]:
        """The values written beside the bar, from top to bottom."""
        return self._labels

    def set_scale(self, strip: npt.NDArray[np.uint8], labels: Sequence[str]) -> None:
        """Show a strip of colours (steps, 1, 3) and the values spread evenly along it."""
        self._strip, self._labels = to_image(strip), tuple(labels)
        self.setAccessibleName(f"Colour scale from {labels[-1]} to {labels[0]}")
        self.updateGeometry()
        self.update()

    def set_span(self, span: tuple[int, int]) -> None:
        """Reach from top to bottom of the picture beside it, in this widget's pixels."""
        self._span = span
        self.update()

    def _bar(self) -> QRect:
        height = self.fontMetrics().height()
        top, bottom = self._span if self._span is not None else (0, self.height())
        # the values at both ends need half a line beyond the bar
        top, bottom = max(top, height // 2), min(bottom, self.height() - height // 2)
        return QRect(0, top, _BAR_PX, max(1, bottom - top))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for the bar and the widest value."""
        widest = max((self.fontMetrics().horizontalAdvance(label) for label in self._labels), default=40)
        return QSize(_BAR_PX + 8 + widest + 4, 100)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """All values must be readable."""
        return QSize(self.sizeHint().width(), (self.fontMetrics().height() + 2) * max(2, len(self._labels)))

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw the bar and its values."""
        if self._strip is None:
            return
        painter = QPainter(self)
        height = self.fontMetrics().height()
        bar = self._bar()
        painter.drawImage(bar, self._strip)
        painter.setPen(QPen(QColor(colours().border)))
        painter.drawRect(bar.adjusted(0, 0, -1, -1))
        painter.setPen(QColor(colours().text))
        for index, label in enumerate(self._labels):
            middle = bar.y() + bar.height() * index / max(1, len(self._labels) - 1)
            where = QRect(_BAR_PX + 6, round(middle - height / 2), self.width(), height)
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, label)
        painter.end()
