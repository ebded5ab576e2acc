"""The learned prompt: alone, with its sign and scale, and on example images; one epoch at a time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QSlider, QSplitter, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.theme import Colours
from vpns_gui.views import prompt_pictures
from vpns_gui.views.colour_bar import ColourBar
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.epoch_slider import EpochSlider
from vpns_gui.views.example_grid import ExampleGrid
from vpns_gui.views.picture import Picture
from vpns_gui.views.prompt_pictures import CHANNELS, FloatArray

_EMPTY = (
    "No prompt yet",
    "The learned prompt and example images with and without it appear here after the first epoch of the search.",
)
_NONE = (
    "There is no prompt in this run",
    "This method, or prompt kind 'none', learns the mask alone. Choose the method VPNs and a prompt to learn both together.",
)
_MOST_DOUBLINGS = 6


class PromptView(QWidget):
    """Shows what `set_prompt` is given; which epoch that is, is asked for with `prompt_requested`."""

    prompt_requested = Signal(int)
    """Index of the label whose prompt should be shown: chosen with the slider, or the newest one while following."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("prompt")
        self.setAccessibleName("Prompt")
        self._delta: FloatArray | None = None
        self._added: FloatArray | None = None
        self._images: npt.NDArray[np.uint8] | None = None
        self._names: tuple[str, ...] = ()
        self._scaled_by_hand = False
        content = QWidget(self)
        self._make_widgets(content)
        self._stack = NoteOrContent(EmptyNote(*_EMPTY, self), content, self)
        self._lay_out(content)
        theme.follow(self, self._recolour)

    def _make_widgets(self, content: QWidget) -> None:
        self._picture = Picture(content, least=160)
        self._picture.setObjectName("promptPicture")
        self._picture.pointed_at.connect(self._tell)
        self._scale = ColourBar(content)
        self._scale.setObjectName("promptScale")
        self._picture.placed.connect(self._scale.set_span)
        self._what = QComboBox(content)
        self._what.setObjectName("promptWhat")
        self._what.setToolTip(
            "added: what is added to the padded image (zero outside the prompt's region);\n"
            "delta: the learned tensor itself (before the sigmoid, where the prompt has one)"
        )
        self._what.addItems(["Added to the image", "Learned tensor (delta)"])
        self._what.currentIndexChanged.connect(self._rechoose)
        self._channel = QComboBox(content)
        self._channel.setObjectName("promptChannel")
        self._channel.setToolTip(
            "One colour channel or their mean in two hues around zero; 'Colour': all three around mid-grey"
        )
        for key, name in CHANNELS.items():
            self._channel.addItem(name, key)
        self._channel.currentIndexChanged.connect(self._rechoose)
        self._amplify = QSlider(Qt.Orientation.Horizontal, content)
        self._amplify.setObjectName("promptAmplify")
        self._amplify.setAccessibleName("Amplification")
        self._amplify.setToolTip("Amplify the picture of the prompt alone, 1x to 64x; the examples are never amplified")
        self._amplify.setRange(0, _MOST_DOUBLINGS)
        self._amplify.setPageStep(1)
        self._amplify.setTickPosition(QSlider.TickPosition.TicksBelow)
        self._amplify.valueChanged.connect(self._amplified)
        self._factor = QLabel(content)
        self._factor.setMinimumWidth(self._factor.fontMetrics().horizontalAdvance("64×") + 4)
        self._numbers = QLabel(content)
        self._numbers.setObjectName("promptNumbers")
        self._pixel = QLabel(content)
        self._pixel.setObjectName("promptPixel")
        self._region = QLabel(content)
        self._region.setObjectName("promptRegion")
        for label in (self._numbers, self._pixel, self._region):
            label.setWordWrap(True)
        self._grid = ExampleGrid(content)
        self._grid.setObjectName("promptExamples")
        self._no_examples = QLabel("No example images in this run.", content)
        self._slider = EpochSlider("promptEpoch", content)
        self._slider.requested.connect(self.prompt_requested)

    def _lay_out(self, content: QWidget) -> None:
        split = QSplitter(Qt.Orientation.Horizontal, content)
        split.setChildrenCollapsible(False)
        split.addWidget(self._left(split))
        split.addWidget(self._right(split))
        split.setSizes([540, 740])
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(10, 10, 10, 8)
        inner.setSpacing(8)
        inner.addWidget(split, 1)
        inner.addWidget(self._slider)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)

    def _left(self, parent: QWidget) -> QWidget:
        side = QWidget(parent)
        picture = QHBoxLayout()
        picture.setSpacing(8)
        picture.addWidget(self._picture, 1)
        picture.addWidget(self._scale)
        rows = QGridLayout()
        rows.setHorizontalSpacing(10)
        rows.setVerticalSpacing(6)
        for row, (text, widget) in enumerate((("&Show", self._what), ("&Channel", self._channel), ("&Amplify", self._amplify))):
            label = QLabel(text, side)
            label.setBuddy(widget)
            rows.addWidget(label, row, 0)
            rows.addWidget(widget, row, 1, 1, 1 if widget is self._amplify else 2)
        rows.addWidget(self._factor, 2, 2)
        rows.setColumnStretch(1, 1)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(8)
        layout.addWidget(_heading("Prompt alone", side))
        layout.addWidget(self._region)
        layout.addLayout(picture, 1)
        layout.addWidget(self._pixel)
        layout.addLayout(rows)
        layout.addWidget(self._numbers)
        return side

    def _right(self, parent: QWidget) -> QWidget:
        side = QWidget(parent)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(6, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(_heading("Examples before and after the prompt", side))
        self._caption = QLabel(
            "Left: the image on the canvas. Right: with the prompt, as the network gets it, not amplified.", side
        )
        self._caption.setWordWrap(True)
        layout.addWidget(self._caption)
        layout.addWidget(self._no_examples)
        layout.addWidget(self._grid, 1)
        layout.addStretch(0)
        return side

    def set_prompts(self, labels: Sequence[str]) -> None:
        """Offer the epochs with a prompt, such as `Search 12 / 30`; may ask for one of them at once."""
        self._slider.set_labels(labels)
        if not labels:
            self.set_prompt(None, None, "")

    def set_prompt(self, delta: FloatArray | None, added: FloatArray | None, region: str = "") -> None:
        """Show a prompt.

        Args:
            delta: the learned tensor (3, C, C); None: nothing to show yet.
            added: what is added to the padded image (3, C, C), in the pixel range 0 to 1.
            region: the region in words, such as `pad: ring of 2 px on a canvas of 16 px`.
        """
        self._delta, self._added = delta, added
        self._region.setText(region)
        self._region.setVisible(bool(region))
        shown = self._values()
        if shown is None:
            self._scaled_by_hand = False
            self._stack.note.set_text(*_EMPTY)
        elif not self._scaled_by_hand:
            self._suggest(shown)
        self._stack.show_content(shown is not None)
        self._draw()
        self._draw_examples()

    def set_no_prompt(self) -> None:
        """Say that the run has no prompt at all."""
        self.set_prompts(())
        self.set_prompt(None, None, "")
        self._stack.note.set_text(*_NONE)

    def set_samples(self, images: npt.NDArray[np.uint8] | None, names: Sequence[str] = ()) -> None:
        """Take the example images (N, 3, S, S), 0 to 255, and their names; None: there are none."""
        self._images, self._names = images, tuple(names)
        self._draw_examples()

    @property
    def index(self) -> int | None:
        """The label chosen with the slider; None while there is none."""
        return self._slider.index

    def _values(self) -> FloatArray | None:
        wants_delta = self._what.currentIndex() == 1
        return self._delta if wants_delta or self._added is None else self._added

    def _draw(self) -> None:
        values = self._values()
        self._factor.setText(f"{1 << self._amplify.value()}×")
        if values is None:
            self._picture.set_image(None)
            return
        channel, dark = self._channel.currentData(), theme.is_dark()
        factor = 1 << self._amplify.value()
        self._picture.set_image(prompt_pictures.picture(values, channel, factor, dark=dark))
        self._scale.set_scale(prompt_pictures.scale_strip(channel, 129, dark=dark), _scale_labels(factor))
        found = prompt_pictures.numbers(values)
        beyond = int(np.count_nonzero(np.abs(prompt_pictures.shown_values(values, channel)) * factor > 1))
        text = (
            f"Smallest {_pixels(found.smallest)}, largest {_pixels(found.largest)}, L2 norm {found.l2:.3g}. "
            f"{found.num_used:,} of {found.num_values:,} values differ from zero."
        )
        self._numbers.setText(text + (f" {beyond:,} go beyond the scale: amplify less to see them." if beyond else ""))
        self._picture.setAccessibleName(f"Picture of the prompt, {CHANNELS[channel]}. {text}")
        self._tell(None)

    def _draw_examples(self) -> None:
        has_any = self._images is not None and len(self._images) > 0
        self._grid.setVisible(has_any)
        self._caption.setVisible(has_any)
        self._no_examples.setVisible(not has_any)
        if self._images is not None and has_any:
            before, after = prompt_pictures.before_after(self._images, self._added)
            names = self._names + ("",) * (len(before) - len(self._names))
            self._grid.set_pairs(before, after, names[: len(before)])

    def _rechoose(self) -> None:
        values = self._values()
        if values is not None and not self._scaled_by_hand:
            self._suggest(values)
        self._draw()

    def _suggest(self, values: FloatArray) -> None:
        shown = prompt_pictures.shown_values(values, self._channel.currentData())
        self._amplify.blockSignals(True)
        self._amplify.setValue(prompt_pictures.suggested_amplification(shown, 1 << _MOST_DOUBLINGS).bit_length() - 1)
        self._amplify.blockSignals(False)

    def _amplified(self) -> None:
        self._scaled_by_hand = True
        self._draw()

    def _tell(self, pixel: tuple[int, int] | None) -> None:
        values = self._values()
        if pixel is None or values is None:
            self._pixel.setText("Point at the picture to read a pixel's values.")
            return
        x, y = pixel
        red, green, blue = (_pixels(float(value)) for value in values[:, y, x])
        self._pixel.setText(f"Pixel {x}, {y}: red {red}, green {green}, blue {blue}")

    def _recolour(self, scheme: Colours) -> None:
        for label in (self._pixel, self._region, self._caption, self._no_examples):
            label.setStyleSheet(f"color: {scheme.muted}")
        self._draw()


def _heading(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label


def _pixels(value: float) -> str:
    """Write a value in units of pixel values: `+12.4/255`."""
    scaled = value * 255
    sign = "+" if scaled > 0 else "−" if scaled < 0 else ""
    return f"{sign}{abs(scaled):.{1 if abs(scaled) >= 0.1 or scaled == 0 else 3}f}/255"


def _scale_labels(factor: int) -> tuple[str, ...]:
    full = 255 * prompt_pictures.full_scale(factor)
    return tuple(f"{sign}{full * part:.{0 if full * part >= 10 else 1}f}/255" if part else "0" for sign, part in (
        ("+", 1.0), ("+", 0.5), ("", 0.0), ("−", 0.5), ("−", 1.0),
    ))  # fmt: skip
