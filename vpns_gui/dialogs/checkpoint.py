"""Open checkpoint: a file of the released code, and what it does not say of itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vpns_gui.dialogs.said import Said, fit_height
from vpns_gui.wheel import leave_wheel

_INTRO = (
    "Makes a run of a checkpoint that the authors' released code wrote (prune.pth, best.pth). The file holds neither mask nor "
    "density: the mask is found again from its scores and the density. Nothing in the file is run."
)
_FILTER = "Checkpoints (*.pth *.pt);;All files (*)"
FOLDER = "folder"


@dataclass(frozen=True)
class CheckpointWish:
    """What the person says, as typed; empty where they leave it to the file."""

    file: str
    density: str
    prompt: str
    image_size: str
    dataset: str
    """Empty: nothing is measured."""
    folder: str


class CheckpointDialog(QDialog):
    """Asks, then shows that the file is being read. It does nothing itself."""

    wanted = Signal(object)
    """A CheckpointWish."""
    file_changed = Signal(str)
    """Another file is named: its folders may tell something."""

    def __init__(
        self, folder: str, datasets: Mapping[str, str], prompts: Mapping[str, str], parent: QWidget | None = None
    ) -> None:
        """Offer data sets and prompts by the words a person reads; `folder` is where the file dialog begins."""
        super().__init__(parent)
        self.setObjectName("checkpoint")
        self.setWindowTitle("Open checkpoint")
        self._start = folder
        self._busy = False
        self._proposed = ""
        self._make_fields(datasets, prompts)
        self._lay_out()
        self._file.textChanged.connect(self.file_changed)
        self._file.textChanged.connect(self._allow)
        self._dataset.currentIndexChanged.connect(self._show_folder)
        self._show_folder()
        self._allow()
        leave_wheel(self)

    def _make_fields(self, datasets: Mapping[str, str], prompts: Mapping[str, str]) -> None:
        self._file = self._line("checkpointFile")
        self._file.setMinimumWidth(360)
        self._density = self._line("checkpointDensity", "share that is kept: 0.1 at a sparsity of 90 %")
        self._prompt = self._combo("checkpointPrompt", "Told from the file", prompts)
        self._image_size = self._line("checkpointImageSize", "as large as the prompt's canvas, px")
        self._dataset = self._combo("checkpointDataset", "Nothing: only look at it", datasets)
        self._folder = self._line("checkpointFolder")
        self._text = Said(self, "checkpointText")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._open = self._buttons.addButton("Open", QDialogButtonBox.ButtonRole.ActionRole)
        self._open.setObjectName("checkpointOpen")
        self._open.setDefault(True)
        self._open.clicked.connect(self._ask)
        self._buttons.rejected.connect(self.reject)

    def _line(self, name: str, hint: str = "") -> QLineEdit:
        line = QLineEdit(self)
        line.setObjectName(name)
        line.setPlaceholderText(hint)
        return line

    def _combo(self, name: str, nothing: str, offered: Mapping[str, str]) -> QComboBox:
        combo = QComboBox(self)
        combo.setObjectName(name)
        combo.addItem(nothing, "")
        for value, label in offered.items():
            combo.addItem(label, value)
        return combo

    def _lay_out(self) -> None:
        intro = QLabel(_INTRO, self)
        intro.setWordWrap(True)
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(12)
        self._form.setVerticalSpacing(8)
        self._fields: list[QWidget] = []
        self._folder_row = self._with_button(self._folder, "checkpointChooseFolder", self._choose_folder)
        for label, field, buddy in (
            ("&File", self._with_button(self._file, "checkpointChooseFile", self._choose_file), self._file),
            ("&Density", self._density, self._density),
            ("&Prompt", self._prompt, self._prompt),
            ("&Image size", self._image_size, self._image_size),
            ("&Measure with", self._dataset, self._dataset),
            ("Im&age folder", self._folder_row, self._folder),
        ):
            name = QLabel(label, self)
            name.setBuddy(buddy)
            buddy.setAccessibleName(label.replace("&", ""))
            self._form.addRow(name, field)
            self._fields.append(field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        layout.addWidget(intro)
        layout.addLayout(self._form)
        layout.addWidget(self._text)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # it does not count the lines of wrapped text
        self.setMinimumWidth(620)

    def _with_button(self, line: QLineEdit, name: str, choose: object) -> QWidget:
        row = QWidget(self)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        button = QPushButton("Choose …", row)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.clicked.connect(choose)
        layout.addWidget(line, 1)
        layout.addWidget(button)
        return row

    def propose_density(self, density: str) -> None:
        """Fill in what the folders above the file say, unless the person has typed something else."""
        if self._density.text() in ("", self._proposed):
            self._density.setText(density)
            self._proposed = density

    def set_failed(self, text: str) -> None:
        """Say why it cannot be opened; another try is possible."""
        self._set_busy(False)
        self._text.say(f"Not opened: {text}", "danger")

    @property
    def text(self) -> str:
        """What it says below the fields."""
        return self._text.text()

    def _ask(self) -> None:
        wish = CheckpointWish(
            file=self._file.text().strip(),
            density=self._density.text().strip(),
            prompt=str(self._prompt.currentData()),
            image_size=self._image_size.text().strip(),
            dataset=str(self._dataset.currentData()),
            folder=self._folder.text().strip(),
        )
        self._set_busy(True)
        self._text.say("Reading the checkpoint …")
        self.wanted.emit(wish)

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        for field in self._fields:
            field.setEnabled(not busy)
        self._allow()

    def _allow(self) -> None:
        self._open.setEnabled(not self._busy and bool(self._file.text().strip()))

    def _show_folder(self) -> None:
        self._form.setRowVisible(self._folder_row, self._dataset.currentData() == FOLDER)
        fit_height(self)

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, "Checkpoint of the released code", self._start, _FILTER)
        dialog.setObjectName("checkpointFileDialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._file.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, "Folder with images", self._folder.text() or self._start)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._folder.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Text wraps differently at another width."""
        super().resizeEvent(resized)
        fit_height(self)
