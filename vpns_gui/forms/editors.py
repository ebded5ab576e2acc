"""One editor per field type. An editor holds whatever is typed; whether it can work is for the specs to say.

Each has `value_changed`, `value()` and `set_value(value)`. The wheel scrolls the form and never changes a value.
"""

import math
from collections.abc import Callable, Mapping

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPalette, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QWidget

from vpns_engine.specs.fields import PathKind
from vpns_gui import theme
from vpns_gui.theme import Colours


class TextEdit(QLineEdit):
    """A line of text that stands for a value."""

    value_changed = Signal(object)

    def __init__(
        self, parent: QWidget | None, read: Callable[[str], object] = str, write: Callable[[object], str] = str
    ) -> None:
        super().__init__(parent)
        self._read, self._write = read, write
        self.textChanged.connect(lambda text: self.value_changed.emit(read(text)))

    def value(self) -> object:
        """Give what the text stands for."""
        return self._read(self.text())

    def set_value(self, value: object) -> None:
        """Show a value; a text that stands for it already is left as it was typed."""
        if value != self.value():
            with QSignalBlocker(self):
                self.setText(self._write(value))
            self.setCursorPosition(0)


class WholeEdit(QAbstractSpinBox):
    """A whole number with arrows, which takes any text."""

    value_changed = Signal(object)

    def __init__(self, parent: QWidget | None, lowest: int | None = None, highest: int | None = None) -> None:
        super().__init__(parent)
        self._lowest, self._highest = lowest, highest
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.lineEdit().textChanged.connect(lambda text: self.value_changed.emit(read_whole(text)))

    def value(self) -> object:
        """Give the number, or the text where it is none."""
        return read_whole(self.lineEdit().text())

    def set_value(self, value: object) -> None:
        """Show a number."""
        if value != self.value():
            with QSignalBlocker(self.lineEdit()):
                self.lineEdit().setText(str(value))

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Take everything: the form says what is wrong."""
        return QValidator.State.Acceptable, text, position

    def stepBy(self, steps: int) -> None:  # noqa: N802
        """Go up or down, within the bounds."""
        value = self.value()
        if isinstance(value, int):
            within = max(value + steps, self._lowest) if self._lowest is not None else value + steps
            self.lineEdit().setText(str(min(within, self._highest) if self._highest is not None else within))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:  # noqa: N802
        """Tell which arrows are on."""
        flag, value = QAbstractSpinBox.StepEnabledFlag, self.value()
        enabled = flag.StepNone
        if isinstance(value, int):
            if self._lowest is None or value > self._lowest:
                enabled |= flag.StepDownEnabled
            if self._highest is None or value < self._highest:
                enabled |= flag.StepUpEnabled
        return enabled

    def sizeHint(self) -> QSize:  # noqa: N802
        """Be as wide as eight digits; the plain class asks for nothing."""
        hint = super().sizeHint()
        return QSize(max(hint.width(), self.fontMetrics().horizontalAdvance("0" * 8) + 40), hint.height())

    def wheelEvent(self, wheel: QWheelEvent) -> None:  # noqa: N802
        """Leave the wheel to the form."""
        wheel.ignore()


class ChoiceEdit(QComboBox):
    """One of several values."""

    value_changed = Signal(object)

    def __init__(self, parent: QWidget | None, words: Mapping[str, str]) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self._names: dict[str, str] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_words(words)
        self.currentIndexChanged.connect(lambda _: self.value_changed.emit(self.value()))

    def set_words(self, words: Mapping[str, str]) -> None:
        """Offer these values, by what a person reads for each; what was chosen stays chosen, offered or not."""
        chosen = self.value()
        self._names |= words
        with QSignalBlocker(self):
            self.clear()
            for value, text in words.items():
                self.addItem(text, value)
        if chosen is not None:
            self.set_value(chosen)

    def value(self) -> object:
        """Give the chosen value."""
        return self.currentData()

    def set_value(self, value: object) -> None:
        """Choose a value, even one that is not offered: then the form says so."""
        with QSignalBlocker(self):
            if self.findData(value) < 0:
                self.addItem(self._names.get(str(value), str(value)), value)
            self.setCurrentIndex(self.findData(value))

    def wheelEvent(self, wheel: QWheelEvent) -> None:  # noqa: N802
        """Leave the wheel to the form."""
        wheel.ignore()


class CheckEdit(QCheckBox):
    """Yes or no."""

    value_changed = Signal(object)

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.toggled.connect(lambda checked: self.value_changed.emit(checked))
        theme.follow(self, self._colour)

    def value(self) -> object:
        """Tell whether it is checked."""
        return self.isChecked()

    def set_value(self, value: object) -> None:
        """Check or uncheck."""
        with QSignalBlocker(self):
            self.setChecked(bool(value))

    def _colour(self, colours: Colours) -> None:
        # Fusion draws the box's outline in a darker shade of the window: in the dark it could not be seen. Nothing else is set:
        # what is set here does not follow a change of the scheme by itself
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, QColor(colours.grid))
        self.setPalette(palette)


class PathEdit(QWidget):
    """A path, typed or chosen in a dialog."""

    value_changed = Signal(object)

    def __init__(self, parent: QWidget | None, kind: PathKind, title: str) -> None:
        super().__init__(parent)
        self._kind, self._title = kind, title
        self._line = TextEdit(self)
        self._line.value_changed.connect(self.value_changed)
        self._button = QToolButton(self)
        self._button.setText("Browse …")
        self._button.clicked.connect(self._browse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._button)
        self.setFocusProxy(self._line)

    def value(self) -> object:
        """Give the path as it was typed."""
        return self._line.value()

    def set_value(self, value: object) -> None:
        """Show a path."""
        self._line.set_value(value)

    def _browse(self) -> None:
        dialog = QFileDialog(self, self._title, self._line.text())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        modes = QFileDialog.FileMode
        dialog.setFileMode(modes.Directory if self._kind == "folder" else modes.ExistingFile)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, self._kind == "folder")
        if self._kind == "file":
            dialog.setNameFilters(["Weights (*.safetensors *.pt *.pth)", "All files (*)"])
        dialog.fileSelected.connect(self._line.setText)
        dialog.open()


def read_whole(text: str) -> int | str:
    """Give a whole number, or the text where it is none."""
    try:
        return int(text)
    except ValueError:
        return text


def read_number(text: str) -> float | str:
    """Give a number, or the text where it is none."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def write_number(value: object) -> str:
    """Write a number as short as it can be read back: 0.0001, 1e-05."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)
