"""How often a run is made sure of, and how long what it leaves behind is kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QDoubleSpinBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from vpns_gui.dialogs.said import Said, fit_height
from vpns_gui.wheel import leave_wheel

_INTRO = (
    "A run writes a checkpoint at the end of every epoch, so that it can go on after a crash. These settings are for all runs, "
    "in this window and on the command line; a run that is on takes them at its next start."
)
_WIDTH_PX = 560


@dataclass(frozen=True)
class KeepingChoice:
    """The settings, as the dialog shows them."""

    minutes: float
    finished: str
    epochs: str


class _Minutes(QDoubleSpinBox):
    """Minutes without idle noughts: 10, or 0.5."""

    def textFromValue(self, value: float) -> str:  # noqa: N802
        return self.locale().toString(value, "g", 6)


@dataclass(frozen=True)
class KeepingWords:
    """What a person reads for each setting and its values, and the bounds of the minutes."""

    labels: tuple[str, str, str]
    tips: tuple[str, str, str]
    finished: Mapping[str, str]
    epochs: Mapping[str, str]
    least: float
    most: float


class KeepingDialog(QDialog):
    """Asks for the settings."""

    chosen = Signal(object)
    """They are to be these (KeepingChoice)."""

    def __init__(self, choice: KeepingChoice, words: KeepingWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("keepingDialog")
        self.setWindowTitle("Keeping")
        self._minutes = _Minutes(self)
        self._minutes.setDecimals(2)
        self._minutes.setRange(words.least, words.most)
        self._minutes.setSuffix(" min")
        self._minutes.setValue(choice.minutes)
        self._minutes.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self._finished = _choice(self, words.finished, choice.finished)
        self._epochs = _choice(self, words.epochs, choice.epochs)
        self._says = Said(self, "keepingSays")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self)
        self._arrange(words)
        leave_wheel(self)
        self._buttons.accepted.connect(self._save)
        self._buttons.rejected.connect(self.reject)
        self.finished.connect(self.deleteLater)

    def set_failed(self, text: str) -> None:
        """Say why they cannot be set."""
        self._says.show()
        self._says.say(text, "danger")

    def _arrange(self, words: KeepingWords) -> None:
        intro = QLabel(_INTRO, self)
        intro.setWordWrap(True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        fields = (("keepingMinutes", self._minutes), ("keepingFinished", self._finished), ("keepingEpochs", self._epochs))
        for number, ((name, field), label, tip) in enumerate(zip(fields, words.labels, words.tips, strict=True)):
            field.setObjectName(name)
            field.setAccessibleName(label)
            grid.addWidget(QLabel(label, self), 3 * number, 0)
            grid.addWidget(field, 3 * number, 1)
            grid.addWidget(_small(self, tip), 3 * number + 1, 0, 1, 2)
            grid.setRowMinimumHeight(3 * number + 2, 8)
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

    def _save(self) -> None:
        choice = KeepingChoice(self._minutes.value(), self._finished.currentData(), self._epochs.currentData())
        self.chosen.emit(choice)


def _choice(parent: QWidget, words: Mapping[str, str], chosen: str) -> QComboBox:
    box = QComboBox(parent)
    for value, text in words.items():
        box.addItem(text, value)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    return box


def _small(dialog: QDialog, text: str) -> Said:
    label = Said(dialog, "")
    label.say(text, "muted")
    return label
