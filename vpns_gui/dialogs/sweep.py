"""Several values of several settings: every combination is a run, and is shown before it is put in the queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from vpns_gui import theme
from vpns_gui.dialogs.axis_row import AxisRow, Setting, outline_boxes

Axis = tuple[str, str | tuple[str, ...]]
"""A setting's location, and its values or the list as it was typed."""
_INTRO = (
    "Every combination of these values is a run; all other settings are those of the form. Sparsities given here make a run "
    "each, a list in the form the levels of one run."
)
_ROW_PX = 26
_AXES_HEIGHT_PX = 210


@dataclass(frozen=True)
class SweepRow:
    """A run as it is shown. `state` says how it stands, or why it cannot be."""

    cells: tuple[str, ...]
    state: str = ""
    tone: str = "muted"
    possible: bool = True
    wanted: bool = True
    """It is ticked unless the person says otherwise."""


class SweepDialog(QDialog):
    """Takes settings and rows; gives the axes that are wanted, and the rows that are to be queued."""

    axes_changed = Signal(object)
    """Tuple of Axis, as they stand."""
    queue_requested = Signal(object)
    """Tuple of the numbers of the ticked rows, from 0."""

    def __init__(self, settings: Sequence[Setting], axes: Sequence[Axis], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sweepDialog")
        self.setWindowTitle("Sweep")
        self._settings = tuple(settings)
        self._axes: list[AxisRow] = []
        self._rows: tuple[SweepRow, ...] = ()
        self._own: dict[tuple[str, ...], bool] = {}
        """What the person has ticked or unticked, by the words of its cells."""
        self._ending = ""
        self._make_widgets()
        self._lay_out()
        for location, values in axes:
            self._add_axis(location, values)
        outline_boxes(self._table)
        theme.follow(self, lambda _colours: self._recolour())

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes as they stand; rows without a setting are left out."""
        return tuple((row.location, row.values) for row in self._axes if row.location)

    @property
    def ticked(self) -> tuple[int, ...]:
        """The rows that are to be queued."""
        return tuple(number for number, row in enumerate(self._rows) if row.possible and self._is_ticked(row))

    def set_rows(self, titles: Sequence[str], rows: Sequence[SweepRow]) -> None:
        """Show the runs; what was ticked or unticked by hand stays so."""
        self._rows = tuple(rows)
        self._table.setColumnCount(len(titles) + 2)
        self._table.setHorizontalHeaderLabels(["Run", *titles, "State"])
        self._table.setRowCount(len(rows))
        with QSignalBlocker(self._table):
            for number, row in enumerate(rows):
                self._fill(number, row)
        header = self._table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self._count()

    def set_problem(self, text: str) -> None:
        """Say why there are no rows."""
        self._ending = text
        self.set_rows((), ())

    def set_busy(self, busy: bool) -> None:
        """Tell whether the rows are being made, or looked for in the folder of runs."""
        self._busy.setText("Looking which are done …" if busy else "")

    def clear_problem(self) -> None:
        """Say that nothing is wrong."""
        self._ending = ""

    def _make_widgets(self) -> None:
        self._add = QPushButton("Add a setting", self)
        self._add.setObjectName("axisAdd")
        self._add.setAutoDefault(False)
        self._add.clicked.connect(self._add_empty)
        self._table = QTableWidget(0, 0, self)
        self._table.setObjectName("sweepRows")
        self._table.setAccessibleName("Runs of the sweep")
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setAlternatingRowColors(True)
        self._table.setShowGrid(False)
        self._table.setTabKeyNavigation(False)
        self._table.verticalHeader().hide()
        self._table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self._table.horizontalHeader().setHighlightSections(False)
        self._table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._table.itemChanged.connect(self._tick)
        self._words = QLabel(self)
        self._words.setObjectName("sweepWords")
        self._words.setWordWrap(True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._busy = QLabel(self)
        self._busy.setObjectName("sweepBusy")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self._queue = self._buttons.addButton("Add to queue", QDialogButtonBox.ButtonRole.AcceptRole)
        self._queue.setObjectName("sweepQueue")
        self._queue.setDefault(True)
        self._buttons.accepted.connect(self._accept)
        self._buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        intro = QLabel(_INTRO, self)
        intro.setWordWrap(True)
        inner = QWidget(self)
        self._axes_layout = QVBoxLayout(inner)
        self._axes_layout.setContentsMargins(0, 0, 6, 0)
        self._axes_layout.setSpacing(6)
        self._axes_layout.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll = scroll
        below = QHBoxLayout()
        below.addWidget(self._words, 1)
        below.addWidget(self._busy)
        adding = QHBoxLayout()
        adding.addWidget(self._add)
        adding.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        layout.addWidget(intro)
        layout.addWidget(scroll)
        layout.addLayout(adding)
        layout.addWidget(self._table, 1)
        layout.addLayout(below)
        layout.addWidget(self._buttons)
        self.resize(820, 640)

    def _add_empty(self) -> None:
        self._add_axis("", "").focus_values()

    def _add_axis(self, location: str, values: str | Sequence[object]) -> AxisRow:
        row = AxisRow(self._settings, self)
        if location:
            row.set_axis(location, values)
        row.changed.connect(self._tell)
        row.changed.connect(self._fit_axes)
        row.remove_requested.connect(lambda: self._remove_axis(row))
        self._axes.append(row)
        self._axes_layout.insertWidget(self._axes_layout.count() - 1, row)
        row.show()  # or the layout does not count it yet
        self._fit_axes()
        return row

    def _fit_axes(self) -> None:
        """Be as high as the settings need, up to a part of the dialog."""
        spacing = self._axes_layout.spacing()
        wanted = sum(row.sizeHint().height() + spacing for row in self._axes)
        self._scroll.setFixedHeight(min(max(wanted, _ROW_PX), _AXES_HEIGHT_PX))

    def _remove_axis(self, row: AxisRow) -> None:
        self._axes.remove(row)
        self._axes_layout.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._fit_axes()
        self._tell()

    def _tell(self) -> None:
        self.axes_changed.emit(self.axes)

    def _fill(self, number: int, row: SweepRow) -> None:
        first = QTableWidgetItem(str(number + 1))
        flag = Qt.ItemFlag
        if row.possible:
            first.setFlags(flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsUserCheckable)
            first.setCheckState(Qt.CheckState.Checked if self._is_ticked(row) else Qt.CheckState.Unchecked)
        else:
            first.setFlags(flag.ItemIsEnabled | flag.ItemIsSelectable)
        items = [first, *map(QTableWidgetItem, row.cells), QTableWidgetItem(row.state)]
        colours = theme.colours()
        for column, item in enumerate(items):
            if not row.possible:
                item.setForeground(QColor(colours.muted))
            if column == len(items) - 1:
                item.setForeground(QColor(getattr(colours, row.tone)))
                item.setToolTip(row.state)
            self._table.setItem(number, column, item)

    def _recolour(self) -> None:
        with QSignalBlocker(self._table):
            for number, row in enumerate(self._rows):
                self._fill(number, row)

    def _is_ticked(self, row: SweepRow) -> bool:
        return self._own.get(row.cells, row.wanted)

    def _tick(self, item: QTableWidgetItem) -> None:
        if item.column() == 0:
            self._own[self._rows[item.row()].cells] = item.checkState() == Qt.CheckState.Checked
            self._count()

    def _count(self) -> None:
        count, impossible = len(self.ticked), sum(not row.possible for row in self._rows)
        parts = [f"{len(self._rows)} combination{'s' if len(self._rows) != 1 else ''}"]
        parts += [f"{impossible} left out"] if impossible else []
        self._words.setText(self._ending or ", ".join(parts))
        self._queue.setEnabled(count > 0)
        self._queue.setText(f"Add {count} run{'s' if count != 1 else ''} to queue" if count else "Add to queue")

    def _accept(self) -> None:
        if self.ticked:
            self.queue_requested.emit(self.ticked)
            self.accept()


def titled(settings: Sequence[Setting]) -> Mapping[str, str]:
    """Give the label of each setting, with its unit."""
    return {item.location: f"{item.label} ({item.unit})" if item.unit else item.label for item in settings}
