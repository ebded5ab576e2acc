"""The learned prompt: alone, with its sign and scale, and on example images; one epoch at a time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.theme import Colours
from vpns_gui.views import prompt_pictures
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.epoch_slider import EpochSlider
from vpns_gui.views.example_grid import ExampleGrid
from vpns_gui.views.heading import heading
from vpns_gui.views.picture import scrolled
from vpns_gui.views.prompt_alone import PromptAlone
from vpns_gui.views.prompt_pictures import FloatArray

_EMPTY = (
    "No prompt yet",
    "The learned prompt and example images with and without it appear here after the first epoch of the search.",
)
_NONE = (
    "There is no prompt in this run",
    "This method, or prompt kind 'none', learns the mask alone. Choose the method VPNs and a prompt to learn both together.",
)
_NOT_KEPT = (
    "The prompts were not kept",
    "They were removed from the run folder to save room on the disk. File > Keeping says what later runs keep.",
)
_CAPTION = "Left: the image on the canvas. Right: with the prompt, as the network gets it, not amplified."


class PromptView(QWidget):
    """Shows what `set_prompt` is given; which epoch that is, is asked for with `prompt_requested`."""

    prompt_requested = Signal(int)
    """Index of the label whose prompt should be shown: chosen with the slider, or the one due while following."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("prompt")
        self.setAccessibleName("Prompt")
        self._added: FloatArray | None = None
        self._images: npt.NDArray[np.uint8] | None = None
        self._names: tuple[str, ...] = ()
        content = QWidget(self)
        self.alone = PromptAlone(content)
        self._grid = ExampleGrid(content)
        self._grid.setObjectName("promptExamples")
        self._caption = QLabel(_CAPTION, content)
        self._caption.setWordWrap(True)
        self._no_examples = QLabel("No example images in this run.", content)
        self._no_examples.setObjectName("noExamples")
        self._slider = EpochSlider("promptEpoch", content)
        self._slider.requested.connect(self.prompt_requested)
        self._stack = NoteOrContent(EmptyNote(*_EMPTY, self), content, self)
        self._lay_out(content)
        theme.follow(self, self._recolour)
        self._draw_examples()

    def _lay_out(self, content: QWidget) -> None:
        split = QSplitter(Qt.Orientation.Horizontal, content)
        split.setChildrenCollapsible(False)
        split.addWidget(scrolled(self.alone, split))
        split.addWidget(self._examples(split))
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

    def _examples(self, parent: QWidget) -> QWidget:
        side = QWidget(parent)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(6, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(heading("Examples before and after the prompt", side))
        layout.addWidget(self._caption)
        layout.addWidget(self._no_examples)
        layout.addWidget(self._grid, 1)
        layout.addStretch(0)
        return side

    def set_prompts(self, labels: Sequence[str], home: int | None = None) -> None:
        """Offer the epochs with a prompt, such as `Search 12 / 30`; may ask for one of them at once.

        Args:
            labels: the epochs, oldest first.
            home: the one to show unless a person chose another; None: the newest.
        """
        self._slider.set_labels(labels, home)
        if not labels:
            self.set_prompt(None, None, "")

    def set_prompt(self, delta: FloatArray | None, added: FloatArray | None, region: str = "") -> None:
        """Show a prompt.

        Args:
            delta: the learned tensor (3, C, C); None: nothing to show yet.
            added: what is added to the padded image (3, C, C), in the pixel range 0 to 1.
            region: the region in words, such as `pad: ring of 2 px on a canvas of 16 px`.
        """
        self._added = added
        nothing = delta is None and added is None
        if nothing:
            self._stack.note.set_text(*_EMPTY)
        self.alone.set_prompt(delta, added, region)
        self._stack.show_content(not nothing)
        self._draw_examples()

    def set_no_prompt(self) -> None:
        """Say that the run has no prompt at all."""
        self.set_prompts(())
        self._stack.note.set_text(*_NONE)

    def set_not_kept(self) -> None:
        """Say that the run had prompts, and that their files were removed."""
        self.set_prompts(())
        self._stack.note.set_text(*_NOT_KEPT)

    def set_samples(self, images: npt.NDArray[np.uint8] | None, names: Sequence[str] = ()) -> None:
        """Take the example images (N, 3, S, S), 0 to 255, and their names; None: there are none."""
        self._images, self._names = images, tuple(names)
        self._draw_examples()

    @property
    def index(self) -> int | None:
        """The label chosen with the slider; None while there is none."""
        return self._slider.index

    def _draw_examples(self) -> None:
        images = self._images if self._images is not None and len(self._images) > 0 else None
        self._grid.setVisible(images is not None)
        self._caption.setVisible(images is not None)
        self._no_examples.setVisible(images is None)
        if images is not None:
            before, after = prompt_pictures.before_after(images, self._added)
            names = self._names + ("",) * (len(before) - len(self._names))
            self._grid.set_pairs(before, after, names[: len(before)])

    def _recolour(self, scheme: Colours) -> None:
        for label in (self._caption, self._no_examples):
            label.setStyleSheet(f"color: {scheme.muted}")
