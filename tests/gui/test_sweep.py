"""Sweeps in the window: from the form's lists to the queue."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QListWidget, QPushButton, QTableWidget

from tests.engine.done_runs import done_run
from vpns_engine.specs.run import RunConfig
from vpns_gui.controllers.sweep import axes_of
from vpns_gui.dialogs.axis_row import AxisRow
from vpns_gui.dialogs.sweep import SweepDialog
from vpns_gui.forms.lists import lists_in


def edit(studio, location, value):
    studio.window.setup._form.edited.emit((location, value))


def quiet(studio, qtbot):
    """Wait until the rows and how they stand are there."""
    sweep = studio.sweep
    qtbot.waitUntil(lambda: not (sweep._soon.isActive() or sweep._maker.busy or sweep._looker.busy), timeout=30_000)


@pytest.fixture
def opened(studio, qtbot):
    def open_dialog() -> SweepDialog:
        qtbot.mouseClick(studio.window.findChild(QPushButton, "sweep"), Qt.MouseButton.LeftButton)
        quiet(studio, qtbot)
        return studio.window.findChild(SweepDialog, "sweepDialog")

    return open_dialog


def rows(dialog):
    table = dialog.findChild(QTableWidget, "sweepRows")
    return [[table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())]


def titles(dialog):
    table = dialog.findChild(QTableWidget, "sweepRows")
    return [table.horizontalHeaderItem(column).text() for column in range(table.columnCount())]


def queued(studio):
    return [entry.config for entry in studio.queue.queue]


def axis(dialog, number) -> AxisRow:
    return dialog.findChildren(AxisRow)[number]


def add_axis(dialog, location) -> AxisRow:
    dialog.findChild(QPushButton, "axisAdd").click()
    row = dialog.findChildren(AxisRow)[-1]
    combo = row.findChild(QComboBox, "axisSetting")
    combo.setCurrentIndex(combo.findData(location))
    return row


def test_that_lists_in_the_form_are_the_axes_and_every_combination_is_shown_before_it_is_queued(studio, qtbot, opened):
    edit(studio, "prompt.pad", "2, 9, 4")
    edit(studio, "seed", "7 8")
    assert not studio.window.setup.ready
    assert studio.window.findChild(QLabel, "reason").text() == "Several values of Pad: Sweep … shows the runs"
    dialog = opened()
    assert titles(dialog) == ["Run", "Seed", "Pad (px)", "State"]
    assert [row[1:3] for row in rows(dialog)] == [["7", "2"], ["7", "9"], ["7", "4"], ["8", "2"], ["8", "9"], ["8", "4"]]
    assert rows(dialog)[0][3] == "To do" and "Pad 9 px exceeds half the canvas" in rows(dialog)[1][3]
    button = dialog.findChild(QPushButton, "sweepQueue")
    assert button.text() == "Add 4 runs to queue"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert [(config.seed, config.prompt.pad) for config in queued(studio)] == [(7, 2), (7, 4), (8, 2), (8, 4)]
    assert studio.run.state == "idle"


def test_that_a_run_can_be_unticked_and_stays_so_while_values_change(studio, qtbot, opened):
    edit(studio, "seed", "7, 8, 9")
    dialog = opened()
    dialog.findChild(QTableWidget, "sweepRows").item(1, 0).setCheckState(Qt.CheckState.Unchecked)
    assert dialog.ticked == (0, 2)
    axis(dialog, 0).findChild(QLineEdit, "axisText").setText("6, 7, 8, 9")
    quiet(studio, qtbot)
    assert [rows(dialog)[number][1] for number in dialog.ticked] == ["6", "7", "9"]
    dialog.findChild(QPushButton, "sweepQueue").click()
    assert [config.seed for config in queued(studio)] == [6, 7, 9]


def test_that_choices_are_ticked_and_the_control_arm_of_the_form_is_among_them(studio, qtbot, opened):
    studio.window.setup._start.set_control_wanted(True)
    dialog = opened()
    row = axis(dialog, 0)
    assert row.location == "method" and row.values == ("vpns", "control")
    row.findChild(QCheckBox, "value:omp").setChecked(True)
    quiet(studio, qtbot)
    assert [line[2] for line in rows(dialog)] == ["VPNs", "Control arm (no prompt)", "OMP (magnitude)"]


def test_that_another_network_brings_the_sizes_that_go_with_it(studio, qtbot, opened):
    dialog = opened()
    row = add_axis(dialog, "model.architecture")
    found = row.findChild(QListWidget)
    for number in range(found.count()):
        if found.item(number).data(Qt.ItemDataRole.UserRole) in ("resnet20", "vit_b_16"):
            found.item(number).setCheckState(Qt.CheckState.Checked)
    quiet(studio, qtbot)
    dialog.findChild(QPushButton, "sweepQueue").click()
    assert [(c.model.architecture, c.data.image_size, c.prompt.canvas) for c in queued(studio)] == [
        ("resnet20", 16, 16),
        ("vit_b_16", 224, 224),
    ]


def test_that_what_is_done_is_marked_and_not_ticked_but_can_be(studio, opened, runs):
    store = done_run(runs, RunConfig())
    edit(studio, "seed", "7, 8")
    dialog = opened()
    assert rows(dialog)[0][2] == f"Done already, in {store.folder.name}"
    assert dialog.ticked == (1,)
    dialog.findChild(QTableWidget, "sweepRows").item(0, 0).setCheckState(Qt.CheckState.Checked)
    assert dialog.ticked == (0, 1)


def test_that_a_setting_can_be_removed_and_no_setting_leaves_the_form_as_it_is(studio, qtbot, opened):
    edit(studio, "seed", "7, 8")
    dialog = opened()
    axis(dialog, 0).remove_requested.emit()
    quiet(studio, qtbot)
    assert titles(dialog) == ["Run", "State"] and len(rows(dialog)) == 1
    dialog.findChild(QPushButton, "sweepQueue").click()
    assert [config.seed for config in queued(studio)] == [7]


def test_that_too_many_runs_are_said_and_none_is_shown(studio, qtbot, opened):
    dialog = opened()
    axis(dialog, 0).findChild(QLineEdit, "axisText").setText(" ".join(map(str, range(501))))
    quiet(studio, qtbot)
    assert dialog.findChild(QLabel, "sweepWords").text() == "501 runs: at most 500 at once; take fewer values"
    assert rows(dialog) == [] and not dialog.findChild(QPushButton, "sweepQueue").isEnabled()


def test_that_values_that_are_none_say_so_in_their_row(studio, qtbot, opened):
    dialog = opened()
    axis(dialog, 0).findChild(QLineEdit, "axisText").setText("7, x, -1")
    quiet(studio, qtbot)
    assert [row[2] for row in rows(dialog)] == ["To do", "Seed 'x': a whole number is needed", "Seed -1: at least 0"]


def test_that_the_dialog_is_closed_while_it_looks(studio, opened):
    opened().reject()
    assert studio.sweep._dialog is None and not studio.sweep._soon.isActive()


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        (("seed", "7,7, 9"), (7, 9)),
        (("optim.scores.lr", "0.1; 1e-3 x"), (0.1, 0.001, "x")),
        (("mask.sparsities", "80 %, 99.9"), ((0.8,), (0.999,))),
        (("data.flip", ("true", "false")), (True, False)),
        (("method", ("omp",)), ("omp",)),
        (("data.folder", "/a, b; /c"), ("/a, b", "/c")),
    ],
)
def test_that_values_are_read_as_the_form_reads_them(axis, values):
    assert axes_of([axis, ("seed", "")]) == {axis[0]: values}


def test_that_a_setting_that_is_there_twice_counts_once_and_seeds_come_first():
    assert list(axes_of([("prompt.pad", "1, 2"), ("seed", "7"), ("prompt.pad", "3")]).items()) == [
        ("seed", (7,)),
        ("prompt.pad", (1, 2)),
    ]


def test_that_only_fields_for_a_number_take_lists(studio):
    edit(studio, "name", "a, b")
    edit(studio, "optim.scores.lr", "0.1, 0.01")
    edit(studio, "seed", "7, 9")
    assert lists_in(studio.window.setup.state.draft) == {"optim.scores.lr": (0.1, 0.01)}


