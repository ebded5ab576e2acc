"""Histogram and spectrum of a prompt."""

from collections.abc import Callable
from functools import partial
from math import ceil, log10

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from vpns_gui import theme
from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.terms import TERM, tip
from vpns_gui.theme import Colours, colours
from vpns_gui.views import prompt_pictures
from vpns_gui.views.colour_bar import ColourBar
from vpns_gui.views.picture import Picture, fitted
from vpns_gui.views.prompt_analysis import Histogram
from vpns_gui.views.prompt_controls import PIXELS, value_words
from vpns_gui.views.prompt_pictures import CHANNELS, FloatArray
from vpns_gui.views.prompt_rows import bin_rows, wave_rows

_DECADES = 3
"""Of amplitudes that have a colour of their own."""
_LEFT, _TOP, _RIGHT, _GAP = 8, 8, 8, 4
_LINES: dict[str, tuple[str, Qt.PenStyle]] = {
    "red": ("danger", Qt.PenStyle.SolidLine),
    "green": ("good", Qt.PenStyle.DashLine),
    "blue": ("accent", Qt.PenStyle.DotLine),
}
"""Colour of the theme and dash of each channel where all three are drawn."""
Words = Callable[[float], str]


class PromptHistogram(QWidget):
    """How often each value comes, zeros left out. Tells in words the bin under the pointer."""

    pointed_at = Signal(str)
    """What the bin under the pointer holds; empty when it leaves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("promptHistogram")
        self._histogram: Histogram | None = None
        self._words: Words = str
        self._pixels = True
        offer(self, "Histogram of the prompt", table=self._rows)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Histogram of the prompt's values")

    def set_histogram(self, histogram: Histogram | None, *, pixels: bool = True) -> None:
        """Show counts; `pixels`: of values in the unit of pixels (0 to 1 for 0 to 255). None shows nothing."""
        self._histogram, self._pixels, self._words = histogram, pixels, partial(value_words, pixels=pixels)
        self.setAccessibleDescription("" if histogram is None else self._sum_up(histogram))
        self.update()

    @property
    def bins(self) -> list[str]:
        """Every bin in words."""
        found = self._histogram
        return [] if found is None else [self._bin_words(found, number) for number in range(found.edges.size - 1)]

    def _rows(self) -> Rows:
        return ([], []) if self._histogram is None else bin_rows(self._histogram, pixels=self._pixels)

    def _sum_up(self, histogram: Histogram) -> str:
        total = sum(counts for counts in histogram.counts.values())
        return f"Most values: {self._bin_words(histogram, int(np.argmax(np.asarray(total))))}"

    def _bin_words(self, histogram: Histogram, number: int) -> str:
        low, high = (self._words(float(histogram.edges[number + side])) for side in (0, 1))
        counts = [(name, int(counts[number])) for name, counts in histogram.counts.items()]
        if len(counts) == 1:
            return f"{low} to {high}: {counts[0][1]:,} values"
        return f"{low} to {high}: " + ", ".join(f"{name} {count:,}" for name, count in counts)

    def _area(self) -> QRect:
        line = self.fontMetrics().height()
        return self.rect().adjusted(_LEFT, _TOP + line, -_RIGHT, -2 * line - 2 * _GAP)

    def _span(self, histogram: Histogram) -> tuple[float, float]:
        """Give the ends of the axis: rounded up to a share of the scale, so that they stay while epochs go by."""
        low, high = float(histogram.edges[0]), float(histogram.edges[-1])
        full = 2.0 ** ceil(log10(max(abs(low), abs(high))) / log10(2.0) - 1e-6)
        return (-full if low < 0 else 0.0), (full if high > 0 else 0.0)

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw bars or outlines, the axis and the line at zero."""
        histogram = self._histogram
        if histogram is None:
            return
        painter, scheme = QPainter(self), colours()
        area, (low, high) = self._area(), self._span(histogram)
        painter.fillRect(area, QColor(scheme.surface))
        most = max(int(counts.max(initial=0)) for counts in histogram.counts.values())
        places = area.x() + (histogram.edges - low) / (high - low) * area.width()
        if most > 0:
            for name, counts in histogram.counts.items():
                self._paint_counts(painter, name, places, area.bottom() + 1 - counts / most * (area.height() - 2))
        painter.setPen(QPen(QColor(scheme.muted), 1, Qt.PenStyle.DashLine))
        zero = round(area.x() + (0 - low) / (high - low) * area.width())
        painter.drawLine(zero, area.top(), zero, area.bottom())
        painter.setPen(QColor(scheme.border))
        painter.drawRect(area.adjusted(0, 0, -1, -1))
        self._paint_words(painter, scheme, area, low, high, most)
        painter.end()

    def _paint_counts(self, painter: QPainter, name: str, places: np.ndarray, tops: np.ndarray) -> None:
        bottom, scheme = self._area().bottom() + 1.0, colours()
        if name not in _LINES or len(self._histogram.counts if self._histogram else ()) == 1:
            for left, right, top in zip(places[:-1], places[1:], tops, strict=True):
                painter.fillRect(QRectF(left, top, max(1.0, right - left - 0.5), bottom - top), QColor(scheme.accent))
            return
        colour, dash = _LINES[name]
        painter.setPen(QPen(QColor(getattr(scheme, colour)), 1.6, dash))
        corners = [QPointF(places[0], bottom)]
        for left, right, top in zip(places[:-1], places[1:], tops, strict=True):
            corners += [QPointF(left, top), QPointF(right, top)]
        painter.drawPolyline([*corners, QPointF(places[-1], bottom)])

    def _paint_words(self, painter: QPainter, scheme: Colours, area: QRect, low: float, high: float, most: int) -> None:
        line = self.fontMetrics().height()
        below = QRect(area.x(), area.bottom() + _GAP, area.width(), line)
        painter.setPen(QColor(scheme.text))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, self._words(low))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, self._words(high))
        if low < 0 < high:
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "0")
        above = QRect(area.x(), area.y() - line - 2, area.width(), line)
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, f"{most:,}" if most else "All values are zero")
        painter.setPen(QColor(scheme.muted))
        painter.drawText(below.translated(0, line), Qt.AlignmentFlag.AlignHCenter, "count by value, zeros left out")
        self._paint_key(painter, scheme, above)

    def _paint_key(self, painter: QPainter, scheme: Colours, where: QRect) -> None:
        names = list(self._histogram.counts) if self._histogram is not None else []
        right = where.right()
        for name in reversed(names if len(names) > 1 else []):
            colour, dash = _LINES[name]
            text = CHANNELS[name]  # type: ignore[index] # the three channels are among them
            width = self.fontMetrics().horizontalAdvance(text)
            painter.setPen(QColor(scheme.text))
            painter.drawText(QRect(right - width, where.y(), width + 1, where.height()), Qt.AlignmentFlag.AlignLeft, text)
            painter.setPen(QPen(QColor(getattr(scheme, colour)), 1.6, dash))
            painter.drawLine(right - width - 26, where.center().y(), right - width - 6, where.center().y())
            right -= width + 36

    def mouseMoveEvent(self, moved: QMouseEvent) -> None:  # noqa: N802
        """Tell the bin under the pointer."""
        histogram, area = self._histogram, self._area()
        if histogram is None:
            return
        low, high = self._span(histogram)
        value = low + (moved.position().x() - area.x()) / area.width() * (high - low)
        number = int(np.searchsorted(histogram.edges, value, side="right")) - 1
        inside = 0 <= number < histogram.edges.size - 1
        self.pointed_at.emit(self._bin_words(histogram, number) if inside else "")

    def leaveEvent(self, left: QEvent) -> None:  # noqa: N802
        """Tell that the pointer left."""
        self.pointed_at.emit("")
        super().leaveEvent(left)


class _Waves(Picture):
    """A picture with frequencies along two sides."""

    def place(self) -> QRect:
        """Leave room for the axes."""
        if self._image is None:
            return QRect()
        line = self.fontMetrics().height()
        room = self.rect().adjusted(self._side_px(), 2, -2, -2 * line - _GAP)
        return fitted(self._image.size(), room)

    def _side_px(self) -> int:
        return self.fontMetrics().horizontalAdvance("−112") + _GAP

    def paintEvent(self, painted: QPaintEvent) -> None:  # noqa: N802
        """Draw picture and axes."""
        super().paintEvent(painted)
        if self._image is None:
            return
        painter, area, line = QPainter(self), self.place(), self.fontMetrics().height()
        side, scheme = self._image.width(), colours()
        middle, step = side // 2, area.width() / side
        painter.setPen(QColor(scheme.text))
        for wave in (-middle, 0, side - 1 - middle):
            along = (wave + middle + 0.5) * step
            text = f"{wave:+d}".replace("-", "−") if wave else "0"
            painter.drawText(QRectF(area.x() + along - 30, area.bottom() + _GAP, 60, line), Qt.AlignmentFlag.AlignHCenter, text)
            beside = QRectF(0, area.y() + along - line / 2, area.x() - _GAP, line)
            painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painter.setPen(QColor(scheme.muted))
        below = QRect(area.x() - 60, area.bottom() + _GAP + line, area.width() + 120, line)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "cycles per canvas")
        painter.end()


class PromptSpectrum(QWidget):
    """The amplitudes of a prompt's waves, on a logarithmic scale, no wave in the middle."""

    pointed_at = Signal(str)
    """The wave under the pointer in words; empty when it leaves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._amplitudes: FloatArray | None = None
        self._pixels = True
        self.picture = _Waves(self, least=110)
        self.picture.setObjectName("promptSpectrum")
        self.picture.setToolTip(
            "<p>The size of the prompt's 2-D discrete Fourier transform divided by the number of pixels, so that each place "
            "is the amplitude of one wave, in the prompt's own unit. The middle is the mean.</p>" + tip("spectrum")
        )
        self.picture.setProperty(TERM, "spectrum")
        offer(self.picture, "Spectrum of the prompt", table=self._rows, picture=lambda: self)
        self.scale = ColourBar(self)
        self.picture.placed.connect(self.scale.set_span)
        self.picture.pointed_at.connect(self._tell)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.picture, 1)
        layout.addWidget(self.scale)
        theme.follow(self, self._recolour)

    def set_spectrum(self, amplitudes_CC: FloatArray | None, *, pixels: bool = True) -> None:
        """Show amplitudes; `pixels`: in the unit of pixels (0 to 1 for 0 to 255). None shows nothing."""
        self._pixels = pixels
        self._amplitudes = None if amplitudes_CC is None else amplitudes_CC * (255 if pixels else 1)
        self._draw()

    def _rows(self) -> Rows:
        return ([], []) if self._amplitudes is None else wave_rows(self._amplitudes, pixels=self._pixels)

    def _top(self) -> float:
        """Give the amplitude with the strongest colour: a power of ten, so that it stays while epochs go by."""
        most = float(self._amplitudes.max(initial=0.0)) if self._amplitudes is not None else 0.0
        return 10.0 ** ceil(log10(most) - 1e-9) if most > 0 else 1.0

    def _draw(self) -> None:
        if self._amplitudes is None:
            self.picture.set_image(None)
            return
        top, dark = self._top(), theme.is_dark()
        least = top * 10.0**-_DECADES
        shares = 1 + np.log10(np.maximum(self._amplitudes, least) / top) / _DECADES
        self.picture.set_image(prompt_pictures.sequential(shares, dark=dark))
        strip = prompt_pictures.sequential(np.linspace(1, 0, 129, dtype=np.float32)[:, None], dark=dark)
        labels = [self._amplitude(top / 10.0**number) for number in range(_DECADES + 1)]
        self.scale.set_scale(strip, labels)
        self.picture.setAccessibleName(f"Spectrum of the prompt, in cycles per canvas. {self._strongest()}")

    def _strongest(self) -> str:
        amplitudes = self._amplitudes
        if amplitudes is None or not amplitudes.any():
            return "All amplitudes are zero"
        row, column = np.unravel_index(int(np.argmax(amplitudes)), amplitudes.shape)
        return f"Strongest: {self._wave_words(int(column), int(row))}"

    def _wave_words(self, column: int, row: int) -> str:
        assert self._amplitudes is not None
        side = self._amplitudes.shape[0]
        across, down = column - side // 2, row - side // 2
        amplitude = self._amplitude(float(self._amplitudes[row, column]))
        if (across, down) == (0, 0):
            return f"No wave: mean {amplitude}"
        length = side / float(np.hypot(across, down))
        return f"Wave {across} across, {down} down per canvas (length {length:.3g} px): {amplitude}".replace("-", "−")

    def _tell(self, pixel: tuple[int, int] | None) -> None:
        self.pointed_at.emit("" if pixel is None or self._amplitudes is None else self._wave_words(*pixel))

    def _recolour(self, _scheme: Colours) -> None:
        self._draw()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As small as it reads."""
        return QSize(220, 180)

    def _amplitude(self, value: float) -> str:
        """Write an amplitude: it has no sign, and may be far below a pixel value."""
        return f"{value:.2g}{PIXELS if self._pixels else ''}"
