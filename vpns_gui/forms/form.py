"""The form of a run's configuration, made from the specs."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from vpns_engine.specs.problems import Problem
from vpns_gui.forms.choices import DEVICE_WORDS, DEVICES_AT_FIRST
from vpns_gui.forms.data_note import DataNote
from vpns_gui.forms.editors import ChoiceEdit
from vpns_gui.forms.fields import DEVICE, FormField, form_fields
from vpns_gui.forms.pick_edit import PickEdit
from vpns_gui.forms.relevance import presence
from vpns_gui.forms.row import FieldRow
from vpns_gui.forms.section import Section

ROW_SPACING_PX = 7
DATA_SET = "data.dataset"


class ConfigForm(QWidget):
    """Shows a draft's values, one row a field; says which one its user changes."""

    edited = Signal(object)
    """(location, value)"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, FieldRow] = {}
        self._headings: dict[str, QLabel] = {}
        self._advanced = Section("Advanced", "advanced", self)
        self._advanced.body_layout.setSpacing(ROW_SPACING_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(ROW_SPACING_PX)
        for field in form_fields().values():
            if not field.advanced:
                layout.addWidget(self._row(field))
        layout.addWidget(self._advanced)
        layout.addStretch(1)
        self._fill_advanced()
        self._align()
        self.data_note = DataNote(self)
        """What stands below the data set."""
        self._rows[DATA_SET].set_below(self.data_note)
        self.set_devices(())

    def set_devices(self, devices: Sequence[str]) -> None:
        """Offer these devices; none: what is there on every machine."""
        editor = self._rows[DEVICE].editor
        assert isinstance(editor, ChoiceEdit)
        editor.set_words({device: device_words(device) for device in devices or DEVICES_AT_FIRST})

    def set_data_hints(self, hints: Mapping[str, str]) -> None:
        """Say beside each data set, by its key, how it stands."""
        editor = self._rows[DATA_SET].editor
        assert isinstance(editor, PickEdit)
        editor.set_hints(hints)

    def set_weights_note(self, text: str) -> None:
        """Say below the weights how they get here."""
        self._rows["model.weights"].set_note(text)

    def set_values(self, values: Mapping[str, object]) -> None:
        """Show a draft's values, each where it matters."""
        for location, row in self._rows.items():
            row.editor.set_value(values[location])
            row.set_presence(presence(row.field, values))
        for group, heading in self._headings.items():
            rows = [row for row in self._rows.values() if row.field.group == group]
            heading.setVisible(any(not row.isHidden() for row in rows))

    def set_problems(self, problems: Sequence[Problem]) -> None:
        """Say at each field what is wrong with it; opens the advanced part if one is there."""
        messages = {problem.location: problem.message for problem in problems}
        for location, row in self._rows.items():
            row.set_problem(messages.get(location, ""))
        if any(self._rows[location].field.advanced for location in messages if location in self._rows):
            self._advanced.set_open(True)

    def _row(self, field: FormField) -> FieldRow:
        row = FieldRow(field, self)
        row.value_changed.connect(lambda value: self.edited.emit((field.location, value)))
        self._rows[field.location] = row
        return row

    def _fill_advanced(self) -> None:
        fields = [field for field in form_fields().values() if field.advanced]
        # a group's fields stand together; those without one come first
        for group, members in groupby(sorted(fields, key=lambda field: bool(field.group)), key=lambda field: field.group):
            if group:
                self._advanced.body_layout.addWidget(self._heading(group))
            for field in members:
                self._advanced.body_layout.addWidget(self._row(field))

    def _heading(self, group: str) -> QLabel:
        heading = QLabel(group, self)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        heading.setContentsMargins(0, ROW_SPACING_PX, 0, 0)
        self._headings[group] = heading
        return heading

    def _align(self) -> None:
        width = max(row.label_width() for row in self._rows.values())
        for row in self._rows.values():
            row.set_label_width(width)


def device_words(device: str) -> str:
    """Give what a person reads for a device."""
    kind, _, number = device.partition(":")
    return DEVICE_WORDS.get(kind, kind) + (f" {number}" if number else "")
