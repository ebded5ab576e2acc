"""The set-up panel as its user meets it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QToolButton, QWidget

from vpns_engine.presets import all_presets, preset_called, presets
from vpns_engine.specs.run import RunConfig
from vpns_engine.specs.sweep import Sweep
from vpns_gui import theme
from vpns_gui.forms.choices import Choices, gather
from vpns_gui.forms.editors import ChoiceEdit
from vpns_gui.forms.setup_panel import SetupPanel


@pytest.fixture
def panel(qtbot):
    panel = SetupPanel()
    qtbot.addWidget(panel)
    panel.resize(380, 900)
    panel.show()
    return panel


def enter(qtbot, panel, location, text):
    editor = panel.findChild(QWidget, location)
    editor.setFocus()
    editor.selectAll()
    qtbot.keyClick(editor, Qt.Key.Key_Delete)
    qtbot.keyClicks(editor, text)


def choose(panel, name, value):
    combo = panel.findChild(ChoiceEdit, name)
    combo.setCurrentIndex(combo.findData(value))


def start(panel):
    return panel.findChild(QPushButton, "start")


def line(panel, name):
    label = panel.findChild(QLabel, name)
    return "" if label.isHidden() else label.text()


def make_images(folder):
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            (folder / name / f"{number}.png").touch()


def test_that_the_demo_can_be_started_at_once(panel, qtbot):
    assert panel.findChild(QComboBox, "preset").currentText() == "Digits (offline demo)"
    assert line(panel, "summary").startswith("272,624 weights scored, 27,263 kept (90 % sparsity)")
    with qtbot.waitSignal(panel.start_requested) as sent:
        qtbot.mouseClick(start(panel), Qt.MouseButton.LeftButton)
    assert sent.args == [Sweep(preset_called("digits").config, (7,))]


def test_that_start_says_why_it_is_off(panel, qtbot):
    enter(qtbot, panel, "prompt.pad", "9")
    assert not start(panel).isEnabled()
    assert panel.config is None
    reason = "Pad 9 px exceeds half the canvas (16 px): at most 8 px"
    assert line(panel, "reason") == line(panel, "problem:prompt.pad") == reason
    enter(qtbot, panel, "prompt.pad", "8")
    assert start(panel).isEnabled()
    assert line(panel, "reason") == ""


@pytest.mark.parametrize(
    ("text", "words"), [("100", "below 100 %"), ("-1", "0 % or more"), ("", "at least one value"), ("x", "a number")]
)
def test_that_a_sparsity_that_cannot_work_is_refused_at_its_field(panel, qtbot, text, words):
    enter(qtbot, panel, "mask.sparsities", text)
    assert words in line(panel, "problem:mask.sparsities")
    assert not start(panel).isEnabled()


def test_that_several_sparsities_are_levels(panel, qtbot):
    enter(qtbot, panel, "mask.sparsities", "90, 95")
    assert panel.config.mask.sparsities == (0.9, 0.95)
    assert "27,263 / 13,632 kept" in line(panel, "summary")


def test_that_every_change_is_told_once(panel, qtbot):
    told = []
    panel.config_changed.connect(told.append)
    choose(panel, "method", "control")
    enter(qtbot, panel, "seed", "")
    enter(qtbot, panel, "seed", "9")
    assert [config and (config.method, config.seed) for config in told] == [("control", 7), None, ("control", 9)]


def test_that_reset_brings_the_preset_back(panel, qtbot):
    reset = panel.findChild(QToolButton, "reset")
    assert not reset.isEnabled()
    enter(qtbot, panel, "seed", "11")
    assert line(panel, "presetAbout").startswith("Changed. The preset itself: Masks and prompt")
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert panel.config == preset_called("digits").config
    assert not reset.isEnabled()


@pytest.mark.parametrize("name", presets())
def test_that_a_preset_is_taken_whole(panel, name):
    combo = panel.findChild(QComboBox, "preset")
    combo.setCurrentIndex(combo.findText(name))
    assert panel.config == presets()[name]


def test_that_a_folder_is_looked_at_before_it_can_be_started(panel, qtbot, tmp_path):
    make_images(tmp_path)
    choose(panel, "preset", "folder-resnet18")
    assert "folder" in line(panel, "reason")
    with qtbot.waitSignal(panel.choices_requested) as asked:
        panel.findChild(QWidget, "data.folder").focusProxy().setText(str(tmp_path))
        assert line(panel, "reason") == "Looking at the data set …"
    assert not start(panel).isEnabled()
    panel.set_choices(gather(asked.args[0]))
    assert start(panel).isEnabled()
    assert "30 + 30 epochs of 1 iteration, 120 half-steps" in line(panel, "summary")


def test_that_a_folder_that_cannot_be_used_is_refused_at_its_field(panel, qtbot, tmp_path):
    choose(panel, "data.dataset", "folder")
    with qtbot.waitSignal(panel.choices_requested) as asked:
        panel.findChild(QWidget, "data.folder").focusProxy().setText(str(tmp_path / "gone"))
    panel.set_choices(gather(asked.args[0]))
    assert "is not there" in line(panel, "problem:data.folder")
    assert not start(panel).isEnabled()


def test_that_one_data_set_is_asked_for_once(panel, qtbot, tmp_path):
    choose(panel, "data.dataset", "folder")
    with qtbot.waitSignal(panel.choices_requested):
        panel.findChild(QWidget, "data.folder").focusProxy().setText(str(tmp_path))
    with qtbot.assertNotEmitted(panel.choices_requested, wait=400):
        enter(qtbot, panel, "seed", "9")


def test_that_a_mended_folder_is_looked_at_again(panel, qtbot, tmp_path):
    choose(panel, "data.dataset", "folder")
    line_edit = panel.findChild(QWidget, "data.folder").focusProxy()
    with qtbot.waitSignal(panel.choices_requested) as asked:
        line_edit.setText(str(tmp_path / "set"))
    panel.set_choices(gather(asked.args[0]))
    make_images(tmp_path / "set")
    with qtbot.waitSignal(panel.choices_requested) as asked:
        line_edit.setText(str(tmp_path / "se"))
        line_edit.setText(str(tmp_path / "set"))
    panel.set_choices(gather(asked.args[0]))
    assert start(panel).isEnabled()


def test_that_readiness_is_told_when_it_changes(panel, qtbot):
    told = []
    panel.ready_changed.connect(told.append)
    enter(qtbot, panel, "seed", "")
    enter(qtbot, panel, "seed", "9")
    panel.set_running(True)
    assert told == [False, True, False]
    assert not panel.ready


def test_that_devices_are_offered_when_they_are_known(panel):
    panel.set_choices(Choices(devices=("auto", "cuda:0", "cpu")))
    combo = panel.findChild(ChoiceEdit, "device")
    assert [combo.itemData(i) for i in range(combo.count())] == ["auto", "cuda:0", "cpu"]
    assert start(panel).isEnabled()


def test_that_a_device_that_is_not_there_is_refused(panel):
    panel.set_config(RunConfig(device="mps"))
    panel.set_choices(Choices(devices=("auto", "cpu")))
    assert "'mps' is not there" in line(panel, "problem:device")
    assert not start(panel).isEnabled()


def test_that_an_opened_runs_settings_are_shown_whole(panel):
    config = RunConfig(
        name="mine",
        method="control",
        data={"image_size": 32, "batch_size": 16},
        prompt={"kind": "fix", "canvas": 48, "square": 20},
        mask={"sparsities": (0.5, 0.999)},
        optim={"scores": {"kind": "sgd", "lr": 1e-5}},
    )
    panel.set_config(config)
    assert panel.config == config
    assert panel.findChild(QComboBox, "preset").currentIndex() == -1
    panel.set_config(preset_called("digits-omp").config)
    assert panel.findChild(QComboBox, "preset").currentText() == "Digits: OMP"


def test_that_nothing_is_started_while_a_run_is_on(panel, qtbot):
    panel.set_running(True)
    assert not start(panel).isEnabled()
    assert line(panel, "reason") == "A run is on."
    enter(qtbot, panel, "seed", "9")
    assert not start(panel).isEnabled()
    panel.set_running(False)
    assert start(panel).isEnabled()


def test_that_problems_are_red_in_light_and_dark(panel, qtbot, qapp):
    enter(qtbot, panel, "prompt.pad", "9")
    label = panel.findChild(QLabel, "problem:prompt.pad")
    try:
        for scheme in (theme.DARK, theme.LIGHT):
            theme.apply(qapp, scheme)
            qtbot.waitUntil(lambda scheme=scheme: scheme.danger in label.styleSheet())
    finally:
        qapp.setProperty("vpns_dark", None)


@pytest.mark.parametrize("width", [340, 400])
def test_that_no_text_is_clipped(panel, width):
    panel.resize(width, 1000)
    panel.findChild(QToolButton, "advanced").setChecked(True)
    for preset in all_presets():
        choose(panel, "preset", preset.key)
        for combo in panel.findChildren(ChoiceEdit):
            if combo.isVisible():
                longest = max(combo.fontMetrics().horizontalAdvance(combo.itemText(i)) for i in range(combo.count()))
                assert longest + 30 <= combo.width(), combo.objectName()


def test_that_an_image_too_small_for_the_network_is_red_at_its_field(panel, qtbot):
    choose(panel, "model.architecture", "vgg16_bn")
    enter(qtbot, panel, "data.image_size", "16")
    reason = "Image size 16 px is too small for VGG-16-BN: at least 32 px"
    assert line(panel, "reason") == line(panel, "problem:data.image_size") == reason
    assert not start(panel).isEnabled()
    enter(qtbot, panel, "data.image_size", "32")
    assert start(panel).isEnabled()


def test_that_a_batch_size_that_leaves_one_small_image_is_red_at_its_field(panel, qtbot):
    choose(panel, "model.architecture", "resnet18")
    enter(qtbot, panel, "data.image_size", "32")
    assert start(panel).isEnabled()
    enter(qtbot, panel, "data.batch_size", "199")
    assert "take another one, 198 for example" in line(panel, "problem:data.batch_size")
    assert not start(panel).isEnabled()


def test_that_a_prompt_around_the_image_has_no_place_on_a_network_of_one_size_and_says_so(panel):
    choose(panel, "model.architecture", "vit_b_16")
    choose(panel, "prompt.kind", "expand")
    way_out = "but ViT-B/16 takes both at 224 px only: choose another prompt"
    assert line(panel, "problem:prompt.kind").endswith(way_out)
    assert not start(panel).isEnabled()
    choose(panel, "prompt.kind", "pad")
    assert not line(panel, "problem:prompt.kind")


def test_that_a_control_arm_that_cannot_be_had_says_why(panel):
    box = panel.findChild(QCheckBox, "controlArm")
    assert box.isEnabled() and "Compare several seeds" in box.toolTip()
    choose(panel, "prompt.kind", "none")
    assert not box.isEnabled() and "a control arm itself" in box.toolTip()


@pytest.mark.parametrize("seeds", ["7 9", "7, 9", "7;9", "7,,9 "])
def test_that_seeds_may_be_parted_as_one_likes(panel, qtbot, seeds):
    enter(qtbot, panel, "seed", seeds)
    assert line(panel, "summary").endswith("2 runs, one after another")
