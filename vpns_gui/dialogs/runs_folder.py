"""Where runs are kept, and moving them there."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vpns_gui.dialogs.folder_field import FolderField
from vpns_gui.dialogs.said import Said, fit_height

_ABOUT = (
    "Every run makes a folder of its own in this one. The window and the command line use the same. When runs are moved, each "
    "is copied and compared before anything is removed; calling it off leaves them where they were."
)
_WIDTH_PX = 620


@dataclass(frozen=True)
class RunsSetting:
    """The folder of runs in force, and the one of the program."""

    folder: str
    usual: str
    num_runs: int = 0
    environment: str = ""
    """Name of the environment variable that decides it; empty where none does."""
    left_in: str = ""
    """The folder in which a move that was cut off left copies; empty where there is none."""


@dataclass(frozen=True)
class RunsWish:
    """What the person asks for."""

    folder: Path | None
    """None: the program's own."""
    move: bool
    """The runs that are there go with it."""


class RunsFolderDialog(QDialog):
    """Asks for the folder; then shows how the move goes."""

    chosen = Signal(object)
    """The folder of runs is to be another one (RunsWish)."""
    finish_requested = Signal()
    """The copies that a move left are to be removed."""
    cancel_requested = Signal()
    """The move is to be called off."""

    def __init__(self, setting: RunsSetting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runsFolderDialog")
        self.setWindowTitle("Runs folder")
        self._setting = setting
        self._busy = False
        self._folder = FolderField("runs", "Runs folder", setting.folder, setting.usual, self)
        self._move = QCheckBox(self)
        self._move.setObjectName("runsMove")
        self._move.setChecked(True)
        self._finish = QPushButton("Remove the copies", self)
        self._finish.setObjectName("runsFinish")
        self._finish.setAutoDefault(False)
        self._bar = QProgressBar(self)
        self._bar.setObjectName("runsProgress")
        self._bar.setTextVisible(False)
        self._says = Said(self, "runsSays")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self)
        self._arrange()
        self._connect()
        self._offer()

    def set_progress(self, text: str, done: float | None) -> None:
        """Say how far the move is."""
        self._set_busy(True)
        self._bar.setRange(0, 0 if done is None else 1000)
        if done is not None:
            self._bar.setValue(round(done * 1000))
        self._say(text)

    def set_failed(self, text: str) -> None:
        """Say why the folder cannot be it, or that the move was called off."""
        self._set_busy(False)
        self._say(text, "danger")

    def _say(self, text: str, tone: str = "text") -> None:
        self._says.show()
        self._says.say(text, tone)

    def _arrange(self) -> None:
        about = QLabel(_ABOUT, self)
        about.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 14)
        layout.setSpacing(12)
        layout.addWidget(about)
        layout.addWidget(self._folder)
        layout.addWidget(self._move)
        layout.addWidget(self._bar)
        layout.addWidget(self._says)
        left = QHBoxLayout()
        left.addWidget(self._finish)
        left.addStretch(1)
        layout.addLayout(left)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        self._bar.hide()
        self._says.hide()
        self.setMinimumWidth(_WIDTH_PX)

    def _connect(self) -> None:
        self._folder.changed.connect(self._update)
        self._finish.clicked.connect(self.finish_requested)
        self._buttons.accepted.connect(self._save)
        self._buttons.rejected.connect(self.reject)
        self.finished.connect(self.deleteLater)

    def _offer(self) -> None:
        """Say what there is to move, and what stands in the way."""
        count, setting = self._setting.num_runs, self._setting
        what = "run that is" if count == 1 else f"{count:,} runs that are"
        self._move.setText(f"Move the {what} in the present one along")
        self._move.setVisible(count > 0)
        self._finish.setVisible(bool(setting.left_in))
        self._update()
        if setting.environment:
            self._say(
                f"The environment variable {setting.environment} names this folder, and counts before a choice made here."
            )
        elif setting.left_in:
            self._say(f"A move was cut off. All runs are here; copies of some are left in {setting.left_in}.")
        fit_height(self)

    def _update(self) -> None:
        """Switch on what can be used now."""
        free = not self._busy and not self._setting.environment
        for widget in (self._folder, self._move, self._finish):
            widget.setEnabled(free)
        text = self._folder.text
        changed = bool(text) and text != self._setting.folder
        self._move.setEnabled(free and changed)
        self._buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(free and changed)

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self._bar.setVisible(busy)
            self._update()
            fit_height(self)

    def _save(self) -> None:
        text = self._folder.text
        move = self._move.isChecked() and self._setting.num_runs > 0
        self.chosen.emit(RunsWish(None if text == self._setting.usual else Path(text), move))

    def reject(self) -> None:
        """Call a move off first; the dialog stays until that is done."""
        if self._busy:
            self.cancel_requested.emit()
        else:
            super().reject()

    def closeEvent(self, closing: QCloseEvent) -> None:  # noqa: N802
        """As `reject`."""
        if self._busy:
            closing.ignore()
            self.cancel_requested.emit()
        else:
            super().closeEvent(closing)
