"""File > Open checkpoint: what is typed, what is refused, and the run that comes of it."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QLabel, QLineEdit, QPushButton

from tests.conformance.ckpt import num_changes
from tests.engine.checkpoints import Written, write_both
from tests.gui.watch import Watch, shows
from vpns_engine.artifacts import read_array
from vpns_engine.official.read import read_checkpoint
from vpns_gui.controllers.checkpoint import request_of
from vpns_gui.dialogs.checkpoint import CheckpointDialog, CheckpointWish

WAIT = 60_000


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Written:
    return write_both(tmp_path_factory.mktemp("official"))


def _open(studio) -> QDialog:
    studio.window.menus.open_checkpoint.trigger()
    found = studio.window.findChild(QDialog, "checkpoint")
    assert found is not None
    return found


def _fill(dialog, **fields):
    for name, value in fields.items():
        widget = dialog.findChild((QLineEdit if name not in ("Prompt", "Dataset") else QComboBox), f"checkpoint{name}")
        if isinstance(widget, QComboBox):
            widget.setCurrentIndex(widget.findData(value))
        else:
            widget.setText(str(value))


def _press(dialog, qtbot):
    qtbot.mouseClick(dialog.findChild(QPushButton, "checkpointOpen"), Qt.MouseButton.LeftButton)


def _wait_for_run(studio, qtbot):
    qtbot.waitUntil(lambda: studio.session.store is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: studio.run.state == "idle", timeout=WAIT)
    history = studio.session.history
    assert history.ended.status == "finished", history.ended.text
    return history


def test_that_a_checkpoint_opens_as_a_run_that_is_measured(studio, qtbot, written):
    dialog = _open(studio)
    _fill(dialog, File=written.best, Density="0.5", Dataset="folder", Folder=written.pictures)
    _press(dialog, qtbot)
    history = _wait_for_run(studio, qtbot)
    expected = written.store.read().history.levels[0].test("finetune")
    found = history.levels[0].test("finetune")
    assert (found.accuracy, found.accuracy_prompted) == (expected.accuracy, expected.accuracy_prompted)
    qtbot.waitUntil(lambda: studio.window.findChild(QDialog, "checkpoint") is None)
    assert studio.export.possible


def test_that_a_checkpoint_without_data_is_shown(studio, qtbot, written):
    shown = Watch(studio.window.prompt, "set_prompt")
    studio.window.tabs.setCurrentWidget(studio.window.prompt)
    dialog = _open(studio)
    _fill(dialog, File=written.prune, Density="0.5")
    _press(dialog, qtbot)
    history = _wait_for_run(studio, qtbot)
    assert [phase.info.kind for phase in history.phases] == ["load", "search"]
    assert history.started.target_classes == ("class 0", "class 1", "class 2")
    saved = written.store.read().history.levels[0].saved[0]
    qtbot.waitUntil(lambda: shows(shown, read_array(written.store.path(saved.state_path), "prompt/delta")))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Density": ""}, "does not say its density"),
        ({"Density": "60"}, "density 60 is out of range"),
        ({"Density": "half"}, "density 'half' is not a number such as 0.6"),
        ({"Density": "0.5", "ImageSize": "8px"}, "image size '8px' is not a number such as 224"),
        ({"Density": "0.5", "Prompt": "fix"}, "no prompt of kind 'fix'"),
        ({"Density": "0.5", "Dataset": "folder"}, "choose the folder with your images"),
        ({"Density": "0.5", "Dataset": "digits"}, "maps 3 classes, the data set has 10"),
    ],
)
def test_that_a_wrong_wish_is_told_in_the_dialog_and_makes_no_run(studio, qtbot, written, runs, fields, words):
    dialog = _open(studio)
    _fill(dialog, File=written.best, **fields)
    _press(dialog, qtbot)
    text = dialog.findChild(QLabel, "checkpointText")
    qtbot.waitUntil(lambda: words in text.text(), timeout=WAIT)
    assert text.text().startswith("Not opened: ") and "\n" not in text.text()
    assert dialog.findChild(QPushButton, "checkpointOpen").isEnabled()
    assert not list(runs.iterdir()) and studio.session.store is None
    dialog.reject()


def test_that_another_file_is_refused(studio, qtbot, tmp_path):
    (tmp_path / "1best.pth").write_bytes(b"no checkpoint")
    dialog = _open(studio)
    _fill(dialog, File=tmp_path / "1best.pth", Density="0.5")
    _press(dialog, qtbot)
    text = dialog.findChild(QLabel, "checkpointText")
    qtbot.waitUntil(lambda: text.text().startswith("Not opened: "), timeout=WAIT)
    dialog.reject()


def test_that_the_density_of_the_folders_above_is_proposed_but_never_replaces_what_was_typed(studio):
    dialog = _open(studio)
    density = dialog.findChild(QLineEdit, "checkpointDensity")
    _fill(dialog, File="/x/DENSITY[1.0, 0.6, 0.05]/SEED7/1best.pth")
    assert density.text() == "0.6"
    _fill(dialog, File="/x/DENSITY[1.0, 0.6, 0.05]/SEED7/2best.pth")
    assert density.text() == "0.05"
    density.setText("0.3")
    _fill(dialog, File="/x/DENSITY[1.0, 0.6, 0.05]/SEED7/1best.pth")
    assert density.text() == "0.3"
    dialog.reject()


def test_that_nothing_can_be_opened_before_a_file_is_named(qtbot):
    dialog = CheckpointDialog(".", {"digits": "Digits", "folder": "Image folder"}, {"pad": "Ring"})
    qtbot.addWidget(dialog)
    button = dialog.findChild(QPushButton, "checkpointOpen")
    assert not button.isEnabled()
    dialog.findChild(QLineEdit, "checkpointFile").setText("x.pth")
    assert button.isEnabled()
    with qtbot.waitSignal(dialog.wanted) as asked:
        button.click()
    assert asked.args[0] == CheckpointWish(file="x.pth", density="", prompt="", image_size="", dataset="", folder="")
    assert not button.isEnabled()


def test_that_what_is_typed_becomes_the_request():
    wish = CheckpointWish(file="~/1best.pth", density="0.6", prompt="expand", image_size="128", dataset="cifar10", folder="")
    request = request_of(wish)
    assert request.path == Path("~/1best.pth").expanduser()
    assert (request.density, request.prompt.kind, request.prompt.image_size) == (0.6, "expand", 128)
    assert request.data == {"dataset": "cifar10"}


def test_that_a_run_is_written_in_the_released_format_and_opens_again(studio, qtbot, written, tmp_path):
    studio.library.open(written.store.folder)
    qtbot.waitUntil(lambda: studio.export.possible, timeout=WAIT)
    studio.export.open()
    dialog = studio.window.findChild(QDialog, "export")
    for box in dialog.findChildren(QCheckBox):
        if box.objectName().startswith("exportFormat:"):
            box.setChecked(box.objectName() == "exportFormat:released")
    assert dialog.findChild(QLineEdit, "exportFolder").text().endswith("_released")
    dialog.findChild(QLineEdit, "exportFolder").setText(str(tmp_path / "out"))
    qtbot.mouseClick(dialog.findChild(QPushButton, "exportStart"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "whoever reads it has to know 0.5" in dialog.text, timeout=WAIT)
    dialog.close()
    again = read_checkpoint(tmp_path / "out" / "1best.pth")
    assert num_changes(read_checkpoint(written.best), again) == 0
