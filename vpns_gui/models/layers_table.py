"""Table of a network's layers: how much of each is kept, with a bar; red where a layer is almost empty."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from vpns_gui.theme import colours

NEARLY_EMPTY = 0.01
"""Density below which a layer is marked."""

SORT_ROLE = Qt.ItemDataRole.UserRole
DENSITY_ROLE = Qt.ItemDataRole.UserRole + 1

_Index = QModelIndex | QPersistentModelIndex
_COLUMNS = ("#", "Layer", "Density", "Kept", "Weights", "Shape")
_TIPS = (
    "Place in the network, from the input on",
    "Name of the layer in the network",
    "Density: share of the layer's weights that the mask keeps; red and ! where it is under 1 %",
    "Weights that the mask keeps",
    "Scored weights of the layer",
    "Shape of the weight: output channels × input channels × kernel height × kernel width",
)
DENSITY_COLUMN = _COLUMNS.index("Density")

_BAR_PX = 50
_WIDEST = "! 0.99 %"


@dataclass(frozen=True)
class LayerRow:
    """A layer and how many of its weights are kept."""

    name: str
    shape: tuple[int, ...]
    numel: int
    kept: int

    @property
    def density(self) -> float:
        """Kept share, 0 to 1."""
        return self.kept / self.numel if self.numel else 0.0

    @property
    def nearly_empty(self) -> bool:
        """Tell whether so little is left that the layer may let nothing through."""
        return self.density < NEARLY_EMPTY


def density_text(density: float) -> str:
    """Write a density so that small ones stay readable; marked with ! where it is under 1 %."""
    value = density * 100
    if value == 0:
        return "! 0 %"
    if density < NEARLY_EMPTY:
        return f"! {min(value, 0.99):.2f} %" if value >= 0.01 else "! < 0.01 %"
    return f"{value:.1f} %"


class LayersTable(QAbstractTableModel):
    """The layers, in the network's order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[LayerRow, ...] = ()

    @property
    def rows(self) -> tuple[LayerRow, ...]:
        """What it shows."""
        return self._rows

    def set_rows(self, rows: Sequence[LayerRow]) -> None:
        """Show layers; the selection stays where they are the same layers with other numbers."""
        new = tuple(rows)
        if [row.name for row in new] == [row.name for row in self._rows]:
            self._rows = new
            if new:
                self.dataChanged.emit(self.index(0, 0), self.index(len(new) - 1, len(_COLUMNS) - 1))
            return
        self.beginResetModel()
        self._rows = new
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Count the layers."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Count the columns."""
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401, N802
        """Name the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _COLUMNS[section]
            case Qt.ItemDataRole.ToolTipRole:
                return _TIPS[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                return (
                    _alignment(section)
                    if section != DENSITY_COLUMN
                    else Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                )
            case _:
                return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
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
                return QColor(colours().danger) if row.nearly_empty and column == 1 else None
            case _ if role == SORT_ROLE:
                return (index.row(), row.name, row.density, row.kept, row.numel, row.shape[0] if row.shape else 0)[column]
            case _ if role == DENSITY_ROLE:
                return row.density
            case _:
                return None

    def _text(self, number: int, column: int) -> str:
        row = self._rows[number]
        shape = "×".join(str(side) for side in row.shape)
        return (str(number + 1), row.name, density_text(row.density), f"{row.kept:,}", f"{row.numel:,}", shape)[column]


class DensityDelegate(QStyledItemDelegate):
    """Draws a density as a bar with its percentage."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw the bar at the left and the number at the right."""
        density = index.data(DENSITY_ROLE)
        scheme, rect = colours(), option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(rect, option.palette.highlight())
        number = option.fontMetrics.horizontalAdvance(_WIDEST)
        track = QRect(rect.x() + 6, rect.y() + rect.height() // 2 - 4, max(20, rect.width() - number - 14), 8)
        low = density < NEARLY_EMPTY
        painter.fillRect(track, QColor(scheme.raised))
        if density > 0:
            bar = QRect(track.topLeft(), QSize(max(2, round(track.width() * density)), track.height()))
            painter.fillRect(bar, QColor(scheme.danger if low else scheme.kept))
        painter.setPen(QColor(scheme.border))
        painter.drawRect(track.adjusted(0, 0, -1, -1))
        painter.setPen(QColor(scheme.on_accent if selected else scheme.danger if low else scheme.text))
        text = QRect(track.right() + 2, rect.y(), rect.right() - track.right() - 5, rect.height())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, density_text(density))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802
        """Room for a short bar and the widest number."""
        width = _BAR_PX + option.fontMetrics.horizontalAdvance(_WIDEST) + 14
        return QSize(width, super().sizeHint(option, index).height())


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column in (1, DENSITY_COLUMN) else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _tooltip(row: LayerRow) -> str:
    text = f"{row.name}: {row.kept:,} of {row.numel:,} weights kept (density {density_text(row.density).removeprefix('! ')})"
    if row.kept == 0:
        return f"{text}\nThe layer is empty: nothing passes through it."
    return f"{text}\nUnder 1 % is left: the layer may let hardly anything through." if row.nearly_empty else text
