"""Tags and note of the runs chosen in the library. What is typed is handed on after a pause, and before other runs show."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSignalBlocker, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHideEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QWidget

from vpns_gui import theme

PAUSE_MS = 800
_NOTE_LINES = 2
_FRAME_LIGHTER = 140


@dataclass(frozen=True)
class MarksSight:
    """Runs with the tags that all of them have. `note` is None where several runs are chosen."""

    folders: tuple[Path, ...] = ()
    tags: str = ""
    note: str | None = None


@dataclass(frozen=True)
class MarksEdit:
    """What a person changed: the tags before and now (as typed), and the note where it is another one."""

    folders: tuple[Path, ...]
    tags_before: str
    tags: str
    note: str | None


class _TagCompleter(QCompleter):
    """Completes the tag that is being typed, after the commas before it."""

    def __init__(self, tags: QStringListModel, field: QLineEdit) -> None:
        super().__init__(tags, field)
        self._field = field
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    def splitPath(self, path: str) -> list[str]:  # noqa: N802
        """Look for the last tag."""
        return [path.rpartition(",")[2].strip()]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:  # noqa: N802
        """Put the whole tag in its place."""
        before, comma, _ = self._field.text().rpartition(",")
        return f"{before}{comma}{' ' if comma else ''}{index.data()}"


class RunMarks(QWidget):
    """Two fields."""

    edited = Signal(object)
    """Tags or note of the shown runs are to be others (MarksEdit)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runMarks")
        self._sight = MarksSight()
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.flush)
        self._tags, self._note = QLineEdit(self), QPlainTextEdit(self)
        self._known = QStringListModel(self)
        self._prepare_fields()
        self._lay_out()
        self.set_sight(self._sight)

    def _prepare_fields(self) -> None:
        self._tags.setObjectName("tags")
        self._tags.setAccessibleName("Tags")
        self._tags.setPlaceholderText("For example: paper, good")
        self._tags.setCompleter(_TagCompleter(self._known, self._tags))
        self._tags.textEdited.connect(self._pause.start)
        self._tags.editingFinished.connect(self.flush)
        self._note.setObjectName("note")
        self._note.setAccessibleName("Note")
        self._note.setTabChangesFocus(True)
        self._note.setFixedHeight(self._note.fontMetrics().lineSpacing() * _NOTE_LINES + 12)
        self._note.textChanged.connect(self._pause.start)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for text, field, share in (("&Tags", self._tags, 2), ("&Note", self._note, 3)):
            label = QLabel(text, self)
            label.setBuddy(field)
            label.setContentsMargins(0, 0, 2, 0)  # the underlined letter is drawn wider than it is measured
            label.setContentsMargins(0, 0, 2, 0)
            label.setMinimumHeight(self._tags.sizeHint().height())
            layout.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
            layout.addWidget(field, share, Qt.AlignmentFlag.AlignTop)
        theme.follow(self, self._outline)

    def set_sight(self, sight: MarksSight) -> None:
        """Show runs; what is being typed for the same ones stays."""
        if sight.folders == self._sight.folders and self._is_edited:
            return
        self.flush()
        self._sight = sight
        with QSignalBlocker(self._tags), QSignalBlocker(self._note):
            if self._tags.text() != sight.tags:
                self._tags.setText(sight.tags)
            if self._note.toPlainText() != (sight.note or ""):
                self._note.setPlainText(sight.note or "")
        self._tags.setEnabled(bool(sight.folders))
        self._note.setEnabled(sight.note is not None)
        self._note.setPlaceholderText("Each of the chosen runs keeps its own note" if len(sight.folders) > 1 else "")

    def set_known_tags(self, tags: Sequence[str]) -> None:
        """Offer the tags that other runs have."""
        if list(tags) != self._known.stringList():
            self._known.setStringList(list(tags))

    def flush(self) -> None:
        """Hand on what was typed."""
        self._pause.stop()
        if not self._is_edited:
            return
        note = self._note.toPlainText()
        edit = MarksEdit(
            self._sight.folders, self._sight.tags, self._tags.text(), None if note == self._sight.note else self._new_note
        )
        self._sight = MarksSight(edit.folders, edit.tags, self._new_note)
        self.edited.emit(edit)

    def _outline(self, scheme: theme.Colours) -> None:
        """Give the note the border that other fields have."""
        palette = theme.palette(scheme)
        palette.setColor(palette.ColorRole.Window, QColor(scheme.field).lighter(_FRAME_LIGHTER))
        self._note.setPalette(palette)

    @property
    def _new_note(self) -> str | None:
        return None if self._sight.note is None else self._note.toPlainText()

    @property
    def _is_edited(self) -> bool:
        return bool(self._sight.folders) and (self._tags.text() != self._sight.tags or self._new_note != self._sight.note)

    def hideEvent(self, hidden: QHideEvent) -> None:  # noqa: N802
        """Lose nothing where another tab is looked at, or the window closes."""
        self.flush()
        super().hideEvent(hidden)
