"""One setting of a sweep: which it is, and the values it takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from vpns_gui import theme
from vpns_gui.theme import Colours
from vpns_gui.wheel import leave_wheel

_FEW = 9
_COLUMNS = 3
_LIST_HEIGHT_PX = 112
_SETTING_WIDTH_PX = 190


@dataclass(frozen=True)
class Setting:
    """A setting that can take several values."""

    location: str
    label: str
    unit: str = ""
    hint: str = ""
    """What several values look like where they are typed."""
    choices: tuple[tuple[str, str], ...] = ()
    """Value and words of each it can have; none: they are typed."""


def outline_boxes(widget: QWidget) -> None:
    """Draw the outline of check boxes in a colour that is seen in the dark too: the style makes it of the window's own."""

    def colour(colours: Colours) -> None:
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, QColor(colours.grid))
        widget.setPalette(palette)

    theme.follow(widget, colour)


class _Checks(QWidget):
    """Few choices, side by side."""

    changed = Signal()

    def __init__(self, choices: Sequence[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self._boxes: dict[str, QCheckBox] = {}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setHorizontalSpacing(14)
        for number, (value, words) in enumerate(choices):
            box = QCheckBox(words, self)
            box.setObjectName(f"value:{value}")
            box.toggled.connect(lambda _checked: self.changed.emit())
            outline_boxes(box)
            layout.addWidget(box, number // _COLUMNS, number % _COLUMNS)
            self._boxes[value] = box
        layout.setColumnStretch(_COLUMNS, 1)

    def values(self) -> tuple[str, ...]:
        return tuple(value for value, box in self._boxes.items() if box.isChecked())

    def set_values(self, wanted: Sequence[object]) -> None:
        for value, box in self._boxes.items():
            with QSignalBlocker(box):
                box.setChecked(value in wanted)


class _List(QListWidget):
    """Many choices, one below the other."""

    changed = Signal()

    def __init__(self, choices: Sequence[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(_LIST_HEIGHT_PX)
        outline_boxes(self)
        for value, words in choices:
            item = QListWidgetItem(words, self)
            item.setData(Qt.ItemDataRole.UserRole, value)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Unchecked)
        self.itemChanged.connect(lambda _item: self.changed.emit())

    def _items(self) -> list[QListWidgetItem]:
        return [self.item(number) for number in range(self.count())]

    def values(self) -> tuple[str, ...]:
        return tuple(
            str(item.data(Qt.ItemDataRole.UserRole)) for item in self._items() if item.checkState() == Qt.CheckState.Checked
        )

    def set_values(self, wanted: Sequence[object]) -> None:
        with QSignalBlocker(self):
            for item in self._items():
                found = item.data(Qt.ItemDataRole.UserRole) in wanted
                item.setCheckState(Qt.CheckState.Checked if found else Qt.CheckState.Unchecked)
                if found:
                    self.scrollToItem(item)


class AxisRow(QWidget):
    """Chooses a setting and its values. A typed list is given as it was typed."""

    changed = Signal()
    remove_requested = Signal()

    def __init__(self, settings: Sequence[Setting], parent: QWidget) -> None:
        super().__init__(parent)
        self._settings = {setting.location: setting for setting in settings}
        self._setting = QComboBox(self)
        self._setting.setObjectName("axisSetting")
        self._setting.setAccessibleName("Setting")
        self._setting.setFixedWidth(_SETTING_WIDTH_PX)
        self._setting.setMaxVisibleItems(24)
        self._setting.setPlaceholderText("Choose a setting")
        for setting in settings:
            self._setting.addItem(setting.label, setting.location)
        self._setting.setCurrentIndex(-1)
        self._setting.currentIndexChanged.connect(self._choose)
        leave_wheel(self)
        self._text = QLineEdit(self)
        self._text.setObjectName("axisText")
        self._text.setAccessibleName("Values")
        self._text.textChanged.connect(lambda _text: self.changed.emit())
        self._picker: _Checks | _List | None = None
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._text)
        self._stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._remove = QToolButton(self)
        self._remove.setObjectName("axisRemove")
        self._remove.setText("Remove")
        self._remove.clicked.connect(lambda: self.remove_requested.emit())
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        top = Qt.AlignmentFlag.AlignTop
        layout.addWidget(self._setting, 0, 0, top)
        layout.addWidget(self._stack, 0, 1, top)
        layout.addWidget(self._remove, 0, 2, top)
        layout.setColumnStretch(1, 1)
        self._fit()

    @property
    def location(self) -> str:
        """Which setting it is; empty while none is chosen."""
        return str(self._setting.currentData() or "")

    @property
    def values(self) -> str | tuple[str, ...]:
        """The chosen values, or the list as it was typed."""
        return self._picker.values() if self._picker is not None else self._text.text()

    def set_axis(self, location: str, values: str | Sequence[object]) -> None:
        """Show a setting with its values."""
        with QSignalBlocker(self._setting):
            self._setting.setCurrentIndex(self._setting.findData(location))
        self._fit()
        if self._picker is not None:
            self._picker.set_values(values if not isinstance(values, str) else ())
        else:
            with QSignalBlocker(self._text):
                self._text.setText(values if isinstance(values, str) else ", ".join(map(str, values)))

    def focus_values(self) -> None:
        """Put the cursor where values are given, or where the setting is chosen."""
        (self._text if self.location and self._picker is None else self._setting).setFocus()

    def _choose(self) -> None:
        with QSignalBlocker(self._text):
            self._text.clear()
        self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        """Show the editor that the setting needs."""
        if self._picker is not None:
            self._stack.removeWidget(self._picker)
            self._picker.deleteLater()
            self._picker = None
        setting = self._settings.get(self.location)
        self._text.setEnabled(setting is not None)
        self._text.setPlaceholderText(setting.hint if setting is not None else "")
        if setting is None or not setting.choices:
            self._stack.setCurrentWidget(self._text)
        else:
            self._picker = (_Checks if len(setting.choices) <= _FEW else _List)(setting.choices, self._stack)
            self._picker.changed.connect(self.changed)
            self._stack.addWidget(self._picker)
            self._stack.setCurrentWidget(self._picker)
        shown = self._picker or self._text
        self._stack.setFixedHeight(max(shown.sizeHint().height(), 26) if not isinstance(shown, _List) else _LIST_HEIGHT_PX)
