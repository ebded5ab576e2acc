"""Editors and the form: the wheel, the arrows, the messages."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QToolButton, QWidget

from vpns_engine.specs.problems import Problem
from vpns_gui import theme
from vpns_gui.forms.draft import Draft
from vpns_gui.forms.editors import CheckEdit, ChoiceEdit, PathEdit, TextEdit, WholeEdit
from vpns_gui.forms.form import ConfigForm
from vpns_gui.forms.percents import read_percents, write_percents


def turn_wheel(widget, down=True):
    middle = QPointF(widget.rect().center())
    wheel = QWheelEvent(
        middle, widget.mapToGlobal(middle), QPoint(), QPoint(0, -120 if down else 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, wheel)
    return wheel.isAccepted()


@pytest.fixture
def form(qtbot):
    form = ConfigForm()
    qtbot.addWidget(form)
    form.set_values(Draft.of({}).values)
    form.show()
    return form


def message(form, location):
    label = form.findChild(QLabel, f"problem:{location}")
    return label.text() if not label.isHidden() else ""


def test_that_the_wheel_changes_no_value(form):
    form.findChild(QToolButton, "advanced").setChecked(True)
    changes = []
    form.edited.connect(changes.append)
    for kind in (ChoiceEdit, WholeEdit):
        for editor in form.findChildren(kind):
            if not editor.isVisible():
                continue
            editor.setFocus()
            assert not turn_wheel(editor), editor.objectName()
            assert not turn_wheel(editor, down=False), editor.objectName()
    assert changes == []


def test_that_a_whole_number_goes_up_and_down_within_its_bounds(qtbot):
    editor = WholeEdit(None, 0, 3)
    qtbot.addWidget(editor)
    editor.set_value(2)
    with qtbot.waitSignal(editor.value_changed, check_params_cb=lambda value: value == 3):
        qtbot.keyClick(editor, Qt.Key.Key_Up)
    assert editor.stepEnabled() == WholeEdit.StepEnabledFlag.StepDownEnabled
    editor.stepBy(-10)
    assert editor.value() == 0


def test_that_any_text_may_stand_for_a_number(qtbot):
    editor = WholeEdit(None, 0, 3)
    qtbot.addWidget(editor)
    editor.set_value(2)
    editor.selectAll()
    qtbot.keyClicks(editor, "99x")
    assert editor.value() == "99x"
    assert editor.stepEnabled() == WholeEdit.StepEnabledFlag.StepNone


def test_that_a_half_typed_list_is_left_as_it_is(qtbot):
    editor = TextEdit(None, read_percents, write_percents)
    qtbot.addWidget(editor)
    qtbot.keyClicks(editor, "40, ")
    editor.set_value(editor.value())
    assert editor.text() == "40, "


def test_that_showing_a_value_sends_nothing(form):
    changes = []
    form.edited.connect(changes.append)
    form.set_values(Draft.of({"seed": 99, "data": {"dataset": "folder", "flip": True}}).values)
    form.set_devices(("auto", "cuda:0", "cpu"))
    assert changes == []


def test_that_a_device_that_is_not_offered_stays_chosen(form):
    form.set_values(Draft.of({"device": "cuda:1"}).values)
    form.set_devices(("auto", "cpu"))
    assert form.findChild(ChoiceEdit, "device").value() == "cuda:1"


def test_that_a_path_can_be_chosen_in_a_dialog(qtbot, tmp_path):
    editor = PathEdit(None, "folder", "Image folder")
    qtbot.addWidget(editor)
    editor.show()
    qtbot.mouseClick(editor.findChild(QToolButton), Qt.MouseButton.LeftButton)
    dialog = editor.findChild(QFileDialog)
    with qtbot.waitSignal(editor.value_changed):
        dialog.fileSelected.emit(str(tmp_path))
    assert editor.value() == str(tmp_path)
    dialog.close()


def test_that_only_fields_that_matter_are_shown(form):
    def shown(location):
        return form.findChild(QWidget, location).isVisible()

    assert (shown("prompt.pad"), shown("prompt.square"), shown("data.folder"), shown("model.weights_file")) == (
        True, False, False, False,
    )  # fmt: skip
    form.set_values(Draft.of({"prompt": {"kind": "fix"}, "data": {"dataset": "folder"}, "model": {"weights": "file"}}).values)
    assert (shown("prompt.pad"), shown("prompt.square"), shown("data.folder"), shown("model.weights_file")) == (
        False, True, True, True,
    )  # fmt: skip


def test_that_a_method_without_a_prompt_says_so(form):
    form.set_values(Draft.of({"method": "omp"}).values)
    form.set_problems(())
    assert not form.findChild(QWidget, "prompt.kind").isEnabled()
    assert "no prompt" in message(form, "prompt.kind")
    assert form.findChild(QWidget, "prompt.canvas").isEnabled()


def test_that_a_problem_stands_at_its_field_until_it_is_solved(form):
    form.set_problems((Problem("prompt.pad", "pad 9 px exceeds half the canvas (16 px): at most 8 px"),))
    assert message(form, "prompt.pad").startswith("Pad 9 px exceeds")
    assert message(form, "prompt.canvas") == ""
    form.set_problems(())
    assert message(form, "prompt.pad") == ""


def test_that_a_problem_opens_the_advanced_part(form):
    assert not form.findChild(QWidget, "data.batch_size").isVisible()
    form.set_problems((Problem("data.batch_size", "Batch size 0: at least 1"),))
    assert form.findChild(QWidget, "data.batch_size").isVisible()


def test_that_a_check_box_follows_light_and_dark(qtbot, qapp):
    box = CheckEdit(None)
    box.setText("Control arm as well")
    qtbot.addWidget(box)
    box.show()
    try:
        for scheme in (theme.LIGHT, theme.DARK, theme.LIGHT):
            theme.apply(qapp, scheme)
            qtbot.waitUntil(lambda scheme=scheme: box.palette().windowText().color().name() == scheme.text)
            assert box.palette().window().color().name() == scheme.grid
    finally:
        qapp.setProperty("vpns_dark", None)
