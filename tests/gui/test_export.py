"""The export dialog on a real finished run: formats, sizes, progress, cancel, what was verified, what is remembered."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QLabel, QLineEdit, QProgressBar, QPushButton

from vpns_engine.export.opening import open_export
from vpns_engine.specs.export import FORMAT_LABELS, ExportSpec
from vpns_gui.dialogs.export import Choice, ExportDialog, Sizes, Wish

WAIT = 120_000


@pytest.fixture
def opened(studio, runs, qtbot, finished_run):
    """Open a copy of the finished run in the window."""
    folder = shutil.copytree(finished_run.folder, runs / finished_run.folder.name)
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(folder)
    qtbot.waitUntil(lambda: studio.export.possible)
    return folder


def ask(studio, qtbot) -> QDialog:
    """Open the dialog, and wait for the sizes."""
    studio.export.open()
    dialog = studio.window.findChild(QDialog, "export")
    qtbot.waitUntil(lambda: "MB" in dialog.findChild(QLabel, "exportWhole").text())
    return dialog


def tick(dialog, *formats) -> None:
    for name in FORMAT_LABELS:
        dialog.findChild(QCheckBox, f"exportFormat:{name}").setChecked(name in formats)


def press(qtbot, dialog, name) -> None:
    qtbot.mouseClick(dialog.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


@pytest.mark.usefixtures("opened")
def test_that_ticked_formats_are_written_verified_and_can_predict(studio, qtbot, tmp_path):
    dialog = ask(studio, qtbot)
    tick(dialog, "safetensors", "sparse")
    head = dialog.findChild(QComboBox, "exportHead")
    head.setCurrentIndex(head.findData("own"))
    dialog.findChild(QLineEdit, "exportFolder").setText(str(tmp_path / "mine"))
    counted = dialog.findChild(QLabel, "exportSize:sparse").text()
    press(qtbot, dialog, "exportStart")
    assert dialog.findChild(QProgressBar, "exportBar").isVisible()
    qtbot.waitUntil(lambda: "same logits" in dialog.text, timeout=WAIT)
    written = (tmp_path / "mine" / "model_sparse.safetensors").stat().st_size
    assert abs(float(counted.split()[1]) * 1000 - written) < 0.05 * written and counted.endswith("kB")
    assert "of 270,896 scored weights" in dialog.text and "times smaller than dense" in dialog.text
    assert dialog.text in studio.window.log.text
    assert open_export(tmp_path / "mine").network_file == "model.safetensors"
    assert not dialog.findChild(QPushButton, "exportStart").isEnabled()
    with qtbot.waitSignal(studio.export.predict_requested) as asked:
        press(qtbot, dialog, "exportPredict")
    assert asked.args == [tmp_path / "mine"] and not dialog.isVisible()


@pytest.mark.usefixtures("opened")
def test_that_choices_are_remembered(studio, qtbot, tmp_path):
    dialog = ask(studio, qtbot)
    tick(dialog, "masks", "hub")
    dialog.findChild(QLineEdit, "exportLicense").setText("mit")
    dialog.findChild(QLineEdit, "exportBaseModel").setText("no page")
    press(qtbot, dialog, "exportStart")
    assert "the base model 'no page' is no page of a model hub" in dialog.text
    dialog.findChild(QLineEdit, "exportBaseModel").clear()
    dialog.findChild(QLineEdit, "exportFolder").setText(str(tmp_path / "mine"))
    press(qtbot, dialog, "exportStart")
    qtbot.waitUntil(lambda: "same logits" in dialog.text, timeout=WAIT)
    dialog.close()
    qtbot.waitUntil(lambda: studio.export._dialog is None)
    again = ask(studio, qtbot)
    assert again.wish.spec == ExportSpec(formats=("masks", "hub"), license="mit")
    again.close()


@pytest.mark.usefixtures("opened")
def test_that_cancel_ends_the_export_and_leaves_nothing(studio, qtbot, tmp_path):
    dialog = ask(studio, qtbot)
    tick(dialog, "onnx")
    dialog.findChild(QLineEdit, "exportFolder").setText(str(tmp_path / "new" / "mine"))
    press(qtbot, dialog, "exportStart")
    qtbot.waitUntil(lambda: "Writing model" in dialog.text, timeout=WAIT)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible() and dialog.text == "Cancelling …"
    qtbot.waitUntil(lambda: "cancelled: nothing was written" in dialog.text, timeout=WAIT)
    assert not (tmp_path / "new").exists()
    assert dialog.findChild(QPushButton, "exportStart").isEnabled()
    assert dialog.findChild(QPushButton, "exportClose").isVisible()
    dialog.close()


@pytest.mark.usefixtures("opened")
def test_that_a_folder_that_is_not_empty_is_refused_and_another_try_is_possible(studio, qtbot, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    dialog = ask(studio, qtbot)
    dialog.findChild(QLineEdit, "exportFolder").setText(str(tmp_path / "mine"))
    press(qtbot, dialog, "exportStart")
    qtbot.waitUntil(lambda: "is not empty" in dialog.text, timeout=WAIT)
    assert dialog.findChild(QPushButton, "exportStart").isEnabled()
    dialog.findChild(QLineEdit, "exportFolder").setText(" ")
    press(qtbot, dialog, "exportStart")
    assert dialog.text == "Not exported: choose a folder"
    dialog.close()


CHOICES = (
    Choice("90 %: untuned", 0, "search", Path("/x/untuned"), Path("/x/untuned/r"), has_prompt=False),
    Choice("90 %: tuned", 0, "finetune", Path("/x/tuned"), Path("/x/untuned/t")),
)


@pytest.fixture
def dialog(qtbot):
    made = ExportDialog(CHOICES, ExportSpec(), {"onnx": "onnx is not installed"})
    qtbot.addWidget(made)
    made.show()
    return made


def test_that_what_is_not_installed_cannot_be_ticked_and_says_why(dialog):
    box = dialog.findChild(QCheckBox, "exportFormat:onnx")
    assert not box.isEnabled() and box.accessibleDescription() == "onnx is not installed"
    assert dialog.findChild(QLabel, "exportAbout:onnx").text() == "onnx is not installed"
    tick(dialog, "onnx", "pt")
    assert dialog.wish.spec.formats == ("pt",)


def test_that_only_what_matters_can_be_changed(dialog):
    fields = {name: dialog.findChild((QComboBox, QLineEdit, QCheckBox)[kind], name) for name, kind in FIELDS.items()}

    def open_ones():
        return {name for name, field in fields.items() if field.isEnabled()}

    assert open_ones() == {"exportHead", "exportPrompt"}
    tick(dialog, "hub")
    assert open_ones() == {"exportHead", "exportPrompt", "exportLicense", "exportBaseModel"}
    dialog.findChild(QComboBox, "exportWhich").setCurrentIndex(0)
    assert "exportPrompt" not in open_ones() and not fields["exportPrompt"].isChecked()
    dialog.findChild(QComboBox, "exportWhich").setCurrentIndex(1)
    assert fields["exportPrompt"].isChecked()
    tick(dialog, "released")
    assert open_ones() == set()


FIELDS = {"exportHead": 0, "exportOnnxInput": 0, "exportLicense": 1, "exportBaseModel": 1, "exportPrompt": 2}


def test_that_nothing_ticked_cannot_be_exported(dialog):
    tick(dialog)
    assert not dialog.findChild(QPushButton, "exportStart").isEnabled()
    assert dialog.wish == "tick at least one format"


def test_that_the_proposed_folder_follows_until_one_is_typed(dialog):
    folder = dialog.findChild(QLineEdit, "exportFolder")
    assert folder.text() == "/x/tuned"
    tick(dialog, "released")
    assert folder.text() == "/x/untuned/t"
    dialog.findChild(QComboBox, "exportWhich").setCurrentIndex(0)
    assert folder.text() == "/x/untuned/r"
    folder.setText("/mine")
    dialog.findChild(QComboBox, "exportWhich").setCurrentIndex(1)
    tick(dialog, "pt")
    assert folder.text() == "/mine"


def test_that_sizes_are_shown_for_every_format_that_can_be_written(dialog):
    dialog.set_sizes(Sizes(dict.fromkeys(FORMAT_LABELS, 1_500_000), 3_000_000))
    shown = {name: dialog.findChild(QLabel, f"exportSize:{name}").text() for name in FORMAT_LABELS}
    assert shown.pop("hub") == "a few kB" and shown.pop("onnx") == ""
    assert set(shown.values()) == {"about 1.50 MB"}
    assert dialog.findChild(QLabel, "exportWhole").text() == "Together about 3.00 MB"


def test_that_every_control_has_a_name_and_the_keyboard_reaches_it(dialog, qtbot):
    controls = [dialog.findChild((QComboBox, QLineEdit, QCheckBox)[kind], name) for name, kind in FIELDS.items()]
    assert all(control.accessibleName() for control in controls)
    tick(dialog, "pt", "hub")
    dialog.activateWindow()
    dialog.findChild(QComboBox, "exportWhich").setFocus()
    reached = set()
    for _ in range(40):
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        reached.add(dialog.focusWidget().objectName())
    assert {"exportFormat:pt", "exportFormat:released", "exportHead", "exportLicense", "exportFolder", "exportStart"} < reached
    assert "exportFormat:onnx" not in reached


def test_that_a_wish_says_all_that_was_chosen(dialog, qtbot):
    tick(dialog, "safetensors", "masks")
    with qtbot.waitSignal(dialog.export_requested) as asked:
        press(qtbot, dialog, "exportStart")
    (wish,) = asked.args
    assert isinstance(wish, Wish)
    assert (wish.choice, wish.folder, wish.spec) == (CHOICES[1], "/x/tuned", ExportSpec(formats=("safetensors", "masks")))
    dialog.set_done(CHOICES[1].folder, "done", predicts=False)
    assert not dialog.findChild(QPushButton, "exportPredict").isVisible()
