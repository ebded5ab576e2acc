"""Where all data sets stand: one folder for the window and the command line."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from vpns_gui import theme
from vpns_gui.dialogs.folder_field import FolderField


@dataclass(frozen=True)
class RootSetting:
    """The data root in force, and the one of the program."""

    folder: str
    usual: str
    environment: str = ""
    """Name of the environment variable that decides it; empty where none does."""


class DataRootDialog(QDialog):
    """Asks for the data root."""

    root_chosen = Signal(object)
    """A folder (Path), or None for the program's own."""

    def __init__(self, setting: RootSetting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataRootDialog")
        self.setWindowTitle("Data root")
        self._setting = setting
        self._folder = FolderField("root", "Data root", setting.folder, setting.usual, self)
        self._says = QLabel(self)
        self._says.setObjectName("rootSays")
        self._says.setWordWrap(True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self)
        self._arrange()
        self._buttons.accepted.connect(self._save)
        self._buttons.rejected.connect(self.reject)
        self.finished.connect(self.deleteLater)
        self._say_environment()

    def set_failed(self, text: str) -> None:
        """Say why the folder cannot be it."""
        self._says.setStyleSheet(f"color: {theme.colours().danger}")
        self._says.setText(text)
        self._says.show()
        self.adjustSize()

    def _arrange(self) -> None:
        about = QLabel(
            "All named data sets stand below this folder, each laid out as torchvision does it; downloads go there too. A set "
            "that is there already is found, behind a symbolic link as well. The command line uses the same folder.",
            self,
        )
        about.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 14)
        layout.setSpacing(12)
        layout.addWidget(about)
        layout.addWidget(self._folder)
        layout.addWidget(self._says)
        layout.addWidget(self._buttons)
        self._says.hide()
        self.setMinimumWidth(600)

    def _say_environment(self) -> None:
        if name := self._setting.environment:
            self._says.setText(f"The environment variable {name} names this folder, and counts before a choice made here.")
            self._says.show()
            self._folder.setEnabled(False)
            self._buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(False)

    def _save(self) -> None:
        text = self._folder.text
        self.root_chosen.emit(None if text in ("", self._setting.usual) else Path(text))
