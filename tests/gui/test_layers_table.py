"""The table model of the layers."""

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QColor

from vpns_gui.models.layers_table import DENSITY_COLUMN, SORT_ROLE, LayerRow, LayersTable, density_text, share_text
from vpns_gui.theme import colours

FULL = LayerRow("conv1", (16, 3, 3, 3), 432, 216)
LOW = LayerRow("fc", (37, 64), 2368, 5, empty_out=33, empty_in=60)
UNUSED = LayerRow("fc", (27, 64), 1728, 3, empty_out=25, empty_in=61, unused=True)


@pytest.fixture
def table(qtmodeltester, qapp):  # noqa: ARG001 - colours need an application
    table = LayersTable()
    table.set_rows([FULL, LOW])
    qtmodeltester.check(table, force_py=True)
    return table


def shown(table: QAbstractItemModel, row, role=Qt.ItemDataRole.DisplayRole):
    return [table.index(row, column).data(role) for column in range(table.columnCount())]


def test_that_a_row_reads_as_written(table):
    assert shown(table, 0) == ["1", "conv1", "50.0 %", "216", "432", "97.7 %", "…", "…", "16×3×3×3"]
    assert shown(table, 1)[5:8] == ["2.3 %", "33", "60"]


def test_that_rows_nobody_uses_are_named_and_not_marked(table):
    table.set_rows([FULL, LOW, UNUSED])
    assert shown(table, 2)[1:3] == ["fc, 27 unused rows", "0.17 %"]
    assert "nothing reads them" in table.index(2, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert table.index(2, 1).data(Qt.ItemDataRole.ForegroundRole) == QColor(colours().muted)
    assert not UNUSED.nearly_empty and LOW.nearly_empty


def test_that_every_column_can_be_sorted_by_its_values(table):
    table.set_rows([FULL, LOW, UNUSED])
    by = {column: [table.index(row, column).data(SORT_ROLE) for row in range(3)] for column in range(table.columnCount())}
    assert by[6] == [-1, 33, 25] and by[5] == by[3] == [216, 5, 3] and by[8] == [16, 37, 27]


def test_that_a_file_gets_plain_numbers(table):
    titles, rows = table.as_text()
    assert titles[1] == "layer" and len(titles) == table.columnCount()
    assert rows[0] == ["1", "conv1", "0.5", "216", "432", "0.977376", "", "", "16x3x3x3"]


def test_that_shares_stay_readable():
    assert [share_text(share) for share in (0.0, 0.0002, 0.5)] == ["0 %", "< 0.1 %", "50.0 %"]


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
