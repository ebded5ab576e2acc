"""The learned prompt by itself: its picture with sign and scale, its histogram and spectrum, numbers, the pixel pointed at."""

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.terms import TERM, tip
from vpns_gui.theme import Colours
from vpns_gui.views import prompt_pictures
from vpns_gui.views.colour_bar import ColourBar
from vpns_gui.views.picture import Picture
from vpns_gui.views.pixel_keys import PixelKeys
from vpns_gui.views.prompt_analysis import Analysis, ShownPrompt, analyse, in_pixels
from vpns_gui.views.prompt_controls import PromptControls
from vpns_gui.views.prompt_histogram import PromptHistogram
from vpns_gui.views.prompt_panels import PromptPanels, make_switch
from vpns_gui.views.prompt_pictures import CHANNELS, FloatArray
from vpns_gui.views.prompt_rows import pixel_rows
from vpns_gui.views.prompt_spectrum import PromptSpectrum

_POINT = "Point at a picture, or use Tab and the arrow keys, to read values."
_HISTOGRAM, _SPECTRUM = 1, 2
_PANELS = (
    ("Picture", "The prompt in its place on the canvas"),
    ("Histogram", "How often each value comes"),
    ("Spectrum", "The waves that the prompt is made of, coarse in the middle, fine outside"),
)


class PromptAlone(QWidget):
    """Shows one prompt; the pictures stand side by side where there is room."""

    scale_changed = Signal()
    """Amplification or channel is another now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: ShownPrompt | None = None
        self.controls = PromptControls("prompt", self)
        self.picture, self.scale, picture = self._make_picture()
        self.histogram = PromptHistogram(self)
        self.spectrum = PromptSpectrum(self)
        self.panels = PromptPanels(self)
        self.panels.set_panels((picture, self.histogram, self.spectrum))
        self.switch = make_switch("promptPanel", "Picture, histogram or spectrum", _PANELS, self)
        self.numbers = self._make_text("promptNumbers")
        self.numbers.setToolTip(tip("L2 norm") + tip("L∞ norm") + tip("clamp"))
        self.numbers.setProperty(TERM, "L2 norm")
        self.pixel = self._make_text("promptPixel")
        self._connect()
        self._lay_out()
        theme.follow(self, self._recolour)

    def _make_picture(self) -> tuple[Picture, ColourBar, QWidget]:
        whole = QWidget(self)
        picture, scale = Picture(whole, least=110), ColourBar(whole)
        picture.setObjectName("promptPicture")
        scale.setObjectName("promptScale")
        picture.placed.connect(scale.set_span)
        offer(picture, "Prompt", table=self._rows, picture=lambda: whole)
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(picture, 1)
        row.addWidget(scale)
        return picture, scale, whole

    def _make_text(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setWordWrap(True)
        return label

    def _connect(self) -> None:
        self.picture.pointed_at.connect(self._tell)
        self._keys = [PixelKeys(picture) for picture in (self.picture, self.spectrum.picture)]
        self.histogram.pointed_at.connect(self._say)
        self.spectrum.pointed_at.connect(self._say)
        self.switch.currentChanged.connect(self._choose)
        self.panels.all_seen_changed.connect(self._see_all)
        self.controls.what.currentIndexChanged.connect(self.controls.refit)
        self.controls.changed.connect(self._draw)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(6)
        layout.addWidget(self.controls)
        layout.addWidget(self.switch)
        layout.addWidget(self.panels, 1)
        layout.addWidget(self.pixel)
        layout.addWidget(self.numbers)

    def set_prompt(self, shown: ShownPrompt | None) -> None:
        """Show a prompt; None shows nothing, and forgets the scale that was chosen."""
        self._shown = shown
        if shown is None:
            self.controls.forget()
        self._draw()

    def _rows(self) -> Rows:
        values = self._values()
        return ([], []) if values is None else pixel_rows(values, pixels=self.controls.pixels)

    def _values(self) -> FloatArray | None:
        if self._shown is None:
            return None
        return self._shown.delta if self.controls.tensor == "delta" else self._shown.added

    def _analysis(self) -> Analysis | None:
        values = self._values()
        if self._shown is None or values is None:
            return None
        return self._shown.analyses.get(self.controls.tensor) or analyse(values)

    @property
    def _pixels(self) -> bool:
        """Tell whether the tensor drawn has the unit of pixels."""
        shown = self._shown
        return shown is None or self.controls.tensor == "added" or in_pixels(shown.delta, shown.added)

    def _draw(self) -> None:
        values, analysis = self._values(), self._analysis()
        self._tell(None)
        if values is None or analysis is None:
            self.picture.set_image(None)
            self.histogram.set_histogram(None)
            self.spectrum.set_spectrum(None)
            return
        controls, dark = self.controls, theme.is_dark()
        controls.set_unit(pixels=self._pixels)
        controls.fit(values)
        channel = controls.channel
        self.picture.set_image(prompt_pictures.picture(values, channel, controls.gain, dark=dark))
        self.scale.set_scale(prompt_pictures.scale_strip(channel, 129, dark=dark), controls.scale_labels())
        self._draw_charts(analysis)
        text = self._in_numbers(analysis)
        beyond = int(np.count_nonzero(np.abs(prompt_pictures.shown_values(values, channel)) > controls.full))
        self.numbers.setText(text + (f" {beyond:,} go beyond the scale: amplify less to see them." if beyond else ""))
        self.picture.setAccessibleName(f"Picture of the prompt, {CHANNELS[channel]}. {text}")
        for keys in self._keys:
            keys.tell_again()
        self.scale_changed.emit()

    def _draw_charts(self, analysis: Analysis) -> None:
        """Draw those that are seen: the others are drawn when they are."""
        channel, pixels = self.controls.channel, self.controls.pixels
        if self.panels.sees(_HISTOGRAM):
            self.histogram.set_histogram(analysis.histograms[channel], pixels=pixels)
        if self.panels.sees(_SPECTRUM):
            self.spectrum.set_spectrum(analysis.spectra[channel], pixels=pixels)

    def _choose(self, panel: int) -> None:
        self.panels.choose(panel)
        self._draw()

    def _see_all(self, all_seen: bool) -> None:
        self.switch.setVisible(not all_seen)
        self._draw()

    def _in_numbers(self, analysis: Analysis) -> str:
        found, words = analysis.numbers, self.controls.words
        most, l2 = (words(norm).removeprefix("+") for norm in (found.most, found.l2))
        parts = [
            f"Smallest {words(found.smallest)}, largest {words(found.largest)}, L∞ {most}, L2 {l2}.",
            f"{found.num_used:,} of {found.num_values:,} values differ from zero.",
        ]
        clamped = self._shown.clamped if self._shown is not None else None
        if clamped is not None and self.controls.tensor == "added":
            parts.append(f"On the example images {clamped:.0%} of them end at the clamp, black or full.".replace("%", " %", 1))
        if not self._pixels:
            formula = f": {self._shown.formula}" if self._shown is not None and self._shown.formula else ""
            parts.append(f"This tensor has no unit of pixels{formula}.")
        return " ".join(parts)

    def _tell(self, pixel: tuple[int, int] | None) -> None:
        values = self._values()
        if pixel is None or values is None:
            self._say("")
            return
        x, y = pixel
        red, green, blue = (self.controls.words(float(value)) for value in values[:, y, x])
        self._say(f"Pixel {x}, {y}: red {red}, green {green}, blue {blue}")

    def _say(self, words: str) -> None:
        self.pixel.setText(words or _POINT)
        for picture in (self.picture, self.spectrum.picture):
            picture.setAccessibleDescription(words)

    def _recolour(self, scheme: Colours) -> None:
        self.pixel.setStyleSheet(f"color: {scheme.muted}")
        self._draw()
