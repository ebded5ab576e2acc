"""What the window has to say to the person, from wherever it comes; the log shows it."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Signal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Notice:
    """One line."""

    text: str
    severity: Severity = "info"


class Notices(QObject):
    """Passes notices on."""

    posted = Signal(object)
    """A Notice."""

    def say(self, text: str, severity: Severity = "info") -> None:
        """Tell the person something."""
        self.posted.emit(Notice(text, severity))
