"""Chooses a run of the folder, one of its sparsities, and an epoch or saved state of that: three lists in a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from vpns_gui.views.heading import heading

_LEAST_RUN_LETTERS, _MOMENT_LETTERS, _LEVEL_LETTERS = 18, 15, 7


@dataclass(frozen=True)
class RunChoice:
    """A run that can be chosen."""

    folder: Path
    label: str
    tip: str = ""


class MomentPicker(QWidget):
    """Shows what it is given, and says what a person chose; one that follows has a first entry that is no run of its own."""

    run_requested = Signal(object)
    """A run is chosen (its folder, Path); None: the first entry, what the window shows."""
    level_requested = Signal(int)
    """A level is chosen (its number)."""
    moment_requested = Signal(int)
    """An epoch or state is chosen (its place in the list)."""
    folder_requested = Signal()
    """A run that is not in the list is to be chosen."""
    look_requested = Signal()
    """The list of runs is about to be used: it should be up to date."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None, *, follows: str = "") -> None:
        """`name` begins the object names, `title` stands in front; `follows` names the entry for what the window shows."""
        super().__init__(parent)
        self.setObjectName(f"{name}Picker")
        self._follows = follows
        self._folders: tuple[Path | None, ...] = ()
        self._levels: tuple[int, ...] = ()
        self._title = heading(title, self)
        self._title.setMinimumWidth(self._title.fontMetrics().horizontalAdvance("M") + 2)  # A and B below each other
        self.run = self._make_run(name, title)
        self.level = _box(f"{name}Level", f"Sparsity, {title}", _LEVEL_LETTERS, self)
        self.moment = _box(f"{name}Moment", f"Epoch or saved state, {title}", _MOMENT_LETTERS, self)
        self.more = QToolButton(self)
        self.more.setObjectName(f"{name}More")
        self.more.setText("…")
        self.more.setToolTip("Choose a run folder that is not in the list")
        self.more.setAccessibleName(f"Another run folder, {title}")
        self.more.clicked.connect(self.folder_requested)
        self.run.activated.connect(self._choose_run)
        self.level.activated.connect(lambda place: self.level_requested.emit(self._levels[place]))
        self.moment.activated.connect(self.moment_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._title)
        layout.addWidget(self.run, 1)
        for widget in (self.more, self.level, self.moment):
            layout.addWidget(widget)
        self.set_runs((), None)

    def _make_run(self, name: str, title: str) -> QComboBox:
        box = _box(f"{name}Run", f"Run, {title}", _LEAST_RUN_LETTERS, self)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setToolTip("Run: type a few letters of its name to find it")
        finder, line = box.completer(), box.lineEdit()
        assert finder is not None and line is not None  # it is editable
        finder.setFilterMode(Qt.MatchFlag.MatchContains)
        finder.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        box.installEventFilter(self)
        self._line = line
        line.setAccessibleName(f"Run, {title}")
        line.editingFinished.connect(self._put_back)
        return box

    def set_runs(self, choices: Sequence[RunChoice], chosen: Path | None) -> None:
        """Offer runs; `chosen` is None where what the window shows is chosen, or nothing is yet."""
        first = [RunChoice(Path(), self._follows)] if self._follows else []
        new = [*first, *choices]
        folders: tuple[Path | None, ...] = (*((None,) if first else ()), *(choice.folder for choice in choices))
        typing = self._line.isModified() and self._line.hasFocus()
        if folders != self._folders or [self.run.itemText(n) for n in range(self.run.count())] != [c.label for c in new]:
            if typing:  # what is being typed would be lost; the next look comes
                return
            self._folders = folders
            self.run.clear()
            self.run.addItems([choice.label for choice in new])
            for number, choice in enumerate(new):
                self.run.setItemData(number, choice.tip or choice.label, Qt.ItemDataRole.ToolTipRole)
        self.choose_run(chosen)
        self._line.setPlaceholderText("Choose a run" if new else "No runs yet")

    def choose_run(self, folder: Path | None) -> None:
        """Mark a run as the chosen one; nothing is emitted."""
        place = self._folders.index(folder) if folder in self._folders else -1
        self.run.setCurrentIndex(place)
        if place < 0:
            self.run.setEditText("")
        self._line.setCursorPosition(0)

    def set_levels(self, levels: Sequence[tuple[int, str]], chosen: int | None) -> None:
        """Offer sparsities: number and words of each."""
        self._levels = tuple(number for number, _ in levels)
        _offer(self.level, [words for _, words in levels], self._levels.index(chosen) if chosen in self._levels else -1)

    def set_moments(self, labels: Sequence[str], chosen: int | None) -> None:
        """Offer epochs and states, oldest first."""
        _offer(self.moment, labels, -1 if chosen is None else chosen)

    def eventFilter(self, watched: QObject, happened: QEvent) -> bool:  # noqa: N802
        """See the list of runs being used, let everything pass."""
        if watched is self.run and happened.type() == QEvent.Type.FocusIn:
            self.look_requested.emit()
        return super().eventFilter(watched, happened)

    def _choose_run(self, place: int) -> None:
        self._line.setModified(False)
        if 0 <= place < len(self._folders):
            self.run_requested.emit(self._folders[place])

    def _put_back(self) -> None:
        """Show the chosen run again where what was typed names none."""
        place = self.run.findText(self.run.currentText())
        self._line.setModified(False)
        if place < 0:
            self.run.setEditText(self.run.itemText(self.run.currentIndex()))


def _box(name: str, words: str, letters: int, parent: QWidget) -> QComboBox:
    box = QComboBox(parent)
    box.setObjectName(name)
    box.setAccessibleName(words)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setMaxVisibleItems(24)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(letters)
    return box


def _offer(box: QComboBox, labels: Sequence[str], place: int) -> None:
    if [box.itemText(number) for number in range(box.count())] != list(labels):
        box.clear()
        box.addItems(list(labels))
    box.setCurrentIndex(place)
    box.setEnabled(bool(labels))
