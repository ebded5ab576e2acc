"""The table model of the layers."""

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QColor

from vpns_gui.models.layers_table import DENSITY_COLUMN, LayerRow, LayersTable, density_text
from vpns_gui.theme import colours

FULL = LayerRow("conv1", (16, 3, 3, 3), 432, 216)
LOW = LayerRow("fc", (37, 64), 2368, 5)


@pytest.fixture
def table(qtmodeltester, qapp):  # noqa: ARG001 - colours need an application
    table = LayersTable()
    table.set_rows([FULL, LOW])
    qtmodeltester.check(table, force_py=True)
    return table


def shown(table: QAbstractItemModel, row, role=Qt.ItemDataRole.DisplayRole):
    return [table.index(row, column).data(role) for column in range(table.columnCount())]


def test_that_a_row_reads_as_written(table):
    assert shown(table, 0) == ["1", "conv1", "50.0 %", "216", "432", "16×3×3×3"]


def test_that_an_almost_empty_layer_is_marked_in_text_colour_and_tooltip(table):
    assert shown(table, 1)[DENSITY_COLUMN] == "! 0.21 %"
    assert "Under 1 %" in table.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert table.index(1, 1).data(Qt.ItemDataRole.ForegroundRole) == QColor(colours().danger)
    assert table.index(0, 1).data(Qt.ItemDataRole.ForegroundRole) is None


def test_that_densities_stay_readable():
    assert [density_text(d) for d in (0.0, 0.000001, 0.00999, 0.01, 1.0)] == [
        "! 0 %",
        "! < 0.01 %",
        "! 0.99 %",
        "1.0 %",
        "100.0 %",
    ]


def test_that_new_numbers_do_not_reset_the_table(table, qtbot):
    with qtbot.assertNotEmitted(table.modelReset), qtbot.waitSignal(table.dataChanged):
        table.set_rows([FULL, LayerRow("fc", (37, 64), 2368, 400)])
    with qtbot.waitSignal(table.modelReset):
        table.set_rows([FULL])
