"""A line of text that gives way where there is no room for it."""

import html

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class ElidedLabel(QLabel):
    """One line whose middle gives way where it is too long; the tooltip has it whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_text(self, text: str, tip: str) -> None:
        """Show a text."""
        self._whole = text
        self.setToolTip(f"<p>{html.escape(tip)}</p>" if tip else "")
        self._elide()

    @property
    def whole(self) -> str:
        """The text as it was given."""
        return self._whole

    def _elide(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Be content with any width."""
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, resized: QResizeEvent) -> None:  # noqa: N802
        """Fit the text into the new width."""
        super().resizeEvent(resized)
        self._elide()
