"""How many test images a prompt changes, and the list of those: thumbnails to step through."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.models.on_image import Changed
from vpns_gui.models.thumbs import Thumb
from vpns_gui.tables import Rows
from vpns_gui.take_away import offer
from vpns_gui.views.flow_layout import FlowLayout
from vpns_gui.views.thumb_list import ThumbList

LISTS = {"gained": "wrong → right", "lost": "right → wrong"}
_TIPS = {
    "gained": "Images that the network takes wrongly without the prompt and rightly with it: list them",
    "lost": "Images that the network takes rightly without the prompt and wrongly with it: list them",
}
_THUMB_PX = 44


class ChangesBar(QWidget):
    """Two numbers, each a button that lists its images."""

    list_requested = Signal(str)
    """A key of `LISTS`; empty: no list any more."""
    picked = Signal(int)
    """An image of the list."""
    examine_requested = Signal()
    """Have the test images read, where nobody did."""
    cancel_requested = Signal()
    """Do not go on with that."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts = dict.fromkeys(LISTS, "")
        self._said = QLabel(self)
        self._said.setObjectName("changesSaid")
        self._whose = QLabel(self)
        self._whose.setObjectName("changesWhose")
        self._whose.setWordWrap(True)
        self.lists = {key: self._button(f"list_{key}", tip) for key, tip in _TIPS.items()}
        for key, button in self.lists.items():
            button.setCheckable(True)
            theme.show_checked(button)
            button.setAccessibleName(f"List images {LISTS[key]}")
            button.clicked.connect(lambda checked, key=key: self.list_requested.emit(key if checked else ""))
        self.examine = self._button(
            "examineImages", "Have the saved network look at every test image, with the prompt and without"
        )
        self.examine.setText("Read the test images")
        self.examine.clicked.connect(lambda: self.examine_requested.emit())
        self.cancel = self._button("cancelExamining", "Stop reading; nothing is lost")
        self.cancel.setText("Cancel")
        self.cancel.clicked.connect(lambda: self.cancel_requested.emit())
        self.progress = QProgressBar(self)
        self.progress.setAccessibleName("Progress of reading the test images")
        self.progress.setRange(0, 1000)
        self.strip = ThumbList("changedImages", _THUMB_PX, 1, self, strip=True)
        self.strip.setAccessibleName("Images that the prompt changes")
        self.strip.picked.connect(self.picked)
        offer(self.strip, "Changed images", table=self._table)
        self._said.setMinimumHeight(self.cancel.sizeHint().height())  # in the middle of its row
        self._lay_out()
        self.set_nothing("")
        self.set_list("", ())

    def _button(self, name: str, tip: str) -> QPushButton:
        button = QPushButton(self)
        button.setObjectName(name)
        button.setToolTip(tip)
        return button

    def _lay_out(self) -> None:
        row = FlowLayout(gap=6)
        for widget in (self._said, *self.lists.values(), self.examine, self.progress, self.cancel):
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._whose)
        layout.addWidget(self.strip)

    def set_changed(self, changed: Changed) -> None:
        """Show the two numbers."""
        self._show(examine=False, working=False, lists=True)
        self._said.setText(f"Of {changed.num_images:,} test images:")
        for key, count in (("gained", changed.num_gained), ("lost", changed.num_lost)):
            button = self.lists[key]
            self._counts[key] = f"{count:,} {LISTS[key]}"
            button.setAccessibleName(f"{count:,} images {LISTS[key]} by the prompt: list them")
            button.setEnabled(count > 0)
        self._mark_open()
        self.set_note(changed.whose)

    def set_nothing(self, why: str, *, can_examine: bool = False) -> None:
        """Say why there are no numbers; offer to read the test images where that gives them."""
        self._show(examine=can_examine, working=False, lists=False)
        self._said.setText(why)
        self.set_list("", ())

    def set_note(self, text: str) -> None:
        """Say something of the numbers, below them."""
        self._whose.setText(text)
        self._whose.setVisible(bool(text))

    @property
    def text(self) -> str:
        """What is said, without the buttons."""
        return f"{self._said.text()} {self._whose.text()}".strip()

    def set_progress(self, text: str, share: float | None) -> None:
        """Say how far the reading is; None: nobody knows."""
        self._show(examine=False, working=True, lists=False)
        self._said.setText(text)
        self.progress.setRange(0, 0 if share is None else 1000)
        self.progress.setValue(round(1000 * (share or 0.0)))

    def set_list(self, key: str, thumbs: Sequence[Thumb]) -> None:
        """Show the images of a list; an empty key: none."""
        for other, button in self.lists.items():
            button.setChecked(other == key)
        self._mark_open()
        self.strip.set_thumbs(thumbs)
        self.strip.setVisible(bool(key))

    def _table(self) -> Rows:
        return ["Test image", "Without and with the prompt"], [
            (thumb.number + 1, thumb.lines[0]) for thumb in self.strip.thumbs
        ]

    def _mark_open(self) -> None:
        for key, button in self.lists.items():
            button.setText(f"{'▾' if button.isChecked() else '▸'} {self._counts[key]}")

    def _show(self, *, examine: bool, working: bool, lists: bool) -> None:
        self.examine.setVisible(examine)
        for part in (self.progress, self.cancel):
            part.setVisible(working)
        for shown in (*self.lists.values(), self._whose):
            shown.setVisible(lists)
