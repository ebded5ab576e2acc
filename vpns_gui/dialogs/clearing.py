"""Which kinds of files are to be removed from runs, and how much each of them takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vpns_gui.dialogs.said import Said, fit_height

_WIDTH_PX = 520


@dataclass(frozen=True)
class Clearable:
    """One kind of file."""

    kind: str
    label: str
    size: str
    """What it takes, in words; empty where there is nothing of it."""
    loss: str
    """What cannot be done any more without it."""


class ClearingDialog(QDialog):
    """Asks for the kinds; a kind of which there is nothing cannot be chosen."""

    chosen = Signal(object)
    """These are to be removed (a tuple of kinds)."""

    def __init__(self, what: str, kinds: Sequence[Clearable], parent: QWidget | None = None) -> None:
        """`what` names the run or the runs."""
        super().__init__(parent)
        self.setObjectName("clearingDialog")
        self.setWindowTitle("Clear")
        self._boxes = {one.kind: self._box(one) for one in kinds}
        self._says = Said(self, "clearingSays")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._remove = QPushButton("Remove", self)
        self._remove.setObjectName("clearRemove")
        self._buttons.addButton(self._remove, QDialogButtonBox.ButtonRole.AcceptRole)
        self._arrange(what, kinds)
        for box in self._boxes.values():
            box.toggled.connect(self._update)
        self._buttons.accepted.connect(lambda: self.chosen.emit(self._wanted()))
        self._buttons.rejected.connect(self.reject)
        self.finished.connect(self.deleteLater)
        self._update()

    def set_busy(self) -> None:
        """What was chosen is being removed."""
        self._remove.setEnabled(False)
        for box in self._boxes.values():
            box.setEnabled(False)
        self._says.show()
        self._says.say("Removing …")

    def set_failed(self, text: str) -> None:
        """Say why something could not be removed."""
        self._says.show()
        self._says.say(text, "danger")

    def _box(self, one: Clearable) -> QCheckBox:
        box = QCheckBox(one.label, self)
        box.setObjectName(f"clear:{one.kind}")
        box.setEnabled(bool(one.size))
        return box

    def _arrange(self, what: str, kinds: Sequence[Clearable]) -> None:
        intro = QLabel(f"What was measured stays, whatever is removed from {what}.", self)
        intro.setWordWrap(True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        for row, one in enumerate(kinds):
            grid.addWidget(self._boxes[one.kind], 2 * row, 0)
            size = QLabel(one.size or "none", self)
            size.setEnabled(bool(one.size))
            grid.addWidget(size, 2 * row, 1)
            loss = Said(self, "")
            loss.setIndent(22)
            loss.say(one.loss, "muted")
            grid.addWidget(loss, 2 * row + 1, 0, 1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 14)
        layout.setSpacing(12)
        layout.addWidget(intro)
        layout.addLayout(grid)
        layout.addWidget(self._says)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        self._says.hide()
        self.setMinimumWidth(_WIDTH_PX)
        fit_height(self)

    def _wanted(self) -> tuple[str, ...]:
        return tuple(kind for kind, box in self._boxes.items() if box.isChecked())

    def _update(self) -> None:
        self._remove.setEnabled(bool(self._wanted()))
