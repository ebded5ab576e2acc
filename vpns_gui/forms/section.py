"""A part of a form that opens and closes under its title."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from vpns_gui import theme
from vpns_gui.theme import Colours


class Section(QWidget):
    """A title with an arrow, and a body that starts closed. Add widgets to `body`'s layout."""

    def __init__(self, title: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._button = QToolButton(self)
        self._button.setObjectName(name)
        self._button.setText(title)
        self._button.setCheckable(True)
        self._button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.body = QWidget(self)
        self.body_layout = QVBoxLayout(self.body)
        self.body_layout.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._button)
        layout.addWidget(self.body)
        self._button.toggled.connect(self._show_body)
        self._show_body(False)
        theme.follow(self, self._recolour)

    def set_open(self, is_open: bool) -> None:
        """Open or close it."""
        self._button.setChecked(is_open)

    def _show_body(self, is_open: bool) -> None:
        self._button.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.body.setVisible(is_open)

    def _recolour(self, colours: Colours) -> None:
        # a button with a style sheet does not take a new palette's colour by itself
        self._button.setStyleSheet(
            f"QToolButton {{ border: none; padding: 0; font-weight: bold; color: {colours.text} }}"
            "QToolButton:focus { text-decoration: underline }"
        )
