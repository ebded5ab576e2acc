"""The library's table: a line of plain text for each run. Sorting and choosing is done by whoever fills it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont

from vpns_gui.theme import Colours, colours

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Head:
    """A column's title, and what it says."""

    title: str
    tip: str
    is_number: bool = False


class LineTexts(NamedTuple):
    """What is read of a run."""

    cells: tuple[str, ...]
    """A text for each column."""
    tip: str = ""
    tone: str = ""
    """Colour of the state, a field of `Colours`; empty for that of text."""


class RunLine:
    """A run in the table; its texts are written when it is first seen, for of ten thousand lines few ever are."""

    def __init__(self, folder: Path, write: Callable[[], LineTexts], *, is_open: bool = False) -> None:
        """`is_open`: it is the run that the window shows."""
        self.folder = folder
        self.is_open = is_open
        self._write = write

    @cached_property
    def texts(self) -> LineTexts:
        """What is read."""
        return self._write()


class Order(NamedTuple):
    """What the table is sorted by."""

    column: int
    falling: bool


class RunsTable(QAbstractTableModel):
    """Runs, in the order in which they are given."""

    order_requested = Signal(object)
    """Another order is wanted (Order)."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._heads: tuple[Head, ...] = ()
        self._toned = -1
        self._lines: tuple[RunLine, ...] = ()
        self._bold = QFont()
        self._bold.setBold(True)

    def set_heads(self, heads: Sequence[Head], toned: int) -> None:
        """Set the columns, and which of them takes a line's tone; lines that are shown are let go of."""
        self.beginResetModel()
        self._heads, self._toned, self._lines = tuple(heads), toned, ()
        self.endResetModel()

    @property
    def lines(self) -> tuple[RunLine, ...]:
        """What it shows."""
        return self._lines

    def is_same_runs(self, lines: Sequence[RunLine]) -> bool:
        """Tell whether these are the runs that it shows, in the same order."""
        return len(lines) == len(self._lines) and all(
            new is old or new.folder == old.folder for new, old in zip(lines, self._lines, strict=True)
        )

    def set_lines(self, lines: Sequence[RunLine]) -> None:
        """Show runs; where they are the same ones in the same order, only other lines than before are drawn again."""
        new = tuple(lines)
        if not self.is_same_runs(new):
            self.beginResetModel()
            self._lines = new
            self.endResetModel()
            return
        changed = [row for row, line in enumerate(new) if line is not self._lines[row]]
        self._lines = new
        for row in changed:
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(self._heads) - 1))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Ask for another order."""
        self.order_requested.emit(Order(column, order == Qt.SortOrder.DescendingOrder))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Count the runs."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Count the columns."""
        return 0 if parent.isValid() else len(self._heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401, N802
        """Name the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        head = self._heads[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return head.title
            case Qt.ItemDataRole.ToolTipRole:
                return f"<p>{head.tip}</p>"
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(head)
            case _:
                return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Give one cell."""
        if not index.isValid():
            return None
        line, column = self._lines[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return line.texts.cells[column]
            case Qt.ItemDataRole.ToolTipRole:
                return line.texts.tip
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self._heads[column].title}: {line.texts.cells[column]}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(self._heads[column])
            case Qt.ItemDataRole.FontRole:
                return self._bold if line.is_open else None
            case Qt.ItemDataRole.ForegroundRole:
                tone = line.texts.tone if column == self._toned else ""
                return QColor(_tone(colours(), tone)) if tone else None
            case _:
                return None


def _tone(scheme: Colours, name: str) -> str:
    found: str = getattr(scheme, name)
    return found


def _alignment(head: Head) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if head.is_number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
