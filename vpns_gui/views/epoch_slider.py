"""A slider over the epochs of which there is a picture."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget


class EpochSlider(QWidget):
    """Chooses one of several labelled epochs. Left at its home it follows it: the newest epoch, or the one it is given."""

    requested = Signal(int)
    """Index of the epoch to show: chosen by a person, or the home while following."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self._home: int | None = None
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setObjectName(f"{name}Slider")
        self.slider.setAccessibleName("Epoch shown")
        self.slider.setToolTip("Epoch shown. Arrow keys: one back or on; Home and End: first and newest.")
        self.slider.setPageStep(5)
        self.slider.valueChanged.connect(self._moved)
        self.label = QLabel(self)
        self.label.setObjectName(f"{name}Label")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(QLabel("Epoch", self))
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.label)
        self.set_labels(())

    @property
    def index(self) -> int | None:
        """The epoch chosen; None while there is none."""
        return self.slider.value() if self._labels else None

    def set_labels(self, labels: Sequence[str], home: int | None = None) -> None:
        """Offer these epochs. Same labels: nothing happens; else `requested` is emitted if another picture is due.

        Args:
            labels: the epochs, oldest first.
            home: the one to show unless a person chose another; None: the newest.
        """
        new = tuple(labels)
        if (new, home) == (self._labels, self._home):
            return
        old, before = self._labels, self.index
        last = len(new) - 1
        follows = before is None or before == (len(old) - 1 if self._home is None else self._home)
        index = (last if home is None else home) if follows or before is None else min(before, last)
        self._labels, self._home = new, home
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(new) - 1))
        self.slider.setValue(max(0, index))
        self.slider.blockSignals(False)
        self.slider.setEnabled(len(new) > 1)
        widest = max((self.label.fontMetrics().horizontalAdvance(text) for text in new), default=0)
        self.label.setMinimumWidth(widest + 4)
        self._announce()
        if new and (before is None or new[index] != old[before]):
            self.requested.emit(index)

    def _moved(self, index: int) -> None:
        self._announce()
        self.requested.emit(index)

    def _announce(self) -> None:
        text = self._labels[self.slider.value()] if self._labels else ""
        self.label.setText(text)
        self.slider.setAccessibleDescription(text)
