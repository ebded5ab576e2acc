"""Table of the task's classes: how much of each is recognised, without and with the prompt, with bars."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from vpns_gui.models.class_figures import ClassFigures
from vpns_gui.models.rows_table import Index, RowsTable
from vpns_gui.theme import colours

SORT_ROLE = Qt.ItemDataRole.UserRole
SHARE_ROLE = Qt.ItemDataRole.UserRole + 1

COLUMNS = ("Class", "Test\nimages", "Right,\nno prompt", "Right,\nwith prompt", "Difference,\npoints", "Most often\ntaken for")
_TIPS = (
    "Name of the class",
    "Test images of the class",
    "Share of the class's test images that is recognised without the prompt",
    "Share of the class's test images that is recognised with the prompt",
    "With the prompt minus without, in percentage points",
    "The wrong class that most of its images are taken for, and how many, as shown in the confusion matrix",
)
SHARE_COLUMNS = (2, 3)
PROMPT_COLUMNS = (3, 4)
_BAR_PX = 30



@dataclass(frozen=True)
class ClassRow:
    """A class of the task. Accuracies are shares, NaN without images; None where there is no prompt."""

    name: str
    num_images: int
    plain: float
    prompted: float | None
    taken_for: str

    @property
    def points(self) -> float:
        """With the prompt minus without, in percentage points; NaN where that is not known."""
        return math.nan if self.prompted is None else (self.prompted - self.plain) * 100


def class_rows(figures: ClassFigures, names: Sequence[str], view: str) -> list[ClassRow]:
    """Give a row for each class; what it is taken for is counted in `view`."""
    counts_TT = figures.confusion_TT[view]
    prompted_T = figures.accuracy_T.get("prompted")
    rows = []
    for index, name in enumerate(names):
        others = counts_TT[index].copy()
        others[index] = 0
        most = int(others.argmax())
        rows.append(
            ClassRow(
                name=name,
                num_images=int(counts_TT[index].sum()),
                plain=float(figures.accuracy_T["plain"][index]),
                prompted=float(prompted_T[index]) if prompted_T is not None else None,
                taken_for=f"{names[most]} ({int(others[most]):,})" if others[most] else "-",
            )
        )
    return rows


class ClassTable(RowsTable[ClassRow]):
    """The classes, in the task's order."""

    columns = COLUMNS
    tips = _TIPS

    def name_of(self, row: ClassRow) -> str:
        """Give the name of the class."""
        return row.name

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
                return _text(row, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{' '.join(COLUMNS[column].split())}: {_text(row, column)}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case _ if role == SORT_ROLE:
                return _sort_key(row, index.row(), column)
            case _ if role == SHARE_ROLE:
                return {2: row.plain, 3: row.prompted}.get(column)
            case _:
                return None


class ShareDelegate(QStyledItemDelegate):
    """Draws a share as a bar with its percentage: full without the prompt, hatched with it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the bar at the left and the number at the right."""
        share, scheme, rect = index.data(SHARE_ROLE), colours(), option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(rect, option.palette.highlight())
        number = option.fontMetrics.horizontalAdvance("100.0 %")
        if share is not None and not math.isnan(share):
            prompted = index.column() == SHARE_COLUMNS[1]
            colour = QColor(scheme.prompted if prompted else scheme.plain)
            track = QRect(rect.x() + 6, rect.y() + rect.height() // 2 - 4, max(16, rect.width() - number - 16), 8)
            painter.fillRect(track, QColor(scheme.raised))
            bar = QRect(track.topLeft(), QSize(round(track.width() * share), track.height()))
            painter.fillRect(bar, QBrush(colour, Qt.BrushStyle.BDiagPattern if prompted else Qt.BrushStyle.SolidPattern))
            painter.setPen(colour)
            if bar.width() > 1:
                painter.drawRect(bar.adjusted(0, 0, -1, -1))
        painter.setPen(QColor(scheme.on_accent if selected else scheme.text))
        text = rect.adjusted(0, 0, -6, 0)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, index.data())
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Room for a short bar and the widest number."""
        width = _BAR_PX + option.fontMetrics.horizontalAdvance("100.0 %") + 16
        return QSize(width, super().sizeHint(option, index).height())


def _text(row: ClassRow, column: int) -> str:
    texts = (row.name, f"{row.num_images:,}", _percent(row.plain), _percent(row.prompted), _points(row.points), row.taken_for)
    return texts[column]


def _percent(share: float | None) -> str:
    return "-" if share is None or math.isnan(share) else f"{share * 100:.1f} %"


def _points(points: float) -> str:
    if math.isnan(points):
        return "-"
    return "0.0" if abs(points) < 0.05 else f"{points:+.1f}".replace("-", "−")


def _sort_key(row: ClassRow, number: int, column: int) -> float | int | str:
    """What is not known sorts below everything."""
    keys = (number, row.num_images, row.plain, row.prompted, row.points, row.taken_for)
    key = keys[column]
    if key is None or (isinstance(key, float) and math.isnan(key)):
        return -1e9
    return key


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column in (0, len(COLUMNS) - 1) else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
