"""A contact sheet of test images with what they are and what they were taken for, a page at a time."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from vpns_gui.models.thumbs import Thumb
from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.views.heading import heading
from vpns_gui.views.thumb_list import ThumbList

_THUMB_PX = 72


class ContactSheet(QWidget):
    """Shows the page it is given; which images that are is asked for with the signals."""

    page_requested = Signal(int)
    """From 0."""
    all_requested = Signal()
    """All wrong images again, instead of those of a cell or class."""
    picked = Signal(int)
    """An image was chosen (its number)."""
    opened = Signal(int)
    """An image is to be shown with the prompt (its number)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("contactSheet")
        self._page = 0
        self._title = heading("", self)
        self._title.setObjectName("sheetTitle")
        self._title.setWordWrap(True)
        self._all = QPushButton("&All wrong", self)
        self._all.setObjectName("sheetAll")
        self._all.setToolTip("All images that are taken wrongly, the most confident first")
        self._all.clicked.connect(lambda: self.all_requested.emit())
        self._empty = QLabel(self)
        self._empty.setObjectName("sheetEmpty")
        self._empty.setWordWrap(True)
        self.thumbs = ThumbList("sheetImages", _THUMB_PX, 3, self)
        self.thumbs.picked.connect(self.picked)
        self.thumbs.opened.connect(self.opened)
        offer(self.thumbs, "Wrong images", table=self._table)
        self._words = QLabel(self)
        self._words.setObjectName("sheetWords")
        self._words.setWordWrap(True)
        self._open = QPushButton("&Show with the prompt", self)
        self._open.setObjectName("sheetOpen")
        self._open.setToolTip("Show this image in the prompt view, before and after the prompt (Enter or double click)")
        self._open.clicked.connect(self._open_chosen)
        self._before = self._button("sheetBefore", "◀", "Page before", -1)
        self._next = self._button("sheetNext", "▶", "Next page", 1)
        self._range = QLabel(self)
        self._range.setObjectName("sheetRange")
        self._lay_out()
        self.set_images("", (), 0, 0, 1)

    def _button(self, name: str, text: str, tip: str, by: int) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(lambda: self.page_requested.emit(self._page + by))
        return button

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(self._all)
        bottom = QHBoxLayout()
        bottom.addWidget(self._before)
        bottom.addWidget(self._range)
        bottom.addWidget(self._next)
        bottom.addStretch(1)
        bottom.addWidget(self._open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self._empty)
        layout.addWidget(self.thumbs, 1)
        layout.addWidget(self._words)
        layout.addLayout(bottom)

    def set_images(
        self, title: str, thumbs: Sequence[Thumb], first: int, total: int, page_size: int, *, of_all: bool = True
    ) -> None:
        """Show a page.

        Args:
            title: what images these are.
            thumbs: the images of the page.
            first: number of the first of them among all, from 0.
            total: how many there are on all pages.
            page_size: how many a whole page has.
            of_all: these are all wrong images, so that there is nothing to go back to.
        """
        self._page = first // max(1, page_size)
        self._title.setText(title)
        self._all.setVisible(not of_all)
        self.thumbs.set_thumbs(thumbs)
        self.thumbs.setAccessibleName(title or "Images")
        self.set_empty("" if total else "There are none." if title else "")
        self.set_words("", can_open=False)
        many = total > page_size
        self._range.setText(f"{first + 1:,} to {first + len(thumbs):,} of {total:,}" if many else "")
        self._before.setEnabled(first > 0)
        self._next.setEnabled(first + len(thumbs) < total)
        for part in (self._before, self._next, self._range):
            part.setVisible(many)

    def set_empty(self, why: str) -> None:
        """Say why no images are seen; nothing: they are."""
        self._empty.setText(why)
        self._empty.setVisible(bool(why))

    def set_words(self, text: str, *, can_open: bool) -> None:
        """Say what is known of the image that is chosen; `can_open`: it can be shown with the prompt."""
        self._words.setText(text)
        self._words.setVisible(bool(text))
        self._open.setVisible(can_open)

    @property
    def text(self) -> str:
        """What is said: the title, and of the image that is chosen."""
        return f"{self._title.text()}\n{self._empty.text()}{self._words.text()}".strip()

    def _table(self) -> Rows:
        return ["Class", "Taken for", "Confidence"], [thumb.lines for thumb in self.thumbs.thumbs]

    def _open_chosen(self) -> None:
        index = self.thumbs.currentIndex()
        if index.isValid():
            self.opened.emit(self.thumbs.thumbs[index.row()].number)
