"""The formats of an export as ticks: one line on each, and the size it will have."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QGridLayout, QLabel, QWidget

from vpns_engine.specs.export import FORMAT_ABOUT, FORMAT_LABELS, ExportFormat
from vpns_engine.words import size_text
from vpns_gui.dialogs.said import Said

_UNKNOWN = "…"


class FormatTicks(QWidget):
    """A row for each format. What cannot be written says why instead of what it is."""

    changed = Signal()
    """Another set of formats is ticked."""

    def __init__(self, dialog: QDialog, unavailable: Mapping[ExportFormat, str]) -> None:
        super().__init__(dialog)
        self._ticks: dict[ExportFormat, QCheckBox] = {}
        self._sizes: dict[ExportFormat, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        for row, (name, label) in enumerate(FORMAT_LABELS.items()):
            self._add(dialog, row, name, label, unavailable.get(name, ""))
        self.setFocusProxy(next(iter(self._ticks.values())))

    @property
    def formats(self) -> tuple[ExportFormat, ...]:
        """What is ticked and can be written, in the order shown."""
        return tuple(name for name, tick in self._ticks.items() if tick.isChecked() and tick.isEnabled())

    def set_formats(self, formats: tuple[ExportFormat, ...]) -> None:
        """Tick these; what cannot be written stays as it is."""
        for name, tick in self._ticks.items():
            tick.setChecked(name in formats and tick.isEnabled())

    def set_sizes(self, sizes: Mapping[ExportFormat, int] | None) -> None:
        """Show the size of each; None while they are counted."""
        for name, label in self._sizes.items():
            shown = sizes is not None and self._ticks[name].isEnabled()
            label.setText(_words(name, sizes[name]) if sizes is not None and shown else _UNKNOWN if sizes is None else "")

    def _add(self, dialog: QDialog, row: int, name: ExportFormat, label: str, why_not: str) -> None:
        tick = QCheckBox(label, self)
        tick.setObjectName(f"exportFormat:{name}")
        tick.setAccessibleDescription(why_not or FORMAT_ABOUT[name])
        tick.setEnabled(not why_not)
        tick.toggled.connect(self.changed)
        about = Said(dialog, f"exportAbout:{name}")
        about.say(why_not or FORMAT_ABOUT[name], "muted")
        about.setAccessibleName(f"{label}: what it is")
        size = QLabel(_UNKNOWN, self)
        size.setObjectName(f"exportSize:{name}")
        size.setAccessibleName(f"{label}: size")
        size.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        size.setMinimumWidth(self.fontMetrics().horizontalAdvance("about 99.9 MB "))
        grid = self.layout()
        assert isinstance(grid, QGridLayout)
        for column, widget in enumerate((tick, about, size)):
            grid.addWidget(widget, row, column)
        self._ticks[name], self._sizes[name] = tick, size


def _words(name: ExportFormat, size: int) -> str:
    return "a few kB" if name == "hub" else f"about {size_text(size)}"
