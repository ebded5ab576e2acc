"""Table of a network's layers: how much of each is kept, with a bar; red where a layer is almost empty."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from vpns_gui.models.rows_table import Index, RowsTable
from vpns_gui.theme import colours

NEARLY_EMPTY = 0.01
"""Density below which a layer is marked."""

SORT_ROLE = Qt.ItemDataRole.UserRole
DENSITY_ROLE = Qt.ItemDataRole.UserRole + 1
MARK_ROLE = Qt.ItemDataRole.UserRole + 2
"""Whether it is marked for being nearly empty."""

_COLUMNS = ("#", "Layer", "Density", "Kept", "Weights", "Share of kept", "Empty out", "Empty in", "Shape")
_TIPS = (
    "Place in the network, from the input on",
    "Name of the layer in the network. The classifier's rows that no target class uses stand apart, where there are any",
    "Density: share of the layer's weights that the mask keeps; red and ! where it is under 1 %",
    "Weights that the mask keeps",
    "Scored weights of the layer",
    "Share of all kept weights of the network that are in this layer",
    "Output channels with every weight pruned: they give the same whatever comes in",
    "Input channels that no kept weight reads",
    "Shape of the weight: output channels × input channels × kernel height × kernel width",
)
DENSITY_COLUMN = _COLUMNS.index("Density")

_BAR_PX = 50
_WIDEST = "! 0.99 %"


@dataclass(frozen=True)
class LayerRow:
    """A layer, or the rows of the classifier that no target class uses, and how many of the weights are kept."""

    name: str
    shape: tuple[int, ...]
    numel: int
    kept: int
    empty_out: int | None = None
    """Output channels with nothing kept; None while that is not counted."""
    empty_in: int | None = None
    unused: bool = False
    """Rows of the classifier that no target class uses."""

    @property
    def title(self) -> str:
        """What a person reads; no two rows have the same."""
        return f"{self.name}, {self.shape[0]:,} unused rows" if self.unused else self.name

    @property
    def density(self) -> float:
        """Kept share, 0 to 1."""
        return self.kept / self.numel if self.numel else 0.0

    @property
    def nearly_empty(self) -> bool:
        """Tell whether so little is left that the layer may let nothing through; of rows nobody uses that says nothing."""
        return self.density < NEARLY_EMPTY and not self.unused


def density_text(density: float, *, marked: bool = True) -> str:
    """Write a density so that small ones stay readable; marked with ! where it is under 1 %."""
    value = density * 100
    mark = "! " if marked else ""
    if value == 0:
        return f"{mark}0 %"
    if density < NEARLY_EMPTY:
        return f"{mark}{min(value, 0.99):.2f} %" if value >= 0.01 else f"{mark}< 0.01 %"
    return f"{value:.1f} %"


def share_text(share: float) -> str:
    """Write a share of all kept weights."""
    return "0 %" if share == 0 else f"{share:.1%}".replace("%", " %") if share >= 0.001 else "< 0.1 %"


class LayersTable(RowsTable[LayerRow]):
    """The layers, in the network's order."""

    columns = _COLUMNS
    tips = _TIPS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept = 0

    def name_of(self, row: LayerRow) -> str:
        """Give the title: the rows of a classifier that are used, and those that are not, are two."""
        return row.title

    def set_rows(self, rows: Sequence[LayerRow]) -> bool:
        """Show layers; see RowsTable."""
        self._kept = sum(row.kept for row in rows)
        return super().set_rows(rows)

    def alignment_of(self, column: int) -> Qt.AlignmentFlag:
        """Put numbers to the right."""
        if column == DENSITY_COLUMN:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return _alignment(column)

    def as_text(self) -> tuple[list[str], list[list[str]]]:
        """Give titles and rows for a file: counts without separators, shares as numbers from 0 to 1."""
        titles = ["place", "layer", "density", "kept", "weights", "share_of_kept", "empty_outputs", "empty_inputs", "shape"]
        rows = [
            [
                str(number + 1),
                row.title,
                f"{row.density:.6g}",
                str(row.kept),
                str(row.numel),
                f"{self._share(row):.6g}",
                *("" if count is None else str(count) for count in (row.empty_out, row.empty_in)),
                "x".join(str(side) for side in row.shape),
            ]
            for number, row in enumerate(self._rows)
        ]
        return titles, rows

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Give one cell."""
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(index.row(), column)
            case Qt.ItemDataRole.ToolTipRole:
                return _tooltip(row)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{_COLUMNS[column]} {self._text(index.row(), column)}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ForegroundRole:
                return QColor(colours().danger) if row.nearly_empty and column == 1 else self._faint(row)
            case _ if role == SORT_ROLE:
                return self._order(index.row(), column)
            case _ if role == DENSITY_ROLE:
                return row.density
            case _ if role == MARK_ROLE:
                return row.nearly_empty
            case _:
                return None

    def _faint(self, row: LayerRow) -> QColor | None:
        return QColor(colours().muted) if row.unused else None

    def _share(self, row: LayerRow) -> float:
        return row.kept / self._kept if self._kept else 0.0

    def _order(self, number: int, column: int) -> int | float | str:
        row = self._rows[number]
        # None, not counted yet, comes before 0; shares are in the order of the counts
        out, into = (-1 if count is None else count for count in (row.empty_out, row.empty_in))
        first = row.shape[0] if row.shape else 0
        return (number, row.title, row.density, row.kept, row.numel, row.kept, out, into, first)[column]

    def _text(self, number: int, column: int) -> str:
        row = self._rows[number]
        empty = ["…" if count is None else f"{count:,}" for count in (row.empty_out, row.empty_in)]
        return (
            str(number + 1),
            row.title,
            density_text(row.density, marked=not row.unused),
            f"{row.kept:,}",
            f"{row.numel:,}",
            share_text(self._share(row)),
            *empty,
            "×".join(str(side) for side in row.shape),
        )[column]


class DensityDelegate(QStyledItemDelegate):
    """Draws a density as a bar with its percentage."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the bar at the left and the number at the right."""
        density = index.data(DENSITY_ROLE)
        scheme, rect = colours(), option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(rect, option.palette.highlight())
        number = option.fontMetrics.horizontalAdvance(_WIDEST)
        track = QRect(rect.x() + 6, rect.y() + rect.height() // 2 - 4, max(20, rect.width() - number - 14), 8)
        low = bool(index.data(MARK_ROLE))
        painter.fillRect(track, QColor(scheme.raised))
        if density > 0:
            bar = QRect(track.topLeft(), QSize(max(2, round(track.width() * density)), track.height()))
            painter.fillRect(bar, QColor(scheme.danger if low else scheme.kept))
        painter.setPen(QColor(scheme.border))
        painter.drawRect(track.adjusted(0, 0, -1, -1))
        painter.setPen(QColor(scheme.on_accent if selected else scheme.danger if low else scheme.text))
        text = QRect(track.right() + 2, rect.y(), rect.right() - track.right() - 5, rect.height())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, str(index.data()))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Room for a short bar and the widest number."""
        width = _BAR_PX + option.fontMetrics.horizontalAdvance(_WIDEST) + 14
        return QSize(width, super().sizeHint(option, index).height())


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column in (1, DENSITY_COLUMN) else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _tooltip(row: LayerRow) -> str:
    text = f"{row.title}: {row.kept:,} of {row.numel:,} weights kept (density {density_text(row.density, marked=False)})"
    if row.unused:
        return f"{text}\nOutputs of source classes that no target class is mapped to: nothing reads them."
    if row.kept == 0:
        return f"{text}\nThe layer is empty: nothing passes through it."
    return f"{text}\nUnder 1 % is left: the layer may let hardly anything through." if row.nearly_empty else text
