"""Tables of plain text, as the results and the summary show them."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QTableWidget, QTableWidgetItem, QWidget

Rows = Sequence[Sequence[str]]


def text_table(columns: Sequence[str], name: str, parent: QWidget) -> QTableWidget:
    """Make an empty table that is only read; columns are as wide as what they hold."""
    table = QTableWidget(0, len(columns), parent)
    table.setObjectName(name)
    table.setHorizontalHeaderLabels(columns)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setHighlightSections(False)
    header.setStretchLastSection(False)  # a number far to the right of its title is hard to follow
    return table


def fill_table(table: QTableWidget, rows: Rows, *, first_number: int) -> None:
    """Show rows of text; columns from `first_number` on hold numbers."""
    table.setRowCount(len(rows))
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            item = table.item(row, column)
            if item is None:
                item = QTableWidgetItem()
                side = Qt.AlignmentFlag.AlignRight if column >= first_number else Qt.AlignmentFlag.AlignLeft
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                table.setItem(row, column, item)
            if item.text() != text:
                item.setText(text)


def texts_of(table: QTableView) -> tuple[list[str], list[list[str]]]:
    """Give the titles and the cells of a table as they are read, hidden columns left out."""
    model = table.model()
    if model is None:
        return [], []
    columns = [column for column in range(model.columnCount()) if not table.isColumnHidden(column)]
    titles = [str(model.headerData(column, Qt.Orientation.Horizontal) or "") for column in columns]
    rows = [[str(model.index(row, column).data() or "") for column in columns] for row in range(model.rowCount())]
    return [" ".join(title.split()) for title in titles], rows


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
