"""The form comes back as it was left; presets of one's own; settings of old runs; the command line of the settings."""

import json
import shlex

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QInputDialog, QMessageBox, QPushButton, QToolButton

from tests.engine.tiny_runs import make_pictures
from tests.gui.made_runs import MadeRun, config
from vpns_engine.cli import _parser
from vpns_engine.cli_sweep import sweep_of
from vpns_engine.folders import config_folder
from vpns_engine.presets import own_presets, preset_called, save_preset
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_gui.forms.fields import form_fields
from vpns_gui.forms.memory import FormState
from vpns_gui.forms.pick_edit import PickEdit
from vpns_gui.forms.setup_panel import SetupPanel
from vpns_gui.studio import Studio


def edit(studio, location, value):
    studio.window.setup._form.edited.emit((location, value))


@pytest.fixture
def again(qtbot, studio, runs):
    """Give a function that leaves the program and opens it anew."""
    made = []

    def reopen():
        studio._memory.close()
        studio.queue.close()
        new = Studio(runs, None)
        made.append(new)
        with qtbot.waitExposed(new.window):
            new.window.show()
        return new

    yield reopen
    for one in made:
        one.window.close()
        one.window.deleteLater()


def test_that_the_form_comes_back_as_it_was_left_half_typed_values_too(studio, again, tmp_path):
    edit(studio, "model.architecture", "resnet18")
    edit(studio, "prompt.pad", "8, 16")
    edit(studio, "optim.scores.lr", "0.0")
    edit(studio, "data.folder", str(tmp_path))
    edit(studio, "mask.sparsities", (0.5, "x"))
    studio.window.findChild(QCheckBox, "controlArm").click()
    left = studio.window.setup.state
    new = again()
    assert new.window.setup.state == left
    assert new.window.findChild(QCheckBox, "controlArm").isChecked()
    assert new.window.setup.lists == {"prompt.pad": (8, 16)}
    # sizes that were never touched still follow the network
    new.window.setup._form.edited.emit(("model.architecture", "resnet20"))
    assert new.window.setup.state.draft.values["prompt.canvas"] == 16


def test_that_the_preset_it_began_with_comes_back_and_can_be_reset(studio, again):
    combo = studio.window.findChild(PickEdit, "preset")
    combo.setCurrentIndex(combo.findData("digits-omp"))
    edit(studio, "seed", 9)
    new = again()
    assert new.window.findChild(PickEdit, "preset").value() == "digits-omp"
    new.window.findChild(QToolButton, "reset").click()
    assert new.window.setup.config == preset_called("digits-omp").config


def test_that_a_change_is_written_in_a_moment_without_being_asked(studio, qtbot):
    edit(studio, "seed", 9)
    path = config_folder() / "form.json"
    qtbot.waitUntil(path.exists, timeout=10_000)
    assert json.loads(path.read_text())["values"]["seed"] == 9


def test_that_the_first_start_has_the_demo_and_writes_nothing_of_its_own(studio):
    assert studio.window.setup.config == preset_called("digits").config
    assert studio.window.findChild(PickEdit, "preset").value() == "digits"
    studio._memory.close()
    assert not (config_folder() / "form.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"values": 3}', "[" * 50_000, "\x00\x01", "null"])
def test_that_a_damaged_form_starts_anew_and_says_so(studio, again, text):
    config_folder().mkdir(parents=True, exist_ok=True)
    studio._memory._soon.stop()
    (config_folder() / "form.json").write_text(text)
    new = again()
    assert new.window.setup.config == preset_called("digits").config
    assert "The form starts anew" in new.window.log.text


_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20))
_ANY = st.recursive(_LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner)))


@pytest.fixture
def panel(qtbot):
    made = SetupPanel()
    qtbot.addWidget(made)
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(sorted(form_fields())), _ANY), _ANY, _ANY)
@example({"mask.sparsities": [False]}, None, None)
@example({"seed": 10**5000, "optim.scores.lr": float("nan"), "threads": True}, None, None)
@example({"channels_last": 2**63}, None, None)
def test_that_whatever_a_form_file_says_the_form_can_show_it(panel, values, edited, preset):
    state = FormState.from_json({"values": values, "edited": edited, "preset": preset, "control": edited})
    panel.set_state(state)
    assert panel.config is None or isinstance(panel.config, RunConfig)
    again = FormState.from_json(json.loads(json.dumps(panel.state.to_json())))
    assert repr(again.draft) == repr(panel.state.draft)


def name_it(studio, name, text):
    dialog = studio.window.findChild(QInputDialog, name)
    dialog.setTextValue(text)
    dialog.accept()


def trigger(studio, name):
    menu = studio.window.findChild(QPushButton, "presetMore").menu()
    menu.aboutToShow.emit()
    action = menu.findChild(QAction, name)
    assert action.isEnabled(), name
    action.trigger()


def chosen(studio):
    return studio.window.findChild(PickEdit, "preset").currentText()


def test_that_settings_are_kept_as_a_preset_renamed_and_removed(studio, again):
    edit(studio, "seed", 9)
    trigger(studio, "savePreset")
    name_it(studio, "savePresetName", "Nine")
    assert chosen(studio) == "Nine" and not studio.window.findChild(QToolButton, "reset").isEnabled()
    assert own_presets()[0].config.seed == 9
    edit(studio, "seed", 10)
    studio.window.findChild(QToolButton, "reset").click()
    assert studio.window.setup.config.seed == 9
    trigger(studio, "renamePreset")
    name_it(studio, "renamePresetName", "Neun")
    assert chosen(studio) == "Neun"
    new = again()
    assert chosen(new) == "Neun"
    trigger(new, "removePreset")
    new.window.findChild(QMessageBox, "question").findChild(QPushButton, "accept").click()
    assert own_presets() == () and chosen(new) == ""
    assert new.window.setup.config.seed == 9  # the settings stay


def test_that_presets_of_the_program_are_not_renamed_or_removed(studio):
    menu = studio.window.findChild(QPushButton, "presetMore").menu()
    menu.aboutToShow.emit()
    assert not menu.findChild(QAction, "renamePreset").isEnabled()
    assert not menu.findChild(QAction, "removePreset").isEnabled()
    edit(studio, "prompt.pad", 9)
    menu.aboutToShow.emit()
    assert not menu.findChild(QAction, "savePreset").isEnabled()  # what cannot work is no preset


def test_that_a_name_that_cannot_be_used_is_said(studio):
    trigger(studio, "savePreset")
    name_it(studio, "savePresetName", "Digits (offline demo)")
    assert "is a preset of the program: choose another name" in studio.window.log.text
    assert own_presets() == ()


def test_that_damaged_presets_are_told_at_the_start(again):
    save_preset("one", RunConfig())
    (config_folder() / "presets.json").write_text("{")
    assert "presets.json is damaged" in again().window.log.text


def test_that_the_settings_of_any_old_run_can_be_used(studio, qtbot, runs):
    made = MadeRun(runs, config(method="omp", sparsities=(0.5, 0.6), seed=5)).write()
    path = made.folder / "config.json"
    old = {key: value for key, value in json.loads(path.read_text()).items() if key in ("method", "mask", "seed")}
    path.write_text(json.dumps(old))  # as a version wrote it that knew no more
    (made.folder / "events.jsonl").unlink()
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(made.folder)
    studio.window.menus.take_over.trigger()
    found = studio.window.setup.config
    assert found == RunStore.open(made.folder).config
    assert (found.method, found.mask.sparsities, found.seed) == ("omp", (0.5, 0.6), 5)


def test_that_the_settings_are_copied_as_a_command_line_that_makes_the_same(studio, tmp_path):
    pictures = make_pictures(tmp_path / "my pictures")
    edit(studio, "data.dataset", "folder")
    edit(studio, "data.folder", str(pictures))
    edit(studio, "seed", "7, 9")
    studio.window.findChild(QCheckBox, "controlArm").click()
    studio.window.menus.copy_command.trigger()
    line = QGuiApplication.clipboard().text()
    program, *words = shlex.split(line)
    made = sweep_of(vars(_parser().parse_args(words)))
    assert program == "vpns" and made.configs == studio.window.setup.sweep.configs
    assert f"Copied: {line}" in studio.window.log.text


def test_that_settings_that_cannot_work_are_not_copied(studio):
    QGuiApplication.clipboard().setText("before")
    edit(studio, "prompt.pad", 9)
    studio.window.menus.copy_command.trigger()
    assert QGuiApplication.clipboard().text() == "before"
    assert "No command line" in studio.window.log.text


def test_that_the_button_for_presets_has_room_for_its_word_and_stands_below_reset(studio, qtbot):
    more, reset = studio.window.findChild(QPushButton, "presetMore"), studio.window.findChild(QToolButton, "reset")
    qtbot.waitUntil(lambda: more.width() > 0)
    assert more.width() >= more.sizeHint().width() and more.height() >= more.sizeHint().height()
    assert more.geometry().right() == reset.geometry().right() and more.y() > reset.geometry().bottom()
    assert more.text() == "Presets" and "Save these settings" in more.toolTip()
