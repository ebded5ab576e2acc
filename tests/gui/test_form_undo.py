"""Undo and redo of the settings: one step an edit, beside the text fields' own undo."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit

from tests.gui.made_runs import config
from vpns_engine.presets import presets
from vpns_gui.forms.draft import Draft
from vpns_gui.forms.memory import FormState
from vpns_gui.forms.undo import MOST, Steps

UNDO, REDO = QKeySequence.StandardKey.Undo, "Ctrl+Shift+Z"


def state(seed):
    return FormState(Draft.of({"seed": seed}))


@pytest.fixture
def panel(studio, qtbot):
    """Give the set-up of the whole window, in the focus."""
    studio.window.activateWindow()
    qtbot.waitUntil(lambda: studio.window.isActiveWindow())
    return studio.window.setup


def press(studio, keys):
    QTest.keySequence(QApplication.focusWidget() or studio.window, QKeySequence(keys))


def seed_of(panel):
    return panel.findChild(object, "seed")


def test_that_letters_of_one_field_are_one_step_until_it_is_left():
    steps = Steps()
    steps.begin(state(1))
    for seed in (12, 123):
        steps.note(state(seed), "Seed", joined="seed")
    steps.part()
    steps.note(state(1234), "Seed", joined="seed")
    assert steps.undo() == state(123) and steps.undo() == state(1) and steps.undo() is None
    assert steps.redo() == state(123) and steps.redo() == state(1234) and steps.redo() is None


def test_that_typing_back_to_what_it_was_leaves_no_step():
    steps = Steps()
    steps.begin(state(1))
    steps.note(state(12), "Seed", joined="seed")
    steps.note(state(1), "Seed", joined="seed")
    assert steps.back == "" and steps.undo() is None


def test_that_a_new_edit_ends_what_can_be_redone():
    steps = Steps()
    steps.begin(state(1))
    steps.note(state(2), "Seed")
    steps.undo()
    steps.note(state(3), "Seed")
    assert steps.forth == "" and steps.redo() is None


def test_that_no_more_steps_are_kept_than_said():
    steps = Steps()
    steps.begin(state(0))
    for seed in range(1, MOST + 50):
        steps.note(state(seed), "Seed")
    found = 0
    while steps.undo() is not None:
        found += 1
    assert found == MOST


def test_that_a_choice_is_undone_and_redone_by_its_keys_and_named_in_the_menu(studio, panel):
    menus, before = studio.window.menus, panel.config
    assert not menus.undo.isEnabled() and not menus.redo.isEnabled()
    method = panel.findChild(QComboBox, "method")
    method.setFocus()
    QTest.keyClick(method, Qt.Key.Key_Down)
    assert panel.config.method != before.method and menus.undo.text() == "&Undo: Method"
    press(studio, UNDO)
    assert panel.config == before and not menus.undo.isEnabled() and menus.redo.text() == "&Redo: Method"
    press(studio, REDO)
    assert panel.config.method != before.method


def test_that_a_text_fields_own_undo_comes_first(studio, panel):
    before = panel.config
    method = panel.findChild(QComboBox, "method")
    QTest.keyClick(method, Qt.Key.Key_Down)
    name = panel.findChild(QLineEdit, "mask.sparsities")
    name.setFocus()
    name.selectAll()
    QTest.keyClicks(name, "70")
    assert panel.config.mask.sparsities == (0.7,)
    while name.isUndoAvailable():
        press(studio, UNDO)
    assert panel.config.mask.sparsities == before.mask.sparsities, "the field took its own letters back"
    assert panel.config.method != before.method
    press(studio, UNDO)
    assert panel.config == before, "then the form goes on"


def test_that_a_preset_and_a_run_taken_over_are_one_step_each(studio, panel):
    before = panel.state
    chosen = list(presets().values())[1]
    combo = panel.findChild(QComboBox, "preset")
    combo.setCurrentIndex(1)
    with_preset = panel.state
    assert panel.config == chosen and with_preset != before
    panel.set_config(config(seed=77))
    assert panel.config.seed == 77
    studio.window.menus.undo.trigger()
    assert panel.state == with_preset
    studio.window.menus.undo.trigger()
    assert panel.state == before
    studio.window.menus.redo.trigger()
    assert panel.state == with_preset and combo.currentIndex() == 1


def test_that_the_control_arm_is_a_step(studio, panel):
    box = panel.findChild(QCheckBox, "controlArm")
    box.click()
    assert panel.state.control
    studio.window.menus.undo.trigger()
    assert not box.isChecked() and not panel.state.control


def test_that_settings_of_a_queued_run_have_steps_of_their_own(studio, panel):
    method = panel.findChild(QComboBox, "method")
    QTest.keyClick(method, Qt.Key.Key_Down)
    before = panel.state
    panel.begin_editing(config(seed=5), "a run")
    assert not studio.window.menus.undo.isEnabled()
    panel.end_editing()
    assert panel.state == before and not studio.window.menus.undo.isEnabled()
