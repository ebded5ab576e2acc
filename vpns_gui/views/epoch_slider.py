"""A slider over the epochs of which there is a picture."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget


class EpochSlider(QWidget):
    """Chooses one of several labelled epochs. At the end it follows: as epochs are added it stays on the newest."""

    requested = Signal(int)
    """Index of the epoch to show: chosen by a person, or the newest while following."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
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

    def set_labels(self, labels: Sequence[str]) -> None:
        """Offer these epochs. Same labels: nothing happens; else `requested` is emitted if another picture is due."""
        new = tuple(labels)
        if new == self._labels:
            return
        old, before = self._labels, self.index
        follows = before is None or before == len(old) - 1
        index = len(new) - 1 if follows or before is None else min(before, len(new) - 1)
        self._labels = new
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
