"""Tables as they are read off the screen: their cells as text, and a copy that shows all of them at once."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QTableView, QTableWidget, QTableWidgetItem

from vpns_engine.csv_text import Cell

Rows = tuple[Sequence[str], Sequence[Sequence[Cell]]]
"""A header, and rows below it."""


def texts_of(table: QTableView, *, selected: bool = False) -> tuple[list[str], list[list[str]]]:
    """Give the titles and the cells of a table as they are read, hidden columns and rows left out.

    Args:
        selected: only the rows in which something is selected.
    """
    model = table.model()
    if model is None:
        return [], []
    columns = [column for column in range(model.columnCount()) if not table.isColumnHidden(column)]
    columns.sort(key=table.horizontalHeader().visualIndex)
    rows = selected_rows(table) if selected else [row for row in range(model.rowCount()) if not table.isRowHidden(row)]
    titles = [str(model.headerData(column, Qt.Orientation.Horizontal) or "") for column in columns]
    cells = [[_text(model.index(row, column).data()) for column in columns] for row in rows]
    return [" ".join(title.split()) for title in titles], cells


def selected_rows(table: QTableView) -> list[int]:
    """Give the rows in which something is selected, from the top."""
    selection = table.selectionModel()
    return sorted({index.row() for index in selection.selectedIndexes()}) if selection is not None else []


def has_rows(table: QTableView) -> bool:
    """Tell whether a table holds anything."""
    model = table.model()
    return model is not None and model.rowCount() > 0


def tab_separated(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write a table so that a spreadsheet puts it in cells where it is pasted."""
    lines = [header, *rows]
    return "\n".join("\t".join(" ".join(_text(cell).split()) for cell in line) for line in lines) + "\n"


def whole_table(table: QTableWidget) -> QTableWidget:
    """Give a copy that shows all rows and columns at once, for a picture; it has no parent and is never on screen."""
    headers = [table.horizontalHeaderItem(column) for column in range(table.columnCount())]
    titles = [header.text() if header is not None else "" for header in headers]
    copy = QTableWidget(table.rowCount(), table.columnCount())
    copy.setAccessibleName(table.accessibleName())
    copy.setHorizontalHeaderLabels(titles)
    copy.verticalHeader().hide()
    copy.verticalHeader().setDefaultSectionSize(table.verticalHeader().defaultSectionSize())
    copy.setAlternatingRowColors(True)
    copy.setShowGrid(False)
    copy.setFrameShape(QFrame.Shape.NoFrame)
    copy.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    copy.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    for row in range(table.rowCount()):
        for column in range(table.columnCount()):
            if (item := table.item(row, column)) is not None:
                copy.setItem(row, column, QTableWidgetItem(item))
    copy.ensurePolished()
    copy.resizeColumnsToContents()
    height = copy.horizontalHeader().sizeHint().height() + copy.verticalHeader().length()
    copy.resize(copy.horizontalHeader().length(), height)
    return copy


def _text(value: object) -> str:
    return "" if value is None else str(value)
