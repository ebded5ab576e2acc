"""What a dialog says below its fields, and how high it has to be for that."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel

from vpns_gui import theme
from vpns_gui.theme import Colours


class Said(QLabel):
    """Plain words in the colour of their tone, in light and dark; they can be copied."""

    def __init__(self, dialog: QDialog, name: str) -> None:
        super().__init__(dialog)
        self.setObjectName(name)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._dialog = dialog
        self._tone = "text"
        theme.follow(self, self._colour)

    def say(self, text: str, tone: str = "text") -> None:
        """Show words; `tone` is one of the theme's colours: `text`, `good`, `danger`."""
        self._tone = tone
        self._colour(theme.colours())
        self.setText(text)
        fit_height(self._dialog)

    def _colour(self, colours: Colours) -> None:
        self.setStyleSheet(f"color: {getattr(colours, self._tone)}")


def fit_height(dialog: QDialog) -> None:
    """Be as high as fields and words need at this width: a layout does not count the lines of wrapped text."""
    layout = dialog.layout()
    if layout is not None:
        layout.invalidate()
        dialog.setMinimumHeight(layout.totalHeightForWidth(max(dialog.width(), dialog.minimumWidth())))
