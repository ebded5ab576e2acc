"""A folder that is typed, looked for, or the program's own: one row of a dialog."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget


class FolderField(QWidget):
    """The folder with Browse and Default beside it."""

    changed = Signal(str)
    """It says something else."""

    def __init__(self, prefix: str, title: str, folder: str, usual: str, parent: QWidget) -> None:
        """Object names begin with `prefix`; `usual` is the program's own folder."""
        super().__init__(parent)
        self._title = title
        self._edit = QLineEdit(folder, self)
        self._edit.setObjectName(f"{prefix}Folder")
        self._edit.setAccessibleName(title)
        self._edit.textChanged.connect(self.changed)
        browse, default = self._button("Browse …", f"{prefix}Browse"), self._button("Default", f"{prefix}Default")
        default.setToolTip(f"<p>{usual}</p>")
        browse.clicked.connect(self._choose)
        default.clicked.connect(lambda: self._edit.setText(usual))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._edit, 1)
        row.addWidget(browse)
        row.addWidget(default)
        self.setFocusProxy(self._edit)

    @property
    def text(self) -> str:
        """What stands there, without blanks around it."""
        return self._edit.text().strip()

    def _button(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        return button

    def _choose(self) -> None:
        dialog = QFileDialog(self, self._title, self._edit.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._edit.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
