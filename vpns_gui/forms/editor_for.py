"""Which editor a field has."""

from PySide6.QtWidgets import QWidget

from vpns_gui.forms.editors import CheckEdit, ChoiceEdit, PathEdit, TextEdit, WholeEdit, read_number, write_number
from vpns_gui.forms.fields import FormField
from vpns_gui.forms.offered import entries_of
from vpns_gui.forms.percents import read_percents, write_percents
from vpns_gui.forms.pick_edit import PickEdit

Editor = TextEdit | WholeEdit | ChoiceEdit | CheckEdit | PathEdit


def editor_for(field: FormField, parent: QWidget) -> Editor:
    """Make the editor of a field."""
    match field.kind:
        case "whole":
            return WholeEdit(parent, field.lowest, field.highest)
        case "number":
            return TextEdit(parent, read_number, write_number)
        case "percents":
            return TextEdit(parent, read_percents, write_percents)
        case "choice":
            return ChoiceEdit(parent, field.words)
        case "pick":
            return PickEdit(parent, entries_of(field), field.words)
        case "check":
            return CheckEdit(parent)
        case "path":
            return PathEdit(parent, field.path, field.label)
        case "text":
            return TextEdit(parent)
