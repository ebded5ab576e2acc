"""Table of a network's layers: what two masks have in common in each."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt

from vpns_engine.overlap import Overlap
from vpns_engine.words import printable
from vpns_gui.models.rows_table import Index, RowsTable

SORT_ROLE = Qt.ItemDataRole.UserRole
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


class OverlapTable(RowsTable[Overlap]):
    """The layers, in the network's order."""

    columns = COLUMNS
    tips = _TIPS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._texts: tuple[tuple[str, ...], ...] = ()

    def name_of(self, row: Overlap) -> str:
        """Give the name of the layer."""
        return row.name

    def set_rows(self, rows: Sequence[Overlap]) -> bool:
        """Show layers; see RowsTable. Their words are written once, not at each look."""
        self._texts = tuple(texts_of_row(number, row) for number, row in enumerate(rows))
        return super().set_rows(rows)

    def alignment_of(self, column: int) -> Qt.AlignmentFlag:
        """Put numbers to the right."""
        return _alignment(column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
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
