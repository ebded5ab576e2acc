"""The log: what the run says, line by line."""

import datetime
from collections import deque
from typing import Literal

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.theme import Colours

Severity = Literal["info", "warning", "error"]

_WORDS: dict[Severity, str] = {"info": "", "warning": "Warning: ", "error": "Error: "}
_MOST_LINES = 5000


class LogView(QWidget):
    """Read-only lines; it scrolls along while its end is in sight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: deque[tuple[str, Severity]] = deque(maxlen=_MOST_LINES)
        self._edit = QPlainTextEdit(self)
        self._edit.setObjectName("log")
        self._edit.setAccessibleName("Log")
        self._edit.setReadOnly(True)
        self._edit.setTabChangesFocus(True)
        self._edit.setMaximumBlockCount(_MOST_LINES)
        self._edit.setPlaceholderText("Messages of the run appear here.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._edit)
        self.setObjectName("logView")
        theme.follow(self, self._recolour)

    def append(self, text: str, severity: Severity = "info", time: float | None = None) -> None:
        """Add a line; `time` (seconds since 1970) is written before it."""
        stamp = f"{datetime.datetime.fromtimestamp(time):%H:%M:%S}  " if time is not None else ""
        line = f"{stamp}{_WORDS[severity]}{text}"
        self._lines.append((line, severity))
        bar, at_end = self._edit.verticalScrollBar(), self._at_end()
        self._write(line, severity, theme.colours())
        if at_end:
            bar.setValue(bar.maximum())

    def clear(self) -> None:
        """Remove all lines."""
        self._lines.clear()
        self._edit.clear()

    @property
    def text(self) -> str:
        """All lines."""
        return self._edit.toPlainText()

    def _at_end(self) -> bool:
        bar = self._edit.verticalScrollBar()
        return bar.value() >= bar.maximum() - 2

    def _write(self, line: str, severity: Severity, scheme: Colours) -> None:
        style = QTextCharFormat()
        style.setForeground(QColor({"info": scheme.text, "warning": scheme.warning, "error": scheme.danger}[severity]))
        cursor = QTextCursor(self._edit.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self._edit.document().isEmpty():
            cursor.insertBlock()
        cursor.insertText(line, style)

    def _recolour(self, scheme: Colours) -> None:
        bar = self._edit.verticalScrollBar()
        place, at_end = bar.value(), self._at_end()
        self._edit.clear()
        for line, severity in self._lines:
            self._write(line, severity, scheme)
        bar.setValue(bar.maximum() if at_end else place)
