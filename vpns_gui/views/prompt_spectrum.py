"""The waves that a prompt is made of."""

from math import ceil, log10

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.terms import TERM, tip
from vpns_gui.theme import Colours, colours
from vpns_gui.views import prompt_pictures
from vpns_gui.views.colour_bar import ColourBar
from vpns_gui.views.picture import Picture, fitted
from vpns_gui.views.prompt_controls import PIXELS
from vpns_gui.views.prompt_pictures import FloatArray
from vpns_gui.views.prompt_rows import wave_rows

_DECADES = 3
"""Of amplitudes that have a colour of their own."""
_GAP = 4


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
