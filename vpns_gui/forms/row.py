"""One field of a form: label, editor, unit, and below them what is wrong."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from vpns_gui import theme
from vpns_gui.forms.editor_for import editor_for
from vpns_gui.forms.field_terms import term_of
from vpns_gui.forms.fields import FormField
from vpns_gui.forms.relevance import Presence
from vpns_gui.terms import TERM, tip
from vpns_gui.theme import Colours

HEIGHT_PX = 26
UNIT_WIDTH_PX = 20


class FieldRow(QWidget):
    """Shows one field. The editor's object name is the field's location, the message's has `problem:` before it."""

    value_changed = Signal(object)
    """The user has changed the value."""

    def __init__(self, field: FormField, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._problem, self._hint, self._note, self._red = "", "", "", False
        self._label = QLabel(field.label, self)
        self.editor = editor_for(field, self)
        self.editor.setObjectName(field.location)
        self.editor.setMinimumHeight(HEIGHT_PX)
        self.editor.setAccessibleName(f"{field.group}: {field.label}" if field.group else field.label)
        self.editor.value_changed.connect(self.value_changed)
        self._unit = QLabel(field.unit, self)
        self._unit.setFixedWidth(UNIT_WIDTH_PX)
        self._unit.setVisible(bool(field.unit))
        self._message = _message_label(self, f"problem:{field.location}")
        self._label.setBuddy(self.editor)
        self._explain()
        self._arrange()
        theme.follow(self, self._colour)

    def label_width(self) -> int:
        """Give the width in px that the label asks for."""
        return self._label.sizeHint().width()

    def set_label_width(self, width: int) -> None:
        """Give the label a width in px, so that the editors of a form stand in line."""
        self._label.setFixedWidth(width)

    def set_presence(self, presence: Presence) -> None:
        """Show or hide the field, or switch it off with the reason below it."""
        self.setVisible(presence.shown)
        self.editor.setEnabled(presence.enabled)
        self._hint = presence.hint
        self._say()

    def set_below(self, widget: QWidget) -> None:
        """Put something more under the editor."""
        self._grid.addWidget(widget, 2, 1, 1, 2)

    def set_note(self, text: str) -> None:
        """Say something of the value that is no problem."""
        self._note = text
        self._say()

    def set_problem(self, text: str) -> None:
        """Say what is wrong with the value; empty where nothing is."""
        self._problem = text
        self._say()

    def _say(self) -> None:
        text = self._problem or self._hint or self._note
        self._message.setText(text[:1].upper() + text[1:])
        self._message.setVisible(bool(text))
        if bool(self._problem) != self._red:  # style sheets are slow, and every keystroke comes by here
            self._colour(theme.colours())

    def _explain(self) -> None:
        tooltip = f"<p>{self.field.tooltip}</p>" if self.field.tooltip else ""  # rich text: Qt wraps no other
        term = term_of(self.field.location)
        for widget in (self._label, self.editor, self._unit):
            widget.setToolTip(tooltip + (tip(term) if term else ""))
        if term:
            self.setProperty(TERM, term)

    def _arrange(self) -> None:
        layout = self._grid = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(2)
        layout.addWidget(self._label, 0, 0)
        layout.addWidget(self.editor, 0, 1, 1, 1 if self.field.unit else 2)
        if self.field.unit:
            layout.addWidget(self._unit, 0, 2)
        layout.addWidget(self._message, 1, 1, 1, 2)
        layout.setColumnStretch(1, 1)

    def _colour(self, colours: Colours) -> None:
        self._red = bool(self._problem)
        self._label.setStyleSheet(f"color: {colours.danger}" if self._red else "")
        self._message.setStyleSheet(f"color: {colours.danger if self._red else colours.muted}")
        self._unit.setStyleSheet(f"color: {colours.muted}")


def _message_label(parent: QWidget, name: str) -> QLabel:
    label = QLabel(parent)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    label.hide()
    return label
