"""What tables of rows under fixed columns have in common: their header, and what stays chosen when rows are shown anew."""

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex
Row = TypeVar("Row")


class ColumnsTable(QAbstractTableModel):
    """A table whose columns are known beforehand."""

    columns: ClassVar[tuple[str, ...]]
    tips: ClassVar[tuple[str, ...]]
    """What each column says, for its tooltip."""

    def alignment_of(self, column: int) -> Qt.AlignmentFlag:  # noqa: ARG002
        """Say where the title of a column stands."""
        return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Count the columns."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401, N802
        """Name the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.columns[section]
            case Qt.ItemDataRole.ToolTipRole:
                return self.tips[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                return self.alignment_of(section)
            case _:
                return None


class RowsTable(ColumnsTable, Generic[Row]):
    """Rows in the order in which they are given."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """What it shows."""
        return self._rows

    def name_of(self, row: Row) -> Hashable:
        """Give what tells a row from the others."""
        raise NotImplementedError

    def set_rows(self, rows: Sequence[Row]) -> bool:
        """Show rows; tell whether they are others than before. Where only what they say is, the selection stays."""
        new = tuple(rows)
        same = [self.name_of(row) for row in new] == [self.name_of(row) for row in self._rows]
        if same:
            self._rows = new
            if new:
                self.dataChanged.emit(self.index(0, 0), self.index(len(new) - 1, len(self.columns) - 1))
        else:
            self.beginResetModel()
            self._rows = new
            self.endResetModel()
        return not same

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Count the rows."""
        return 0 if parent.isValid() else len(self._rows)
