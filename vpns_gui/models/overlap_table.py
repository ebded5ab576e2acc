"""Table of a network's layers: what two masks have in common in each."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from vpns_engine.overlap import Overlap
from vpns_engine.words import printable

SORT_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("#", "Layer", "IoU", "By chance", "Ratio", "Both", "Only A", "Only B", "Neither", "Weights")
_TIPS = (
    "Place in the network, from the input on",
    "Name of the layer in the network",
    "Intersection over union: of the weights that A or B keeps, the share that both keep",
    "What independent masks of the same densities would have, on average; the layer's tip says how far chance reaches",
    "The overlap, divided by that of chance",
    "Weights that both keep",
    "Weights that only A keeps",
    "Weights that only B keeps",
    "Weights that both prune",
    "Scored weights of the layer",
)


class OverlapTable(QAbstractTableModel):
    """The layers, in the network's order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Overlap, ...] = ()
        self._texts: tuple[tuple[str, ...], ...] = ()

    @property
    def rows(self) -> tuple[Overlap, ...]:
        """What it shows."""
        return self._rows

    def set_rows(self, rows: Sequence[Overlap]) -> None:
        """Show layers; the selection stays where they are the same layers with other numbers."""
        new = tuple(rows)
        texts = tuple(texts_of_row(number, row) for number, row in enumerate(new))
        if [row.name for row in new] == [row.name for row in self._rows]:
            self._rows, self._texts = new, texts
            if new:
                self.dataChanged.emit(self.index(0, 0), self.index(len(new) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self._rows, self._texts = new, texts
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Count the layers."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Count the columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401, N802
        """Name the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section]
            case Qt.ItemDataRole.ToolTipRole:
                return _TIPS[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(section)
            case _:
                return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Give one cell."""
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._texts[index.row()][column]
            case Qt.ItemDataRole.ToolTipRole:
                return tip_of(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{COLUMNS[column]} {self._texts[index.row()][column]}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case _ if role == SORT_ROLE:
                return _values(index.row(), row)[column]
            case _:
                return None


def texts_of_row(number: int, row: Overlap) -> tuple[str, ...]:
    """Write the cells of a layer."""
    counts = (row.both, row.only_a, row.only_b, row.neither, row.numel)
    ratio = "–" if row.beyond_chance is None else ratio_text(row.beyond_chance)
    return (
        str(number + 1),
        printable(row.name),
        share(row.iou),
        share(row.by_chance),
        ratio,
        *(f"{count:,}" for count in counts),
    )


def share(value: float | None) -> str:
    """Write an overlap with three digits, and what is almost nothing as such."""
    if value is None:
        return "–"
    return "< 0.001" if 0 < value < 0.0005 else f"{value:.3f}"


def ratio_text(ratio: float) -> str:
    """Write how often as large as by chance something is, with two digits or more."""
    return f"{ratio:.2f}" if ratio < 9.95 else f"{ratio:.1f}" if ratio < 99.5 else f"{ratio:,.0f}"


def tip_of(row: Overlap) -> str:
    """Say all there is to say of a layer."""
    lines = [f"{printable(row.name)}: {row.numel:,} weights, A keeps {row.kept_a:,}, B keeps {row.kept_b:,}"]
    if row.iou is None or row.chance_range is None:
        return "\n".join([*lines, "Neither keeps any weight: there is nothing to overlap."])
    low, high = row.chance_range
    lines.append(f"Both keep {row.both:,}, only A {row.only_a:,}, only B {row.only_b:,}, neither {row.neither:,}")
    lines.append(f"IoU {row.iou:.4f}; by chance {row.by_chance:.4f}, in 19 of 20 cases {low:.4f} to {high:.4f}")
    lines.append(f"At most {row.most or 0:.4f} with these densities")
    return "\n".join(lines)


def _values(number: int, row: Overlap) -> tuple[int | float | str, ...]:
    # what is not defined comes first, rising
    ratios = (-1.0 if value is None else value for value in (row.iou, row.by_chance, row.beyond_chance))
    return (number, row.name, *ratios, row.both, row.only_a, row.only_b, row.neither, row.numel)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == 1 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
