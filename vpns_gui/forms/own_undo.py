"""A text field's own undo comes first; where it has none left, Ctrl+Z is the form's."""

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget


class OwnUndo(QObject):
    """Watches the text fields within a widget; lives as long as that."""

    left = Signal()
    """A field's text is done with: return was pressed, or another one is in the focus."""

    def __init__(self, root: QWidget) -> None:
        super().__init__(root)
        for line in root.findChildren(QLineEdit):
            line.installEventFilter(self)
            line.editingFinished.connect(self.left)

    def eventFilter(self, watched: QObject, happened: QEvent) -> bool:  # noqa: N802
        """Leave to the window's actions what the field cannot do."""
        if (
            happened.type() == QEvent.Type.ShortcutOverride
            and isinstance(happened, QKeyEvent)
            and isinstance(watched, QLineEdit)
        ):
            standard = QKeySequence.StandardKey
            undo = happened.matches(standard.Undo) and not watched.isUndoAvailable()
            redo = happened.matches(standard.Redo) and not watched.isRedoAvailable()
            if undo or redo:
                happened.ignore()
                return True
        return super().eventFilter(watched, happened)
