"""Export: which saved state, as what, into which folder; then its progress and what was verified."""

from collections.abc import Mapping, Sequence
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
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vpns_engine.specs.export import ExportFormat, ExportSpec
from vpns_engine.words import size_text
from vpns_gui import theme
from vpns_gui.dialogs.export_choices import ExportChoices
from vpns_gui.dialogs.export_formats import FormatTicks
from vpns_gui.dialogs.said import Said, fit_height
from vpns_gui.wheel import leave_wheel

_INTRO = "Each file is read again in a fresh process and compared with the run before the folder appears."
_WIDTH_PX = 800


@dataclass(frozen=True)
class Choice:
    """A saved state that can be exported, and the folders that are proposed for it."""

    label: str
    level: int
    stage: str
    folder: Path
    released: Path
    """Where the released code's checkpoint goes where nothing else is wanted."""
    has_prompt: bool = True
    has_own_head: bool = False
    """The run has a classifier of the task's own classes already."""


@dataclass(frozen=True)
class Wish:
    """What the person asks for."""

    choice: Choice
    folder: str
    """As typed; it may begin with `~`."""
    spec: ExportSpec


@dataclass(frozen=True)
class Sizes:
    """What will be written, in bytes."""

    formats: Mapping[ExportFormat, int]
    whole: int


class ExportDialog(QDialog):
    """Asks, then shows how it goes. It does nothing itself."""

    export_requested = Signal(object)
    """A Wish."""
    cancel_requested = Signal()
    """The export is not wanted any more."""
    predict_requested = Signal(object)
    """Pictures are to be predicted with this folder (Path)."""
    wish_changed = Signal(object)
    """It would be another one now (Wish, or None while it cannot work): its sizes are wanted."""

    def __init__(
        self,
        choices: Sequence[Choice],
        spec: ExportSpec,
        unavailable: Mapping[ExportFormat, str],
        parent: QWidget | None = None,
    ) -> None:
        """`spec` is what is proposed; `unavailable` says why a format cannot be written here."""
        super().__init__(parent)
        self.setObjectName("export")
        self.setWindowTitle("Export")
        self._all = tuple(choices)
        self._busy = False
        self._result: Path | None = None
        self._make_fields(unavailable)
        self._make_buttons()
        self._lay_out()
        self._formats.set_formats(spec.formats)
        self._choices.set_spec(spec)
        self._which.setCurrentIndex(len(self._all) - 1)
        self._take_state()
        self._which.currentIndexChanged.connect(self._take_state)
        self._formats.changed.connect(self._update)
        self._formats.changed.connect(self._propose)
        self._choices.changed.connect(self._update)
        leave_wheel(self)

    @property
    def wish(self) -> Wish | str:
        """What is asked for now, or why it cannot work."""
        spec = self._choices.spec(self._formats.formats)
        if isinstance(spec, str):
            return spec
        folder = self._folder.text().strip()
        return Wish(self._all[self._which.currentIndex()], folder, spec) if folder else "choose a folder"

    @property
    def text(self) -> str:
        """What it says below the bar."""
        return self._text.text()

    def set_sizes(self, sizes: Sizes | None) -> None:
        """Show what will be written; None while it is counted."""
        self._formats.set_sizes(sizes.formats if sizes else None)
        self._whole.setText(f"Together about {size_text(sizes.whole)}" if sizes and self._formats.formats else "")

    def set_progress(self, text: str, done: float | None) -> None:
        """Show how far the export is."""
        if self._busy and self._cancel.isEnabled():
            self._text.say(text + " …")
            self._bar.setRange(0, 0 if done is None else 1000)
            self._bar.setValue(round((done or 0.0) * 1000))

    def set_done(self, folder: Path, text: str, *, predicts: bool = True) -> None:
        """Show what was written and verified; `predicts`: there is a network in it."""
        self._result = folder
        self._set_busy(False)
        self._open.show()
        self._predict.setVisible(predicts)
        self._open.setDefault(True)
        self._text.say(text, "good")

    def set_failed(self, text: str) -> None:
        """Show why there is no export; another try is possible."""
        self._set_busy(False)
        self._text.say(f"Not exported: {text}", "danger")

    def _make_fields(self, unavailable: Mapping[ExportFormat, str]) -> None:
        self._which = QComboBox(self)
        self._which.setObjectName("exportWhich")
        self._which.setAccessibleName("Saved state")
        for choice in self._all:
            self._which.addItem(choice.label)
        self._formats = FormatTicks(self, unavailable)
        self._choices = ExportChoices(self)
        self._folder = QLineEdit(self)
        self._folder.setObjectName("exportFolder")
        self._folder.setAccessibleName("New folder")
        self._browse = QPushButton("Browse …", self)
        self._browse.setObjectName("exportBrowse")
        self._browse.setAutoDefault(False)
        self._browse.clicked.connect(self._choose_folder)
        self._whole = QLabel(self)
        self._whole.setObjectName("exportWhole")
        self._whole.setAccessibleName("Size of the whole folder")
        self._bar = QProgressBar(self)
        self._bar.setObjectName("exportBar")
        self._bar.setAccessibleName("Progress of the export")
        self._bar.setTextVisible(False)
        self._text = Said(self, "exportText")
        self._folder.textChanged.connect(self._allow)

    def _make_buttons(self) -> None:
        self._buttons = QDialogButtonBox(self)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self._export = self._button("Export", "exportStart", role, self._ask)
        self._open = self._button("Open folder", "exportOpen", role, self._open_folder)
        self._predict = self._button("Predict with it", "exportPredict", role, self._ask_predict)
        self._cancel = self._button("Cancel", "exportCancel", role, self._ask_cancel)
        self._close = self._button("Close", "exportClose", QDialogButtonBox.ButtonRole.RejectRole, self.close)
        self._export.setDefault(True)
        for button in (self._open, self._predict, self._cancel):
            button.hide()

    def _button(self, text: str, name: str, role: QDialogButtonBox.ButtonRole, act: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.clicked.connect(act)
        self._buttons.addButton(button, role)
        return button

    def _lay_out(self) -> None:
        where = QHBoxLayout()
        where.addWidget(self._folder, 1)
        where.addWidget(self._browse)
        top, bottom = QFormLayout(), QFormLayout()
        top.addRow("&State", self._which)
        name = QLabel("&New folder", self)
        name.setBuddy(self._folder)
        bottom.addRow(name, where)
        intro = QLabel(_INTRO, self)
        intro.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        layout.addWidget(intro)
        layout.addLayout(top)
        layout.addWidget(self._formats)
        layout.addWidget(self._line())
        layout.addWidget(self._choices)
        layout.addWidget(self._line())
        layout.addLayout(bottom)
        layout.addWidget(self._bar)
        layout.addWidget(self._text)
        layout.addStretch(1)
        below = QHBoxLayout()
        below.addWidget(self._whole, 1)
        below.addWidget(self._buttons)
        layout.addLayout(below)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # it does not count the lines of wrapped text
        self._bar.hide()
        self.setMinimumWidth(_WIDTH_PX)
        fit_height(self)

    def _line(self) -> QFrame:
        line = QFrame(self)
        line.setFrameShape(QFrame.Shape.HLine)
        line.setFrameShadow(QFrame.Shadow.Plain)
        theme.follow(line, lambda colours: line.setStyleSheet(f"color: {colours.grid}"))
        return line

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self._bar.setVisible(busy)
        self._cancel.setVisible(busy)
        self._cancel.setEnabled(busy)
        self._close.setVisible(not busy)
        for widget in (self._which, self._formats, self._choices, self._folder, self._browse):
            widget.setEnabled(not busy)
        if busy:
            self._cancel.setFocus()
        self._allow()

    def _allow(self) -> None:
        """Offer Export, but not again into the folder that it has just written."""
        written = self._folder.text().strip() == str(self._result)
        self._export.setEnabled(not self._busy and not written and bool(self._formats.formats))

    def _take_state(self) -> None:
        if self._all:
            choice = self._all[self._which.currentIndex()]
            self._choices.set_run(has_prompt=choice.has_prompt, has_own_head=choice.has_own_head)
        self._propose()
        self._update()

    def _update(self) -> None:
        """Take in that something was ticked or chosen."""
        self._choices.set_formats(self._formats.formats)
        self._allow()
        wish = self.wish
        self.wish_changed.emit(wish if isinstance(wish, Wish) else None)

    def _propose(self) -> None:
        if self._all:
            choice = self._all[self._which.currentIndex()]
            alone = self._formats.formats == ("released",)
            if self._folder.text() in ("", *(str(path) for one in self._all for path in (one.folder, one.released))):
                self._folder.setText(str(choice.released if alone else choice.folder))

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
        wish = self.wish
        if isinstance(wish, str):
            self.set_failed(wish)
            return
        self._open.hide()
        self._predict.hide()
        self._set_busy(True)
        self.set_progress("Starting", None)
        self.export_requested.emit(wish)

    def _ask_cancel(self) -> None:
        self._cancel.setEnabled(False)
        self._text.say("Cancelling …")
        self.cancel_requested.emit()

    def _ask_predict(self) -> None:
        if self._result is not None:
            self.predict_requested.emit(self._result)
            self.accept()

    def _open_folder(self) -> None:
        if self._result is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._result)))

    def reject(self) -> None:
        """Close; while the export is at work that cancels it, and the dialog stays to say so."""
        if not self._busy:
            super().reject()
        elif self._cancel.isEnabled():
            self._ask_cancel()

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Text wraps differently at another width."""
        super().resizeEvent(resized)
        fit_height(self)

    def closeEvent(self, closing: QCloseEvent) -> None:  # noqa: N802
        """Stay while the export is at work."""
        if self._busy:
            closing.ignore()
            self.reject()
        else:
            super().closeEvent(closing)
