"""The learned prompt as a picture of its own: sign, scale and amplification, numbers, and the pixel pointed at."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.theme import Colours
from vpns_gui.views import prompt_pictures
from vpns_gui.views.colour_bar import ColourBar
from vpns_gui.views.heading import heading
from vpns_gui.views.picture import Picture
from vpns_gui.views.prompt_pictures import CHANNELS, FloatArray

_MOST_DOUBLINGS = 6
_POINT = "Point at the picture to read a pixel's values."


class PromptAlone(QWidget):
    """Chooses its amplification until a person chooses one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delta: FloatArray | None = None
        self._added: FloatArray | None = None
        self._scaled_by_hand = False
        self.picture = Picture(self, least=110)
        self.picture.setObjectName("promptPicture")
        self.picture.pointed_at.connect(self._tell)
        self.scale = ColourBar(self)
        self.scale.setObjectName("promptScale")
        self.picture.placed.connect(self.scale.set_span)
        self.what = self._make_what()
        self.channel = self._make_channel()
        self.amplify = self._make_amplify()
        self._factor = QLabel(self)
        self._factor.setMinimumWidth(self._factor.fontMetrics().horizontalAdvance("64×") + 4)
        self.numbers = self._make_text("promptNumbers")
        self.pixel = self._make_text("promptPixel")
        self.region = self._make_text("promptRegion")
        self._lay_out()
        theme.follow(self, self._recolour)

    def _make_what(self) -> QComboBox:
        box = QComboBox(self)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        box.setObjectName("promptWhat")
        box.setToolTip(
            "added: what is added to the padded image (zero outside the prompt's region);\n"
            "delta: the learned tensor itself (before the sigmoid, where the prompt has one)"
        )
        box.addItems(["Added to the image", "Learned tensor (delta)"])
        box.currentIndexChanged.connect(self._rechoose)
        return box

    def _make_channel(self) -> QComboBox:
        box = QComboBox(self)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        box.setObjectName("promptChannel")
        box.setToolTip("One colour channel, or their mean, in two hues around zero; 'Colour': all three around mid-grey")
        for key, name in CHANNELS.items():
            box.addItem(name, key)
        box.currentIndexChanged.connect(self._rechoose)
        return box

    def _make_amplify(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setObjectName("promptAmplify")
        slider.setAccessibleName("Amplification")
        slider.setToolTip("Amplify the picture of the prompt alone, 1× to 64×; the examples are never amplified")
        slider.setRange(0, _MOST_DOUBLINGS)
        slider.setPageStep(1)
        slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        slider.valueChanged.connect(self._amplified)
        return slider

    def _make_text(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setWordWrap(True)
        return label

    def _lay_out(self) -> None:
        picture = QHBoxLayout()
        picture.setSpacing(8)
        picture.addWidget(self.picture, 1)
        picture.addWidget(self.scale)
        rows = QGridLayout()
        rows.setHorizontalSpacing(10)
        rows.setVerticalSpacing(6)
        rows.setColumnStretch(1, 1)
        for row, (text, widget) in enumerate((("S&how", self.what), ("&Channel", self.channel), ("&Amplify", self.amplify))):
            label = QLabel(text, self)
            label.setBuddy(widget)
            rows.addWidget(label, row, 0)
            rows.addWidget(widget, row, 1, 1, 1 if widget is self.amplify else 2)
        rows.addWidget(self._factor, 2, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(8)
        layout.addWidget(heading("Prompt alone", self))
        layout.addWidget(self.region)
        layout.addLayout(picture, 1)
        layout.addWidget(self.pixel)
        layout.addLayout(rows)
        layout.addWidget(self.numbers)

    def set_prompt(self, delta: FloatArray | None, added: FloatArray | None, region: str) -> None:
        """Show a prompt (3, C, C) as learned and as added, in the pixel range 0 to 1; None for both: nothing."""
        self._delta, self._added = delta, added
        self.region.setText(region)
        self.region.setVisible(bool(region))
        if self._values() is None:
            self._scaled_by_hand = False
        self._rechoose()

    def _values(self) -> FloatArray | None:
        wants_delta = self.what.currentIndex() == 1 or self._added is None
        return self._delta if wants_delta and self._delta is not None else self._added

    def _rechoose(self) -> None:
        values = self._values()
        if values is not None and not self._scaled_by_hand:
            shown = prompt_pictures.shown_values(values, self.channel.currentData())
            factor = prompt_pictures.suggested_amplification(shown, 1 << _MOST_DOUBLINGS)
            self.amplify.blockSignals(True)
            self.amplify.setValue(factor.bit_length() - 1)
            self.amplify.blockSignals(False)
        self._draw()

    def _amplified(self) -> None:
        self._scaled_by_hand = True
        self._draw()

    def _draw(self) -> None:
        values, factor = self._values(), 1 << self.amplify.value()
        self._factor.setText(f"{factor}×")
        self._tell(None)
        if values is None:
            self.picture.set_image(None)
            return
        channel, dark = self.channel.currentData(), theme.is_dark()
        self.picture.set_image(prompt_pictures.picture(values, channel, factor, dark=dark))
        self.scale.set_scale(prompt_pictures.scale_strip(channel, 129, dark=dark), _scale_labels(factor))
        beyond = int(np.count_nonzero(np.abs(prompt_pictures.shown_values(values, channel)) * factor > 1))
        text = _in_numbers(values)
        self.numbers.setText(text + (f" {beyond:,} go beyond the scale: amplify less to see them." if beyond else ""))
        self.picture.setAccessibleName(f"Picture of the prompt, {CHANNELS[channel]}. {text}")

    def _tell(self, pixel: tuple[int, int] | None) -> None:
        values = self._values()
        if pixel is None or values is None:
            self.pixel.setText(_POINT)
            return
        x, y = pixel
        red, green, blue = (_pixels(float(value)) for value in values[:, y, x])
        self.pixel.setText(f"Pixel {x}, {y}: red {red}, green {green}, blue {blue}")

    def _recolour(self, scheme: Colours) -> None:
        for label in (self.pixel, self.region):
            label.setStyleSheet(f"color: {scheme.muted}")
        self._draw()


def _in_numbers(values_3CC: FloatArray) -> str:
    found = prompt_pictures.numbers(values_3CC)
    return (
        f"Smallest {_pixels(found.smallest)}, largest {_pixels(found.largest)}, L2 norm {found.l2:.3g}. "
        f"{found.num_used:,} of {found.num_values:,} values differ from zero."
    )


def _pixels(value: float) -> str:
    """Write a value in units of pixel values: `+12.4/255`."""
    scaled = value * 255
    sign = "+" if scaled > 0 else "−" if scaled < 0 else ""
    return f"{sign}{abs(scaled):.{1 if abs(scaled) >= 0.1 or scaled == 0 else 3}f}/255"


def _scale_labels(factor: int) -> tuple[str, ...]:
    """Write the values along the colour bar, greatest first."""
    full = 255 * prompt_pictures.full_scale(factor)
    above = [f"{full * part:.{0 if full * part >= 10 else 1}f}/255" for part in (1.0, 0.5)]
    return (*(f"+{text}" for text in above), "0", *(f"−{text}" for text in reversed(above)))
