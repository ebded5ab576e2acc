"""The Prompt tab: the learned prompt beside what it does with an image, or two prompts compared; a switch chooses."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.elided_label import ElidedLabel
from vpns_gui.theme import Colours
from vpns_gui.views.empty_note import EmptyNote, NoteOrContent
from vpns_gui.views.on_images import OnImagesPanel
from vpns_gui.views.picture import scrolled
from vpns_gui.views.prompt_alone import PromptAlone
from vpns_gui.views.prompt_analysis import ShownPrompt
from vpns_gui.views.prompt_pair import PromptPairView
from vpns_gui.views.prompt_panels import make_switch

_EMPTY = (
    "No prompt yet",
    "The learned prompt, and what it does with any image, appear here after the first epoch of the search.",
)
_NONE = (
    "There is no prompt in this run",
    "This method, or prompt kind 'none', learns the mask alone. Choose the method VPNs and a prompt to learn both together.",
)
_NOT_KEPT = (
    "The prompts were not kept",
    "They were removed from the run folder to save room on the disk. File > Keeping says what later runs keep.",
)
_NOT_HERE = (
    "The prompt of this epoch was not kept",
    "Move the slider below to a later one. File > Keeping says what later runs keep.",
)
_PAGES = (
    ("One prompt", "One prompt, and what it does with an image"),
    ("Compare two", "Two prompts side by side, and their difference: two epochs, sparsities, seeds or runs"),
)


class PromptView(QWidget):
    """Shows the prompt that it is given; the comparison has a view of its own in `pair`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("prompt")
        self.setAccessibleName("Prompt")
        self.switch = make_switch("promptSwitch", "One prompt or two", _PAGES, self)
        content = QWidget(self)
        self.alone = PromptAlone(content)
        self.on_images = OnImagesPanel(content)
        self.pair = PromptPairView(self)
        self.region = ElidedLabel(self)
        self.region.setObjectName("promptRegion")
        self._stack = NoteOrContent(EmptyNote(*_EMPTY, self), content, self)
        self._pages = QStackedWidget(self)
        self.alone.scale_changed.connect(self._scale)
        self.switch.currentChanged.connect(self._turn)
        self._lay_out(content)
        theme.follow(self, self._recolour)

    def _lay_out(self, content: QWidget) -> None:
        split = QSplitter(Qt.Orientation.Horizontal, content)
        split.setObjectName("promptSplit")
        split.setChildrenCollapsible(False)
        split.addWidget(scrolled(self.alone, split))
        split.addWidget(scrolled(self.on_images, split))
        split.setSizes([500, 500])
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(10, 6, 10, 8)
        inner.addWidget(split, 1)
        self._pages.addWidget(self._stack)
        self._pages.addWidget(self.pair)
        top = QHBoxLayout()
        top.setContentsMargins(10, 4, 10, 0)
        top.setSpacing(12)
        top.addWidget(self.switch)
        top.addWidget(self.region, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._pages, 1)

    def set_prompt(self, shown: ShownPrompt | None) -> None:
        """Show a prompt; None: there is nothing to show yet."""
        if shown is None:
            self._stack.note.set_text(*_EMPTY)
        self.alone.set_prompt(shown)
        region = "" if shown is None else shown.region
        self.region.set_text(region, f"{region}; {shown.formula}" if shown is not None and shown.formula else region)
        self._stack.show_content(shown is not None)

    def set_no_prompt(self) -> None:
        """Say that the run has no prompt at all."""
        self._say(_NONE)

    def set_not_kept(self) -> None:
        """Say that the run had prompts, and that their files were removed."""
        self._say(_NOT_KEPT)

    def set_not_here(self) -> None:
        """Say that the prompt of the moment was not kept, nor one from before it."""
        self._say(_NOT_HERE)

    def _say(self, words: tuple[str, str]) -> None:
        self.set_prompt(None)
        self._stack.note.set_text(*words)

    @property
    def is_empty(self) -> bool:
        """Tell whether a note stands in the place of a prompt."""
        return self._stack.is_empty

    @property
    def note(self) -> str:
        """What stands there where there is no prompt."""
        return self._stack.note.text

    @property
    def shows_pair(self) -> bool:
        """Tell whether two prompts are compared."""
        return self._pages.currentIndex() == 1

    def show_pair(self, shown: bool) -> None:
        """Turn to the comparison, or back to one prompt."""
        self.switch.setCurrentIndex(1 if shown else 0)

    def _turn(self, page: int) -> None:
        self._pages.setCurrentIndex(page)
        self.region.setVisible(page == 0)

    def _recolour(self, scheme: Colours) -> None:
        self.region.setStyleSheet(f"color: {scheme.muted}")

    def _scale(self) -> None:
        """Draw the difference that the prompt makes as the prompt itself is drawn."""
        controls = self.alone.controls
        self.on_images.set_scale(controls.factor, controls.channel)
