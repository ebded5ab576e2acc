"""Two prompts side by side and their difference, on one scale."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.terms import TERM, tip
from vpns_gui.theme import Colours
from vpns_gui.views import prompt_pictures
from vpns_gui.views.colour_bar import ColourBar
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.heading import heading
from vpns_gui.views.moment_picker import MomentPicker
from vpns_gui.views.picture import Picture
from vpns_gui.views.pixel_keys import PixelKeys
from vpns_gui.views.prompt_analysis import PromptPair, compare, in_pixels
from vpns_gui.views.prompt_controls import PromptControls
from vpns_gui.views.prompt_pictures import FloatArray
from vpns_gui.views.prompt_rows import pixel_rows

_EMPTY = (
    "Two prompts, side by side",
    "Choose a run, a sparsity and an epoch for A and for B above. Both prompts appear here on one scale, with their "
    "difference. A run without a prompt, or whose prompts were not kept, has none to choose.",
)
_POINT = "Point at a picture, or use Tab and the arrow keys, to read values."
_TITLES = ("A", "B", "A − B")


@dataclass(frozen=True)
class NamedPrompt:
    """A prompt with the run, sparsity and epoch it is from."""

    delta: FloatArray
    added: FloatArray
    label: str
    """What is not in the run's name: seed, sparsity, epoch."""
    tip: str = ""
    """All of it."""


class PromptPairView(QWidget):
    """Shows what it is given; which prompts these are is asked for with the pickers' signals."""

    scale_changed = Signal()
    """Amplification or channel is another now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("promptPair")
        self.setAccessibleName("Two prompts")
        self._both: tuple[NamedPrompt, NamedPrompt] | None = None
        self.a = MomentPicker("promptA", "A", self, follows="What the window shows (follows the slider below)")
        self.b = MomentPicker("promptB", "B", self)
        self._content = QWidget(self)
        self._pictures = QWidget(self._content)
        self.controls = PromptControls("promptPair", self._content)
        self.controls.changed.connect(self._draw)
        self.controls.what.currentIndexChanged.connect(self.controls.refit)
        self.pictures = [self._picture(number) for number in range(len(_TITLES))]
        self._keys = [PixelKeys(picture) for picture in self.pictures]
        self.labels = [ElidedLabel(self._pictures) for _ in _TITLES]
        self.scale = ColourBar(self._pictures)
        self.pictures[0].placed.connect(self.scale.set_span)
        self.numbers, self.pixel = self._text("promptPairNumbers"), self._text("promptPairPixel")
        self.numbers.setToolTip(tip("cosine similarity") + tip("L2 norm"))
        self.numbers.setProperty(TERM, "cosine similarity")
        self._stack = NoteOrContent(EmptyNote(*_EMPTY, self), self._content, self)
        self._lay_out()
        theme.follow(self, self._recolour)

    def _picture(self, number: int) -> Picture:
        picture = Picture(self._pictures, least=96)
        picture.setObjectName(f"promptPair{number}")
        picture.setAccessibleName(f"Picture of {_TITLES[number]}")
        picture.pointed_at.connect(self._tell)
        offer(picture, f"Two prompts, {_TITLES[number]}", table=partial(self._rows, number), picture=lambda: self._pictures)
        return picture

    def _text(self, name: str) -> QLabel:
        label = QLabel(self._content)
        label.setObjectName(name)
        label.setWordWrap(True)
        return label

    def _lay_out(self) -> None:
        grid = QGridLayout(self._pictures)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        for column, (title, label, picture) in enumerate(zip(_TITLES, self.labels, self.pictures, strict=True)):
            over = QHBoxLayout()
            over.setSpacing(8)
            over.addWidget(heading(title, self._pictures))
            over.addWidget(label, 1)
            grid.addLayout(over, 0, column)
            grid.addWidget(picture, 1, column)
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.scale, 1, len(_TITLES))
        grid.setRowStretch(1, 1)
        inner = QVBoxLayout(self._content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(6)
        inner.addWidget(self.controls)
        inner.addWidget(self._pictures, 1)
        inner.addWidget(self.pixel)
        inner.addWidget(self.numbers)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.setSpacing(6)
        layout.addWidget(self.a)
        layout.addWidget(self.b)
        layout.addWidget(self._stack, 1)

    def set_prompts(self, one: NamedPrompt | None, other: NamedPrompt | None) -> None:
        """Show two prompts; None for either shows neither."""
        if one is None or other is None:
            self._both = None
            self.controls.forget()
            self.set_note("")
        else:
            self._both = one, other
            self._draw()
        self._stack.show_content(self._both is not None)

    def set_note(self, why: str) -> None:
        """Say why there is nothing to see; empty: what will be here."""
        self._both = None
        self._stack.note.set_text(*(("This cannot be shown", why) if why else _EMPTY))
        self._stack.show_content(False)

    def _rows(self, number: int) -> Rows:
        values = self._values()
        tensors = [] if values is None else [*values, *_difference(*values)]
        return pixel_rows(tensors[number], pixels=self.controls.pixels) if number < len(tensors) else ([], [])

    def _values(self) -> tuple[FloatArray, FloatArray] | None:
        if self._both is None:
            return None
        delta = self.controls.tensor == "delta"
        one, other = ((prompt.delta if delta else prompt.added) for prompt in self._both)
        return one, other

    def _draw(self) -> None:
        values, both = self._values(), self._both
        self._tell(None)
        if values is None or both is None:
            return
        one, other = values
        pixels = self.controls.tensor == "added" or all(in_pixels(prompt.delta, prompt.added) for prompt in both)
        self.controls.set_unit(pixels=pixels)
        alike = one.shape == other.shape
        shown = [one, other, one - other] if alike else [one, other]
        for tensor in shown:
            self.controls.fit(tensor)
        channel, dark = self.controls.channel, theme.is_dark()
        for picture, tensor in zip(self.pictures, shown, strict=False):
            picture.set_image(prompt_pictures.picture(tensor, channel, self.controls.gain, dark=dark))
        if not alike:
            self.pictures[2].set_image(None)
        self.scale.set_scale(prompt_pictures.scale_strip(channel, 129, dark=dark), self.controls.scale_labels())
        for label, prompt in zip(self.labels, both, strict=False):
            label.set_text(prompt.label, prompt.tip or prompt.label)
        self.numbers.setText(_numbers(compare(one, other), self.controls) if alike else _unlike(one, other))
        for keys in self._keys:
            keys.tell_again()
        self.scale_changed.emit()

    def _tell(self, pixel: tuple[int, int] | None) -> None:
        values = self._values()
        if pixel is None or values is None:
            self.pixel.setText(_POINT)
            return
        x, y = pixel
        words = [f"Pixel {x}, {y}, red green blue:"]
        for title, tensor in zip(_TITLES, (*values, *_difference(*values)), strict=False):
            if x < tensor.shape[2] and y < tensor.shape[1]:
                words.append(f"{title} " + " ".join(self.controls.words(float(value)) for value in tensor[:, y, x]))
        self.pixel.setText("  ".join(words))
        for picture in self.pictures:
            picture.setAccessibleDescription(self.pixel.text())

    def _recolour(self, scheme: Colours) -> None:
        for label in (self.pixel, *self.labels):
            label.setStyleSheet(f"color: {scheme.muted}")
        self._draw()


def _difference(one: FloatArray, other: FloatArray) -> list[FloatArray]:
    return [np.asarray(one - other)] if one.shape == other.shape else []


def _numbers(pair: PromptPair, controls: PromptControls) -> str:
    cosine = "unknown, one of them is zero" if pair.cosine is None else f"{pair.cosine:.3f}"
    norms = ", ".join(f"{title} {controls.words(norm).removeprefix('+')}" for title, norm in zip("AB", pair.l2, strict=True))
    most, distance = (controls.words(value).removeprefix("+") for value in (pair.most, pair.distance))
    return f"Cosine similarity {cosine}. L2 of the difference {distance}, of {norms}. Largest difference of a value {most}."


def _unlike(one: FloatArray, other: FloatArray) -> str:
    return (
        f"A lies on a canvas of {one.shape[1]} px, B on one of {other.shape[1]} px: "
        "prompts of different canvases have no difference."
    )
