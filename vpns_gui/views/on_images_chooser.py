"""Which image is looked at: a part of the data set and a number in it, of any class or of one, or a file of one's own."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox, QToolButton, QWidget

from vpns_gui.views.flow_layout import FlowLayout

_ANY = "Any class"


class ImageChooser(QWidget):
    """Asks for images; which one comes is said back with `set_place`."""

    part_requested = Signal(str)
    """Key of the part chosen."""
    number_requested = Signal(int)
    """Number of the image, from 0."""
    step_requested = Signal(int)
    """+1: the next image, -1: the one before."""
    random_requested = Signal()
    class_requested = Signal(int)
    """Step through images of this class; -1: of any."""
    open_requested = Signal()
    """A file of one's own is to be chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part = self._combo("imagePart", "Part of the data set", "Which part of the data set the image is from", 6)
        self._class = self._combo("imageClass", "Class to step through", "Step through images of any class, or of one", 6)
        self._number = QSpinBox(self)
        self._number.setObjectName("imageNumber")
        self._number.setAccessibleName("Number of the image")
        self._number.setToolTip("Number of the image in its part of the data set, from 1")
        self._number.setKeyboardTracking(False)
        self._number.valueChanged.connect(lambda value: self.number_requested.emit(value - 1))
        self._of = QLabel(self)
        self._of.setMinimumHeight(self._number.sizeHint().height())  # in the middle of its row
        self._before = self._button("imageBefore", "◀", "The image before (of the class chosen, or of the list)")
        self._next = self._button("imageNext", "▶", "The next image (of the class chosen, or of the list)")
        self._random = self._button("imageRandom", "Random", "Any other image (of the class chosen, or of the list)")
        self._open = self._button("imageOpen", "Open …", "Open a picture of your own; you can also drop one here")
        self._before.clicked.connect(lambda: self.step_requested.emit(-1))
        self._next.clicked.connect(lambda: self.step_requested.emit(1))
        self._random.clicked.connect(lambda: self.random_requested.emit())
        self._open.clicked.connect(lambda: self.open_requested.emit())
        self._part.activated.connect(lambda _: self.part_requested.emit(self._part.currentData()))
        self._class.activated.connect(lambda _: self.class_requested.emit(self._class.currentData()))
        row = FlowLayout(self, gap=4)
        for widget in (self._part, self._before, self._number, self._of, self._next, self._random, self._class, self._open):
            row.addWidget(widget)
        self.set_parts(())

    def _combo(self, name: str, accessible: str, tip: str, letters: int) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(name)
        box.setAccessibleName(accessible)
        box.setToolTip(tip)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(letters)
        return box

    def _button(self, name: str, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button

    def set_parts(self, parts: Sequence[tuple[str, str]], classes: Sequence[str] = ()) -> None:
        """Offer parts of the data set (key and name) and the classes one can step through; none: only files."""
        self._part.clear()
        for key, name in parts:
            self._part.addItem(name, key)
        self._class.clear()
        self._class.addItem(_ANY, -1)
        for index, name in enumerate(classes):
            self._class.addItem(name, index)
        for widget in (self._part, self._class, self._number, self._before, self._next, self._random):
            widget.setEnabled(bool(parts))

    def has_part(self, part: str) -> bool:
        """Tell whether a part is offered."""
        return self._part.findData(part) >= 0

    def set_place(self, part: str, index: int, num_images: int) -> None:
        """Say which image is shown: the part's key, its number from 0, and how many there are."""
        place = self._part.findData(part)
        if place >= 0:
            self._part.setCurrentIndex(place)
        self._number.blockSignals(True)
        self._number.setRange(1, max(1, num_images))
        self._number.setValue(index + 1)
        self._number.blockSignals(False)
        self._of.setText(f"of {num_images:,}")

    def set_class(self, index: int) -> None:
        """Say which class is stepped through; -1: any."""
        self._class.setCurrentIndex(max(0, self._class.findData(index)))
