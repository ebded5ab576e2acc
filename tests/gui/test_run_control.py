"""Pause, continue, stop and resume through the real window, with the real engine and a tiny network of runs."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from tests.gui.made_runs import MadeRun
from tests.gui.made_runs import config as made_config
from vpns_engine.events import StepDone

PATIENCE_MS = 180_000
LONG = 400
"""Epochs that no test waits for."""


@pytest.fixture
def pictures(tmp_path):
    return make_pictures(tmp_path / "pictures")


def button(studio, name):
    return studio.window.findChild(QPushButton, name)


def press(studio, qtbot, name):
    found = button(studio, name)
    assert found.isVisible() and found.isEnabled(), name
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)


def wait(studio, qtbot, state):
    qtbot.waitUntil(lambda: studio.run.state == state, timeout=PATIENCE_MS)


def first_steps(studio, qtbot, count=1):
    """Wait until the run has told of some iterations of a search or a tuning."""
    seen = []

    def enough(told):
        seen.append(told)
        return sum(isinstance(one, StepDone) and len(one.losses) > 0 for one in seen) >= count

    with qtbot.waitSignal(studio.session.told, timeout=PATIENCE_MS, check_params_cb=enough):
        pass


def artifacts(store):
    """Give the bytes of every file that a run keeps of its results."""
    folder = store.folder / "artifacts"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_that_a_run_that_was_paused_has_the_result_of_one_that_was_not(studio, qtbot, pictures, tmp_path):
    config = tiny_config(pictures, search_epochs=4, finetune_epochs=2)
    store, _ = run(config, tmp_path / "undisturbed")
    studio.run.start(config)
    first_steps(studio, qtbot, 2)
    press(studio, qtbot, "pause")
    assert studio.run.state in ("pausing", "paused")
    wait(studio, qtbot, "paused")
    assert studio.window.run_bar.notice.startswith("Paused in Search")
    assert "MiB" in studio.window.run_bar.notice
    assert button(studio, "pause").text() == "Continue"
    assert studio.session.store.read_info().status == "paused"
    press(studio, qtbot, "pause")
    wait(studio, qtbot, "idle")
    assert studio.session.history.ended.status == "finished"
    assert artifacts(studio.session.store) == artifacts(store)


def test_that_a_stopped_run_goes_on_to_the_result_of_one_that_was_not(studio, qtbot, pictures, tmp_path):
    config = tiny_config(pictures, search_epochs=4, finetune_epochs=2)
    store, _ = run(config, tmp_path / "undisturbed")
    studio.run.start(config)
    first_steps(studio, qtbot, 3)
    press(studio, qtbot, "stop")
    wait(studio, qtbot, "idle")
    assert studio.session.history.ended.status == "stopped"
    assert "Resume goes on" in studio.window.run_bar.notice and not button(studio, "pause").isVisible()
    press(studio, qtbot, "resume")
    wait(studio, qtbot, "idle")
    assert studio.session.history.ended.status == "finished"
    assert studio.window.log.text.count("Goes on") == 1
    assert artifacts(studio.session.store) == artifacts(store)
    assert not button(studio, "resume").isVisible()


def test_that_a_pause_can_be_ended_by_a_stop_and_the_run_resumed(studio, qtbot, pictures):
    studio.run.start(tiny_config(pictures, search_epochs=LONG))
    first_steps(studio, qtbot)
    studio.window.menus.pause.trigger()
    wait(studio, qtbot, "paused")
    assert studio.window.menus.pause.text().replace("&", "") == "Continue"
    press(studio, qtbot, "stop")
    wait(studio, qtbot, "idle")
    assert studio.session.standing == "stopped" and studio.window.menus.resume.isEnabled()
    known = studio.session.history.last_seq
    studio.window.menus.resume.trigger()
    first_steps(studio, qtbot)
    assert studio.session.history.last_seq > known and studio.session.history.ended is None
    assert [told.at for told in studio.session.history.resumed] == sorted(told.at for told in studio.session.history.resumed)


def test_that_closing_a_paused_window_asks_and_keeps_the_run(studio, qtbot, pictures):
    studio.run.start(tiny_config(pictures, search_epochs=LONG))
    first_steps(studio, qtbot)
    press(studio, qtbot, "pause")
    wait(studio, qtbot, "paused")
    assert not studio.window.close()
    question = studio.window.findChild(QMessageBox, "question")
    assert question.text() == "A run is paused."
    qtbot.mouseClick(question.findChild(QPushButton, "accept"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not studio.window.isVisible(), timeout=PATIENCE_MS)
    store = studio.session.store
    assert store.read_info().state == "stopped"
    assert (store.folder / "checkpoints" / "last.pt").is_file()


def test_that_a_paused_run_can_be_discarded(studio, qtbot, pictures):
    studio.run.start(tiny_config(pictures, search_epochs=LONG))
    first_steps(studio, qtbot)
    press(studio, qtbot, "pause")
    wait(studio, qtbot, "paused")
    folder = studio.session.store.folder
    press(studio, qtbot, "discard")
    question = studio.window.findChild(QMessageBox, "question")
    qtbot.mouseClick(question.findChild(QPushButton, "accept"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not folder.exists(), timeout=PATIENCE_MS)
    assert studio.session.store is None and studio.run.state == "idle"


def test_that_another_run_can_be_looked_at_while_one_works(studio, qtbot, pictures, runs):
    other = MadeRun(runs, made_config()).write()
    studio.run.start(tiny_config(pictures, search_epochs=LONG))
    first_steps(studio, qtbot)
    working = studio.session.store
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(other.folder)
    assert studio.session.store.folder == other.folder and studio.run.state == "running"
    assert not button(studio, "stop").isEnabled()  # those are the buttons of the run that is shown
    assert studio.window.working_bar.text.startswith("On in this window: VPNs")
    known = studio.session.working_history.last_seq
    qtbot.waitUntil(lambda: studio.session.working_history.last_seq > known, timeout=PATIENCE_MS)
    assert studio.session.history.ended.status == "finished"
    press(studio, qtbot, "workingBar_show")
    assert studio.session.store is working and studio.session.live and button(studio, "stop").isEnabled()
    assert studio.window.working_bar.text == ""
    known = len(studio.session.history.phases[-2].step_positions)
    qtbot.waitUntil(lambda: len(studio.session.history.phases[-2].step_positions) > known, timeout=PATIENCE_MS)


def test_that_a_run_that_ends_unseen_leaves_the_open_one_alone(studio, qtbot, pictures, runs):
    other = MadeRun(runs, made_config()).write()
    studio.run.start(tiny_config(pictures, search_epochs=20))
    first_steps(studio, qtbot)
    working = studio.session.store
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(other.folder)
    with qtbot.waitSignal(studio.run.over, timeout=PATIENCE_MS) as over:
        pass
    assert over.args[0].store is working and over.args[0].ended.status == "finished"
    assert studio.session.store.folder == other.folder
    assert studio.window.working_bar.text == "" and button(studio, "start").isEnabled()


def test_that_a_pause_can_be_taken_back_before_it_begins(studio, qtbot, pictures):
    studio.run.start(tiny_config(pictures, search_epochs=LONG))
    first_steps(studio, qtbot)
    studio.run.pause()
    studio.run.go_on()
    assert studio.run.state == "running" and button(studio, "pause").text() == "Pause"
    first_steps(studio, qtbot, 3)
    assert studio.session.standing == "running"


def test_that_the_keys_pause_continue_and_stop(studio, qtbot, pictures):
    studio.run.start(tiny_config(pictures, search_epochs=LONG))
    first_steps(studio, qtbot)
    control, window = Qt.KeyboardModifier.ControlModifier, studio.window
    qtbot.keyClick(window, Qt.Key.Key_P, control)
    wait(studio, qtbot, "paused")
    qtbot.keyClick(window, Qt.Key.Key_P, control)
    wait(studio, qtbot, "running")
    first_steps(studio, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_Period, control)
    wait(studio, qtbot, "idle")
    qtbot.keyClick(window, Qt.Key.Key_R, control | Qt.KeyboardModifier.ShiftModifier)
    wait(studio, qtbot, "running")
    first_steps(studio, qtbot)


def test_that_a_run_that_failed_goes_on_once_the_cause_is_gone(studio, qtbot, pictures, tmp_path):
    config = tiny_config(pictures, search_epochs=LONG)
    studio.run.start(config)
    first_steps(studio, qtbot)
    press(studio, qtbot, "stop")
    wait(studio, qtbot, "idle")
    pictures.rename(tmp_path / "away")
    press(studio, qtbot, "resume")
    wait(studio, qtbot, "idle")
    assert studio.session.standing == "failed" and "Once the cause is gone, Resume" in studio.window.run_bar.notice
    (tmp_path / "away").rename(pictures)
    press(studio, qtbot, "resume")
    first_steps(studio, qtbot)
    assert studio.session.history.ended is None and studio.session.live


def test_that_a_run_is_not_resumed_while_another_is_on(studio, qtbot, pictures, runs):
    other = MadeRun(runs, made_config()).write(levels=0, end="stopped")
    studio.run.start(tiny_config(pictures, search_epochs=LONG))
    first_steps(studio, qtbot)
    with qtbot.waitSignal(studio.session.run_changed):
        studio.library.open(other.folder)
    assert button(studio, "resume").isVisible() and not button(studio, "resume").isEnabled()
    studio.run.resume(other.folder)
    assert "while another run is on" in studio.window.log.text
    assert other.read_info().status == "stopped"
