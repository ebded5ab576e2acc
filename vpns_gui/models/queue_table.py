"""Table of the queue: one run a row, in the order in which they begin; rows are dragged to another place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QMimeData, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont

from vpns_gui import theme
from vpns_gui.models.rows_table import Index, RowsTable

MIME = "application/x-vpns-queue"
_COLUMNS = ("State", "Name", "What", "Device")
_TIPS = (
    "How the run stands",
    "The name in its settings, if it has one",
    "Method, network, data, sparsity and seed; where these are the same, what differs",
    "The device it computes on; one run at a time on each",
)


@dataclass(frozen=True)
class QueueRow:
    """A run of the queue as it is shown."""

    key: str
    name: str
    what: str
    device: str
    state: str
    tip: str = ""
    tone: str = "text"
    """A colour of the theme, for its state."""
    strong: bool = False
    """It is at work."""

    @property
    def cells(self) -> tuple[str, ...]:
        """Its words, column by column."""
        return (self.state, self.name, self.what, self.device)


class QueueTable(RowsTable[QueueRow]):
    """The rows; what is dropped between them is told, not done."""

    columns = _COLUMNS
    tips = _TIPS

    moved = Signal(object)
    """(keys, row): these were dropped before that row."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.can_move = True

    def name_of(self, row: QueueRow) -> str:
        """Give the run's key."""
        return row.key

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Give one cell."""
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.cells[column]
            case Qt.ItemDataRole.ToolTipRole:
                return row.tip or row.what
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{_COLUMNS[column]} {row.cells[column]}"
            case Qt.ItemDataRole.ForegroundRole if column == 0:
                return QColor(getattr(theme.colours(), row.tone))
            case Qt.ItemDataRole.FontRole if row.strong and column == 0:
                font = QFont()
                font.setBold(True)
                return font
            case _:
                return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let rows be dragged, and dropped between others but not onto them."""
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled if self.can_move else flag.NoItemFlags
        found = flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemNeverHasChildren
        return found | flag.ItemIsDragEnabled if self.can_move else found

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802
        """Move, never copy."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:  # noqa: N802
        """Take what comes from a queue."""
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802
        """Give the keys of the dragged rows."""
        data = QMimeData()
        keys = dict.fromkeys(self._rows[index.row()].key for index in indexes if index.isValid())
        data.setData(MIME, " ".join(keys).encode())
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:  # noqa: ARG002, N802
        """Tell where rows were dropped. The answer is no: the view would remove the rows that the queue has moved."""
        keys = tuple(bytes(data.data(MIME).data()).decode(errors="replace").split())
        if self.can_move and keys and action == Qt.DropAction.MoveAction:
            place = row if row >= 0 else parent.row() if parent.isValid() else len(self._rows)
            self.moved.emit((keys, place))
        return False
