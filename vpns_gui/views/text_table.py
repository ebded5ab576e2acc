"""Tables of plain text, as the results and the summary show them."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from vpns_gui.tables import texts_of, whole_table
from vpns_gui.take_away import offer

__all__ = ["Rows", "fill_table", "text_table", "texts_of", "whole_table"]

Rows = Sequence[Sequence[str]]


def text_table(columns: Sequence[str], name: str, parent: QWidget) -> QTableWidget:
    """Make an empty table that is only read and can be taken along; columns are as wide as what they hold."""
    table = QTableWidget(0, len(columns), parent)
    table.setObjectName(name)
    table.setHorizontalHeaderLabels(columns)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)  # Tab goes on to what comes after the table; the arrow keys go through its cells
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setHighlightSections(False)
    header.setStretchLastSection(False)  # a number far to the right of its title is hard to follow
    offer(table, lambda: table.accessibleName() or table.objectName())
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
