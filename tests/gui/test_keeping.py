"""How long things are kept, clearing runs, and what the viewers show of a run that was cleared; through the real window."""

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDialogButtonBox, QDoubleSpinBox, QLabel, QPushButton

from tests.gui.made_runs import MadeRun, config
from vpns_engine.keeping import Keeping, clear, read_keeping, usage_of
from vpns_engine.store import RunStore
from vpns_gui.controllers.offers import masks_of, prompts_of, still_there

WAIT_MS = 20_000


@pytest.fixture
def run(runs):
    return MadeRun(runs, config()).write()


def dialog(studio, name) -> QDialog | None:
    return studio.window.findChild(QDialog, name)


def opened(studio, qtbot, folder):
    """Show a run."""
    studio.library.open(folder)
    qtbot.waitUntil(lambda: studio.session.store is not None and studio.session.store.folder == folder, timeout=WAIT_MS)


def asked(studio, qtbot, *folders) -> QDialog:
    """Open the question what is to be cleared."""
    studio.keeping.ask_clear(folders)
    qtbot.waitUntil(lambda: dialog(studio, "clearingDialog") is not None, timeout=WAIT_MS)
    return dialog(studio, "clearingDialog")


def test_that_the_settings_are_those_of_the_command_line_too(studio, qtbot):
    studio.window.menus.keeping.trigger()
    shown = dialog(studio, "keepingDialog")
    assert shown.findChild(QDoubleSpinBox, "keepingMinutes").value() == 10
    shown.findChild(QDoubleSpinBox, "keepingMinutes").setValue(2.5)
    epochs = shown.findChild(QComboBox, "keepingEpochs")
    epochs.setCurrentIndex(epochs.findData("last"))
    with qtbot.waitSignal(studio.keeping.changed):
        shown.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save).click()
    assert read_keeping() == Keeping(checkpoint_minutes=2.5, epoch_artifacts="last")


def test_that_settings_that_cannot_be_written_are_said_in_the_dialog(studio, tmp_path):
    (tmp_path / "config").mkdir(exist_ok=True)
    (tmp_path / "config" / "keeping.json").mkdir()
    studio.window.menus.keeping.trigger()
    shown = dialog(studio, "keepingDialog")
    shown.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save).click()
    assert "keeping.json" in shown.findChild(QLabel, "keepingSays").text() and shown.isVisible()
    shown.reject()


def test_that_only_what_is_ticked_goes(studio, qtbot, run):
    shown = asked(studio, qtbot, run.folder)
    assert not shown.findChild(QCheckBox, "clear:checkpoints").isEnabled()  # there are none
    remove = shown.findChild(QPushButton, "clearRemove")
    assert not remove.isEnabled()
    before = usage_of(run.folder)
    shown.findChild(QCheckBox, "clear:epochs").setChecked(True)
    with qtbot.waitSignal(studio.keeping.cleared, timeout=WAIT_MS):
        remove.click()
    assert usage_of(run.folder) == before | {"epochs": 0}


def test_that_nothing_goes_unless_it_is_asked_for(studio, qtbot, run):
    before = usage_of(run.folder)
    asked(studio, qtbot, run.folder).reject()
    assert usage_of(run.folder) == before


def test_that_a_run_that_is_held_is_named_and_the_others_are_cleared(studio, qtbot, run, runs):
    other = MadeRun(runs, config(sparsities=(0.5,))).write()
    shown = asked(studio, qtbot, run.folder, other.folder)
    shown.findChild(QCheckBox, "clear:states").setChecked(True)
    with run.writing(), qtbot.waitSignal(studio.keeping.cleared, timeout=WAIT_MS):
        shown.findChild(QPushButton, "clearRemove").click()
    assert run.folder.name in shown.findChild(QLabel, "clearingSays").text()
    assert usage_of(run.folder)["states"] > 0 == usage_of(other.folder)["states"]
    shown.reject()


def test_that_the_open_run_is_shown_without_what_went(studio, qtbot, run):
    opened(studio, qtbot, run.folder)
    shown = asked(studio, qtbot, run.folder)
    shown.findChild(QCheckBox, "clear:epochs").setChecked(True)
    with qtbot.waitSignal(studio.library.opened, timeout=WAIT_MS):
        shown.findChild(QPushButton, "clearRemove").click()


def test_that_epochs_that_were_not_kept_are_not_offered(run):
    history = run.read().history
    prompts, masks = prompts_of(history, 0), masks_of(history, 0)
    assert still_there(prompts, run.folder) == prompts and still_there(masks, run.folder) == masks
    clear(run.folder, ("epochs",))
    left = still_there(prompts, run.folder)
    assert left and all(offer.has_state and offer.path.endswith("state.safetensors") for offer in left)
    assert [offer.has_state for offer in still_there(masks, run.folder)] == [True, True]
    clear(run.folder, ("states",))
    assert still_there(prompts, run.folder) == still_there(masks, run.folder) == []


def test_that_the_saved_prompt_is_shown_from_its_state(studio, qtbot, run):
    clear(run.folder, ("epochs",))
    opened(studio, qtbot, run.folder)
    view = studio.window.prompt
    studio.window.tabs.setCurrentWidget(view)
    qtbot.waitUntil(lambda: not view.is_empty, timeout=WAIT_MS)
    assert view.alone.picture.image is not None


@pytest.mark.parametrize(("page", "words"), [("prompt", "The prompts were not kept"), ("masks", "The masks were not kept")])
def test_that_a_viewer_says_that_nothing_was_kept(studio, qtbot, run, page, words):
    clear(run.folder, ("epochs", "states"))
    opened(studio, qtbot, run.folder)
    tab = studio.window.prompt if page == "prompt" else studio.window.masks_page
    studio.window.tabs.setCurrentWidget(tab)
    shown = lambda: [label.text() for label in tab.findChildren(QLabel) if label.isVisible()]  # noqa: E731
    qtbot.waitUntil(lambda: words in shown(), timeout=WAIT_MS)


def test_that_a_run_without_prompts_yet_says_so(studio, qtbot, runs):
    opened(studio, qtbot, RunStore.create(runs, config()).folder)
    studio.window.tabs.setCurrentWidget(studio.window.prompt)
    labels = studio.window.prompt.findChildren(QLabel)
    qtbot.waitUntil(lambda: any(label.text() == "No prompt yet" for label in labels), timeout=WAIT_MS)
