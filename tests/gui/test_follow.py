"""Runs in other processes' hands, through the real window: a real child process works, is killed, and is gone on with."""

import signal

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMessageBox

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from tests.gui.child_runs import ChildRun
from tests.gui.conftest import put_away
from tests.gui.made_runs import MadeRun
from tests.gui.made_runs import config as made_config
from tests.gui.test_run_control import LONG, PATIENCE_MS, artifacts, button, first_steps, press, wait
from vpns_engine.events import EpochEnded, Message, Resumed
from vpns_engine.store import RunStore
from vpns_gui.controllers.follow import folder_of
from vpns_gui.studio import Studio


@pytest.fixture
def pictures(tmp_path):
    return make_pictures(tmp_path / "pictures")


@pytest.fixture
def child(runs, pictures, tmp_path, qtbot):
    """Begin runs in processes of their own; what is still on at the end is killed."""
    begun = []

    def begin(**changes):
        config = tiny_config(pictures, **changes)
        begun.append(ChildRun(config, runs, tmp_path / f"child{len(begun)}"))
        qtbot.waitUntil(begun[-1].has_worked, timeout=PATIENCE_MS)
        return begun[-1]

    yield begin
    for one in begun:
        one.kill()


@pytest.fixture
def reopened(qtbot, runs):
    """Give another window on the same runs."""
    made = []

    def reopen():
        studio = Studio(runs, None)
        made.append(studio)
        with qtbot.waitExposed(studio.window):
            studio.window.show()
        return studio

    yield reopen
    for studio in made:
        put_away(studio, qtbot)


def shown(studio, qtbot, folder):
    with qtbot.waitSignal(studio.session.run_changed, timeout=PATIENCE_MS):
        studio.library.open(folder)


def another_epoch(studio, qtbot):
    with qtbot.waitSignal(
        studio.session.told, timeout=PATIENCE_MS, check_params_cb=lambda told: isinstance(told, EpochEnded)
    ):
        pass


def test_that_a_run_of_another_process_is_shown_as_it_goes_on_and_gone_on_with_when_it_dies(
    studio, qtbot, child, pictures, tmp_path
):
    work = child(search_epochs=6)
    shown(studio, qtbot, work.store().folder)
    assert studio.session.followed and not studio.session.live
    assert studio.window.run_bar.notice.startswith("Another process works on this run")
    assert not button(studio, "stop").isEnabled() and not button(studio, "discard").isEnabled()
    another_epoch(studio, qtbot)
    assert "running" in {cell.line.state for cell in studio.window.run_bar.timeline._cells}
    work.kill()
    qtbot.waitUntil(lambda: studio.session.standing == "interrupted", timeout=PATIENCE_MS)
    assert studio.window.run_bar.notice.startswith("Interrupted in Search")
    qtbot.waitUntil(
        lambda: "running" not in {cell.line.state for cell in studio.window.run_bar.timeline._cells if cell.isVisible()}
    )
    press(studio, qtbot, "resume")
    wait(studio, qtbot, "idle")
    assert studio.session.history.ended.status == "finished"
    store, _ = run(tiny_config(pictures, search_epochs=6), tmp_path / "undisturbed")
    assert artifacts(studio.session.store) == artifacts(store)


def test_that_a_run_that_another_process_finishes_ends_here_too(studio, qtbot, child):
    work = child(search_epochs=8)
    shown(studio, qtbot, work.store().folder)
    assert studio.session.followed
    qtbot.waitUntil(lambda: studio.session.standing == "finished", timeout=PATIENCE_MS)
    told = studio.session.history
    again = studio.session.store.read().history
    assert told.last_seq == again.last_seq and told.levels[0].tested == again.levels[0].tested
    assert told.phases[-1].step_losses == again.phases[-1].step_losses
    assert studio.window.run_bar.notice.startswith("Finished.") and not button(studio, "resume").isVisible()


def test_that_a_run_that_another_process_takes_up_is_followed_instead_of_resumed(studio, qtbot, child):
    work = child(search_epochs=LONG)
    folder = work.store().folder
    studio.run.resume(folder)
    qtbot.waitUntil(lambda: studio.session.followed, timeout=PATIENCE_MS)
    assert studio.session.store.folder == folder and studio.run.state == "idle"
    assert "Not resumed here: another process works on this run" in studio.window.log.text
    another_epoch(studio, qtbot)


def test_that_a_stop_elsewhere_is_seen_here(studio, qtbot, child):
    work = child(search_epochs=LONG)
    shown(studio, qtbot, work.store().folder)
    work.process.send_signal(signal.SIGTERM)
    qtbot.waitUntil(lambda: studio.session.standing == "stopped", timeout=PATIENCE_MS)
    assert button(studio, "resume").isEnabled()


def test_that_a_run_that_was_killed_is_offered_when_the_window_opens(child, reopened, qtbot):
    work = child(search_epochs=LONG)
    folder = work.store().folder
    work.kill()
    studio = reopened()
    qtbot.waitUntil(lambda: studio.window.offer_bar.text != "", timeout=PATIENCE_MS)
    assert studio.window.offer_bar.text.startswith("Interrupted: VPNs") and "Search" in studio.window.offer_bar.text
    press(studio, qtbot, "offerBar_resume")
    first_steps(studio, qtbot)
    assert studio.session.live and studio.session.store.folder == folder
    assert studio.window.offer_bar.text == ""


def test_that_several_interrupted_runs_are_offered_one_after_the_other(runs, reopened, qtbot, studio):
    folders = [MadeRun(runs, made_config(seed=seed)).write(end=None).folder for seed in (1, 2, 3)]
    for folder in folders:
        store = RunStore.open(folder)
        store.write_info(store.read_info().model_copy(update={"process": 2**22 + 1}))
    MadeRun(runs, made_config(seed=4)).write()
    studio = reopened()
    bar = studio.window.offer_bar
    qtbot.waitUntil(lambda: "seed 3" in bar.text and "2 more" in bar.text)
    press(studio, qtbot, "offerBar_later")
    qtbot.waitUntil(lambda: "seed 2" in bar.text and "1 more" in bar.text)
    press(studio, qtbot, "offerBar_show")
    qtbot.waitUntil(lambda: "seed 1" in bar.text and "more" not in bar.text)
    assert studio.session.store.config.seed == 2 and button(studio, "resume").isEnabled()
    press(studio, qtbot, "offerBar_later")
    assert bar.text == ""


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    arguments = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    entered = QDragEnterEvent(QPoint(9, 9), *arguments)
    window.dragEnterEvent(entered)
    assert entered.isAccepted()
    window.dropEvent(QDropEvent(QPoint(9, 9), *arguments))


def test_that_a_run_folder_or_a_file_in_it_can_be_dropped_on_the_window(studio, qtbot, runs):
    store = MadeRun(runs, made_config()).write()
    for path in (store.folder, store.folder / "artifacts" / "density_0.1" / "search" / "state.safetensors"):
        studio.session.close()
        with qtbot.waitSignal(studio.session.run_changed, timeout=PATIENCE_MS):
            drop(studio.window, path)
        assert studio.session.store.folder == store.folder


def test_that_what_is_no_run_is_refused_in_words_when_dropped(studio, tmp_path):
    drop(studio.window, tmp_path)
    box = studio.window.findChild(QMessageBox, "warning")
    assert "no run folder" in box.informativeText()
    box.close()
    assert studio.session.store is None


def test_that_the_run_folder_of_a_file_is_found(tmp_path, runs):
    folder = MadeRun(runs, made_config()).write().folder
    assert folder_of(folder / "events.jsonl") == folder_of(folder / "exports" / "x" / "y.pt") == folder
    assert folder_of(tmp_path / "nowhere") is None


def test_that_a_run_that_takes_a_checkpoint_over_is_not_offered_to_go_on(studio, qtbot, runs):
    store = MadeRun(runs, made_config()).write(levels=0, end="stopped")
    store.write_info(store.read_info().model_copy(update={"imported": True}))
    shown(studio, qtbot, store.folder)
    assert not button(studio, "resume").isVisible() and not studio.window.menus.resume.isEnabled()
    assert "Resume" not in studio.window.run_bar.notice


def test_that_a_run_that_another_process_takes_up_again_is_followed_from_then_on(studio, qtbot, runs):
    made = MadeRun(runs, made_config())
    store = made.write(levels=0, end="stopped")
    shown(studio, qtbot, store.folder)
    assert button(studio, "resume").isEnabled()
    other = RunStore.open(store.folder)
    other.write_info(other.read_info().taken_by_this_process())
    other.append(Resumed(seq=50, at=1, text="Goes on after Map labels"))
    qtbot.waitUntil(lambda: studio.session.followed, timeout=PATIENCE_MS)
    other.append(Message(seq=51, severity="info", text="a word from there"))
    qtbot.waitUntil(lambda: "a word from there" in studio.window.log.text, timeout=PATIENCE_MS)
    other.close()
    assert not button(studio, "resume").isVisible() and "Goes on after Map labels" in studio.window.log.text


def test_that_a_followed_run_whose_folder_goes_away_is_not_shown_as_running(studio, qtbot, runs):
    store = MadeRun(runs, made_config()).write(levels=0, end=None)
    store.write_info(store.read_info().taken_by_this_process())
    shown(studio, qtbot, store.folder)
    assert studio.session.followed
    store.folder.rename(runs.parent / "elsewhere")
    qtbot.waitUntil(lambda: studio.session.standing == "interrupted", timeout=PATIENCE_MS)
    assert "is not there" in studio.window.log.text


def test_that_events_written_anew_are_shown_anew(studio, qtbot, runs):
    made = MadeRun(runs, made_config())
    store = made.write(levels=0, end=None)
    store.write_info(store.read_info().taken_by_this_process())
    shown(studio, qtbot, store.folder)
    other = RunStore.open(store.folder)
    (store.folder / "events.jsonl").unlink()
    other.append(made.first)
    other.append(Message(seq=1, severity="warning", text="begun anew"))
    other.close()
    qtbot.waitUntil(lambda: "begun anew" in studio.window.log.text, timeout=PATIENCE_MS)
    assert "broken images" not in studio.window.log.text and studio.session.history.last_seq == 1
