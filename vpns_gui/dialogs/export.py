"""Export: which saved state, into which folder; then its progress and what was verified."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QResizeEvent
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
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vpns_gui.dialogs.said import Said, fit_height

PLAIN, RELEASED = "plain", "released"
_FORMATS = {PLAIN: "For plain PyTorch", RELEASED: "Checkpoint of the released code"}
_INTROS = {
    PLAIN: "Writes a folder for plain PyTorch: the unmodified network with the mask folded in, the masks, the prompt, the "
    "label mapping, the settings and a loader example. It is read again in a fresh process before it counts as done.",
    RELEASED: "Writes a folder with a checkpoint (prune.pth or best.pth) as the authors' released code writes it: dense "
    "weights, scores, prompt and mapping; neither mask nor density. It is read back before it counts as done.",
}


@dataclass(frozen=True)
class Choice:
    """A saved state that can be exported, and the folder that is proposed for it in each format."""

    label: str
    level: int
    stage: str
    folder: Path
    released: Path


@dataclass(frozen=True)
class Wish:
    """What the person asks for."""

    choice: Choice
    folder: str
    """As typed; it may begin with `~`."""
    format: str = PLAIN
    """`plain` or `released`."""


class ExportDialog(QDialog):
    """Asks, then shows how it goes. It does nothing itself."""

    export_requested = Signal(object)
    """A Wish."""

    def __init__(self, choices: Sequence[Choice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("export")
        self.setWindowTitle("Export")
        self._choices = tuple(choices)
        self._busy = False
        self._result: Path | None = None
        self._make_widgets()
        self._lay_out()
        self._which.currentIndexChanged.connect(self._propose)
        self._format.currentIndexChanged.connect(self._explain)
        self._which.setCurrentIndex(len(self._choices) - 1)
        self._propose()

    def _make_widgets(self) -> None:
        self._which = QComboBox(self)
        self._which.setObjectName("exportWhich")
        for choice in self._choices:
            self._which.addItem(choice.label)
        self._format = QComboBox(self)
        self._format.setObjectName("exportFormat")
        for value, label in _FORMATS.items():
            self._format.addItem(label, value)
        self._intro = QLabel(_INTROS[PLAIN], self)
        self._intro.setWordWrap(True)
        self._folder = QLineEdit(self)
        self._folder.setObjectName("exportFolder")
        self._folder.setMinimumWidth(420)
        self._browse = QPushButton("Choose …", self)
        self._browse.setAutoDefault(False)
        self._browse.clicked.connect(self._choose_folder)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._text = Said(self, "exportText")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self._export = self._buttons.addButton("Export", QDialogButtonBox.ButtonRole.ActionRole)
        self._export.setObjectName("exportStart")
        self._export.setDefault(True)
        self._export.clicked.connect(self._ask)
        self._open = self._buttons.addButton("Open folder", QDialogButtonBox.ButtonRole.ActionRole)
        self._open.setObjectName("exportOpen")
        self._open.clicked.connect(self._open_folder)
        self._open.hide()
        self._buttons.rejected.connect(self.close)
        self._folder.textChanged.connect(self._allow)

    def _lay_out(self) -> None:
        where = QHBoxLayout()
        where.addWidget(self._folder, 1)
        where.addWidget(self._browse)
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.addRow("&State", self._which)
        form.addRow("&Format", self._format)
        name = QLabel("&New folder", self)
        name.setBuddy(self._folder)
        form.addRow(name, where)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        layout.addWidget(self._intro)
        layout.addLayout(form)
        layout.addWidget(self._bar)
        layout.addWidget(self._text)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # it does not count the lines of wrapped text
        self._bar.hide()
        self.setMinimumWidth(640)
        fit_height(self)

    def set_progress(self, text: str, done: float | None) -> None:
        """Show how far the export is."""
        self._text.say(text + " …")
        self._bar.setRange(0, 0 if done is None else 1000)
        self._bar.setValue(round((done or 0.0) * 1000))

    def set_done(self, folder: Path, text: str) -> None:
        """Show what was written and verified."""
        self._result = folder
        self._set_busy(False)
        self._open.show()
        self._open.setDefault(True)
        self._text.say(text, "good")

    def set_failed(self, text: str) -> None:
        """Show why there is no export; another try is possible."""
        self._set_busy(False)
        self._text.say(f"Not exported: {text}", "danger")

    @property
    def text(self) -> str:
        """What it says below the bar."""
        return self._text.text()

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self._bar.setVisible(busy)
        for widget in (self._which, self._format, self._folder, self._browse, self._export, self._buttons):
            widget.setEnabled(not busy)
        self._allow()

    def _allow(self) -> None:
        """Offer Export, but not again into the folder that it has just written."""
        self._export.setEnabled(not self._busy and self._folder.text().strip() != str(self._result))

    def _propose(self) -> None:
        if self._choices:
            choice = self._choices[self._which.currentIndex()]
            self._folder.setText(str(choice.released if self._format.currentData() == RELEASED else choice.folder))

    def _explain(self) -> None:
        self._intro.setText(_INTROS[self._format.currentData()])
        self._propose()
        fit_height(self)

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, "Folder to make the export in", str(Path(self._folder.text()).parent))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._take_parent)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take_parent(self, parent: str) -> None:
        self._folder.setText(str(Path(parent) / Path(self._folder.text()).name))

    def _ask(self) -> None:
        choice, wanted = self._choices[self._which.currentIndex()], str(self._format.currentData())
        wish = Wish(choice, self._folder.text().strip(), wanted)
        if not wish.folder:
            self.set_failed("choose a folder")
            return
        self._open.hide()
        self._set_busy(True)
        self.set_progress("Starting", None)
        self.export_requested.emit(wish)

    def _open_folder(self) -> None:
        if self._result is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._result)))

    def reject(self) -> None:
        """Stay while the export is at work: it cannot be taken back half way."""
        if not self._busy:
            super().reject()

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Text wraps differently at another width."""
        super().resizeEvent(resized)
        fit_height(self)

    def closeEvent(self, closing: QCloseEvent) -> None:  # noqa: N802
        """Stay while the export is at work."""
        if self._busy:
            closing.ignore()
        else:
            super().closeEvent(closing)
