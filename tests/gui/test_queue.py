"""The queue through the real window, with the real engine and tiny runs."""

import json
import signal
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMessageBox, QPushButton, QTableView, QToolButton

from tests.engine.tiny_runs import make_pictures, tiny_config
from vpns_engine.folders import config_folder
from vpns_engine.store import RunLibrary, RunStore
from vpns_engine.waiting import Entry, Queue, QueueFile
from vpns_gui import run_queue
from vpns_gui.controllers import queue_work
from vpns_gui.models.queue_table import MIME
from vpns_gui.run_queue import RunQueue
from vpns_gui.studio import Studio

MINUTE_MS = 60_000
LONG = 400
"""Epochs that no test waits for."""
SOME = 12
"""Epochs that last long enough to be cut off in, and short enough to be waited for."""
TWO = ("auto", "cuda", "cpu")
"""Two devices. `auto` stands for the first, and computes on the CPU all the same where there is no GPU."""


@pytest.fixture
def pictures(tmp_path):
    return make_pictures(tmp_path / "pictures")


@pytest.fixture
def tiny(pictures):
    """Give the configuration of a run of a second."""

    def make(seed=7, **values):
        return tiny_config(pictures, **{"seed": seed, "device": "auto", **values})

    return make


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr(queue_work, "LOOK_MS", 50)


@pytest.fixture
def gone(tiny, tmp_path):
    """Give the configuration of a run that fails: its weights file is not there."""
    config = tiny(99)
    model = config.model.model_copy(update={"weights": "file", "weights_file": str(tmp_path / "gone.pt")})
    return config.model_copy(update={"model": model})


def button(studio, name):
    return studio.window.findChild(QPushButton, name) or studio.window.findChild(QToolButton, name)


def press(studio, qtbot, name):
    found = button(studio, name)
    assert found.isEnabled(), name
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)


def act(studio, name):
    action = studio.window.findChild(QTableView, "queue").findChild(QAction, name)
    assert action.isEnabled(), name
    action.trigger()


def show_queue(studio):
    studio.window.queue_dock.raise_()


def states(studio):
    return [row.state for row in studio.window.queue.rows]


def entries(studio):
    return studio.queue.queue.entries


def seeds(studio):
    return [entry.config.seed for entry in entries(studio)]


def choose(studio, *rows):
    studio.window.queue.choose([studio.window.queue.rows[row].key for row in rows])


def wait_for(studio, qtbot, *wanted):
    qtbot.waitUntil(lambda: states(studio) == list(wanted), timeout=MINUTE_MS)


def wait_until_done(studio, qtbot):
    qtbot.waitUntil(lambda: not studio.queue.going and studio.run.state == "idle", timeout=MINUTE_MS)


def kept():
    return json.loads((config_folder() / "queue.json").read_text())["entries"]


def test_that_what_is_added_waits_until_the_queue_is_started(studio, qtbot):
    press(studio, qtbot, "addToQueue")
    press(studio, qtbot, "addToQueue")
    assert states(studio) == ["waiting", "waiting"]
    assert studio.run.state == "idle" and not studio.queue.going
    assert studio.window.queue.rows[0].what == "VPNs · ResNet-20 on digits · sparsity 90 % · seed 7"
    assert [entry["state"] for entry in kept()] == ["waiting", "waiting"]
    assert not studio.window.queue_dock.visibleRegion().isEmpty()  # it came to the front


def test_that_a_list_of_seeds_with_the_control_arm_is_an_entry_each(studio, qtbot):
    studio.window.setup._form.edited.emit(("seed", "7, 9"))
    studio.window.setup._start.set_control_wanted(True)
    press(studio, qtbot, "addToQueue")
    assert [(entry.config.method, entry.config.seed) for entry in entries(studio)] == [
        *[("vpns", 7), ("control", 7)],
        *[("vpns", 9), ("control", 9)],
    ]


def test_that_settings_that_cannot_work_are_not_queued(studio):
    studio.window.setup._form.edited.emit(("prompt.pad", 9))
    assert not button(studio, "addToQueue").isEnabled()
    assert "at most 8 px" in button(studio, "addToQueue").toolTip()
    studio.window.setup.queue_up()
    assert states(studio) == []


def test_that_the_queue_is_done_in_its_order_and_a_failed_run_does_not_stop_it(studio, qtbot, tiny, gone):
    studio.queue.add([tiny(1), gone, tiny(2)])
    show_queue(studio)
    press(studio, qtbot, "queueGo")
    assert button(studio, "queueGo").text() == "Hold"
    wait_until_done(studio, qtbot)
    assert states(studio) == ["finished", "failed", "finished"]
    assert "gone.pt" in studio.window.queue.rows[1].tip
    assert studio.window.findChild(QMessageBox, "warning") is None  # nobody sits there to press OK
    began = [RunStore.open(folder).config.seed for folder in reversed(RunLibrary(studio._runs).runs())]
    assert began == [1, 99, 2]
    assert [entry["state"] for entry in kept()] == ["finished", "failed", "finished"]
    assert "The queue is done: 1 failed, 2 finished" in studio.window.log.text
    press(studio, qtbot, "queueClear")
    assert states(studio) == [] and len(RunLibrary(studio._runs).runs()) == 3


def test_that_what_is_done_already_is_said_in_the_list_and_in_no_dialog(studio, qtbot, tiny):
    studio.queue.add([tiny(1), tiny(1)])
    studio.queue.start()
    wait_until_done(studio, qtbot)
    assert states(studio) == ["finished", "done already"]
    assert studio.window.findChild(QMessageBox, "warning") is None


def test_that_one_device_does_one_run_at_a_time_and_two_devices_do_two(studio, qtbot, tiny):
    studio.queue.set_devices(TWO)
    studio.queue.add([tiny(1, search_epochs=LONG), tiny(2), tiny(3, device="cpu", search_epochs=LONG), tiny(4, device="cpu")])
    studio.queue.start()
    wait_for(studio, qtbot, "running", "waiting", "running", "waiting")
    qtbot.waitUntil(lambda: all(entry.folder for entry in entries(studio)[::2]), timeout=MINUTE_MS)
    assert states(studio) == ["running", "waiting", "running", "waiting"]
    assert studio.session.working.config.seed == 1 and studio.queue._work.num_elsewhere == 1
    child = entries(studio)[2]
    info = RunStore.open(Path(child.folder)).read_info()
    assert info.process == child.process and info.state == "running"
    choose(studio, 2)
    act(studio, "queueStop")
    wait_for(studio, qtbot, "running", "waiting", "stopped", "running")
    wait_for(studio, qtbot, "running", "waiting", "stopped", "finished")
    studio.run.stop()
    wait_for(studio, qtbot, "stopped", "waiting", "stopped", "finished")
    assert not studio.queue.going  # a stop by hand is no reason to begin the next
    assert not list((config_folder() / "queue").iterdir())


def test_that_a_child_that_is_killed_is_interrupted_and_goes_on_from_there(studio, qtbot, tiny):
    studio.queue.set_devices(TWO)
    long = tiny(1, search_epochs=LONG)
    studio.queue.add([long, tiny(2, device="cpu", search_epochs=SOME)])
    studio.queue.start()
    qtbot.waitUntil(lambda: _has_steps(entries(studio)[1]), timeout=MINUTE_MS)
    studio.queue._work._children[entries(studio)[1].key]._process.send_signal(signal.SIGKILL)
    wait_for(studio, qtbot, "running", "interrupted")
    folder = entries(studio)[1].folder
    choose(studio, 1)
    act(studio, "queueResume")
    wait_for(studio, qtbot, "running", "finished")
    assert entries(studio)[1].folder == folder
    history = RunStore.open(Path(folder)).read(steps=False).history
    assert history.ended.status == "finished" and len(history.resumed) == 1
    studio.run.stop()
    wait_for(studio, qtbot, "stopped", "finished")


def _has_steps(entry):
    if not entry.folder:
        return False
    history = RunStore.open(Path(entry.folder)).read().history
    return any(phase.last_step is not None for phase in history.phases)


def test_that_a_stop_puts_the_queue_on_hold_and_the_run_goes_on_when_it_is_resumed(studio, qtbot, tiny):
    studio.queue.add([tiny(1, search_epochs=SOME), tiny(2)])
    studio.queue.start()
    qtbot.waitUntil(lambda: _has_steps(entries(studio)[0]), timeout=MINUTE_MS)
    studio.run.stop()
    wait_for(studio, qtbot, "stopped", "waiting")
    assert not studio.queue.going and "on hold" in studio.window.log.text
    choose(studio, 0)
    act(studio, "queueResume")
    assert states(studio) == ["waiting to go on", "waiting"]
    assert studio.run.state == "idle"  # only when told
    studio.queue.start()
    wait_until_done(studio, qtbot)
    assert states(studio) == ["finished", "finished"]
    assert len(RunLibrary(studio._runs).runs()) == 2


def test_that_a_run_begun_by_hand_and_the_queue_leave_each_other_the_device(studio, qtbot, tiny):
    studio.queue.add([tiny(1)])
    studio.run.start(tiny(5, search_epochs=3), tiny(6))
    studio.queue.start()
    assert states(studio) == ["waiting"]
    wait_until_done(studio, qtbot)
    assert states(studio) == ["finished"]
    began = [RunStore.open(folder).config.seed for folder in reversed(RunLibrary(studio._runs).runs())]
    assert began == [5, 6, 1]


def test_that_hold_lets_the_run_end_and_begins_no_other(studio, qtbot, tiny):
    studio.queue.add([tiny(1), tiny(2)])
    studio.queue.start()
    show_queue(studio)
    press(studio, qtbot, "queueGo")
    qtbot.waitUntil(lambda: studio.run.state == "idle", timeout=MINUTE_MS)
    assert states(studio) == ["finished", "waiting"]


@pytest.fixture
def again(qtbot, studio, runs):
    """Give a function that closes the window and opens the program anew."""
    made = []

    def reopen(*, close=True):
        if close:
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


def test_that_the_queue_survives_a_restart_and_is_on_hold_after_it(studio, tiny, again):
    studio.queue.add([tiny(1), tiny(2)])
    studio.queue._change(lambda queue: queue.shift([queue.entries[1].key], -1))
    new = again()
    assert seeds(new) == [2, 1] and states(new) == ["waiting", "waiting"]
    assert new.run.state == "idle" and not new.queue.going


def test_that_a_run_that_was_on_when_the_program_died_is_shown_as_interrupted_and_can_be_resumed(studio, qtbot, tiny, again):
    studio.queue.set_devices(TWO)
    studio.queue.add([tiny(1, search_epochs=LONG), tiny(2, device="cpu", search_epochs=SOME)])
    studio.queue.start()
    qtbot.waitUntil(lambda: _has_steps(entries(studio)[1]), timeout=MINUTE_MS)
    child = studio.queue._work._children[entries(studio)[1].key]
    child._process.kill()
    child._process.wait()
    studio.queue._work._look.stop()  # the window is dead, it sees nothing any more
    assert [entry["state"] for entry in kept()] == ["running", "running"]
    new = again()
    # the first still works in the old window's process, which is this one
    wait_for(new, qtbot, "running", "interrupted")
    studio.run.stop()
    wait_for(new, qtbot, "stopped", "interrupted")
    choose(new, 1)
    act(new, "queueResume")
    new.queue.start()
    wait_for(new, qtbot, "stopped", "finished")


def test_that_a_run_on_another_device_goes_on_without_the_window_and_is_watched_by_the_next(studio, qtbot, tiny, again):
    studio.queue.set_devices(TWO)
    studio.queue.add([tiny(1, search_epochs=LONG), tiny(2, device="cpu", search_epochs=LONG), tiny(3, device="cpu")])
    studio.queue.start()
    qtbot.waitUntil(lambda: _has_steps(entries(studio)[1]), timeout=MINUTE_MS)
    studio.run.stop()
    wait_for(studio, qtbot, "stopped", "running", "waiting")
    studio.window.close()
    assert studio.window.isVisible()
    question = studio.window.findChild(QMessageBox, "question")
    assert "1 run of the queue works on another device" in question.text()
    question.findChild(QPushButton, "accept").click()
    assert not studio.window.isVisible()
    new = again(close=False)
    assert states(new) == ["stopped", "running", "waiting"] and new.queue._work.num_elsewhere == 1
    choose(new, 1)
    act(new, "queueStop")
    wait_for(new, qtbot, "stopped", "stopped", "waiting")


def test_that_a_window_that_closes_begins_no_further_run(studio, qtbot, tiny):
    studio.queue.add([tiny(1, search_epochs=LONG), tiny(2)])
    studio.queue.start()
    qtbot.waitUntil(lambda: _has_steps(entries(studio)[0]), timeout=MINUTE_MS)
    studio.window.close()
    studio.window.findChild(QMessageBox, "question").findChild(QPushButton, "accept").click()
    qtbot.waitUntil(lambda: not studio.window.isVisible(), timeout=MINUTE_MS)
    assert [entry["state"] for entry in kept()] == ["stopped", "waiting"]
    assert len(RunLibrary(studio._runs).runs()) == 1


def test_that_a_second_window_shows_the_queue_and_cannot_change_it_until_the_first_is_closed(
    studio, qtbot, tiny, again, monkeypatch
):
    monkeypatch.setattr(run_queue, "LOOK_MS", 50)
    studio.queue.add([tiny(1)])
    second = again(close=False)
    assert seeds(second) == [1]
    assert "Another window works on the queue" in second.window.log.text
    assert not second.queue.add([tiny(2)])
    assert not button(second, "queueGo").isEnabled()
    assert len(kept()) == 1
    studio.queue.add([tiny(3)])
    qtbot.waitUntil(lambda: seeds(second) == [1, 3], timeout=MINUTE_MS)
    studio.queue.close()
    qtbot.waitUntil(lambda: button(second, "queueGo").isEnabled(), timeout=MINUTE_MS)
    assert second.queue.add([tiny(2)]) and seeds(second) == [1, 3, 2]


def test_that_a_damaged_queue_is_told_and_kept_aside(qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("VPNS_CONFIG", str(tmp_path / "config"))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "queue.json").write_text('{"entries": [')
    made = RunQueue(config_folder(), None)
    with qtbot.waitSignal(made.said) as said:
        made.load()
    assert "damaged" in said.args[0] and "kept as queue.damaged-" in said.args[0]
    assert made.queue == Queue() and len(list(config_folder().glob("queue.damaged-*"))) == 1
    made.close()


def test_that_a_queue_that_cannot_be_written_is_told_and_goes_on_in_memory(studio, tiny):
    folder = config_folder()
    moved = folder.rename(folder.with_name("moved"))
    folder.write_text("a file where the folder was")
    studio.queue.add([tiny(1)])
    assert states(studio) == ["waiting"]
    assert "The queue cannot be kept" in studio.window.log.text
    folder.unlink()
    moved.rename(folder)


def test_that_an_entry_is_edited_in_the_form_and_put_back(studio, qtbot):
    press(studio, qtbot, "addToQueue")
    press(studio, qtbot, "addToQueue")
    setup = studio.window.setup
    setup._form.edited.emit(("seed", 55))
    before = setup.state
    choose(studio, 0)
    act(studio, "queueEdit")
    assert setup.config.seed == 7 and states(studio) == ["being edited", "waiting"]
    assert not button(studio, "start").isVisible() and not studio.window.menus.start.isEnabled()
    setup._form.edited.emit(("seed", 8))
    press(studio, qtbot, "putBack")
    assert seeds(studio) == [8, 7] and states(studio) == ["waiting", "waiting"]
    assert setup.state == before and button(studio, "start").isVisible()
    assert [entry["config"]["seed"] for entry in kept()] == [8, 7]


def test_that_an_entry_that_is_edited_does_not_begin_and_may_stay_as_it_was(studio, qtbot, tiny):
    studio.queue.add([tiny(1), tiny(2)])
    choose(studio, 0)
    act(studio, "queueEdit")
    studio.queue.start()
    wait_for(studio, qtbot, "being edited", "finished")
    studio.window.setup._form.edited.emit(("seed", 8))
    press(studio, qtbot, "cancelEdit")
    wait_until_done(studio, qtbot)
    assert seeds(studio) == [1, 2] and states(studio) == ["finished", "finished"]


def test_that_a_run_that_is_edited_is_not_what_the_form_remembers(studio, tiny):
    studio.queue.add([tiny(1)])
    choose(studio, 0)
    act(studio, "queueEdit")
    studio._memory.save()
    assert not (config_folder() / "form.json").exists()


@pytest.mark.parametrize(
    ("key", "modifier", "order"),
    [
        (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier, [1, 0, 2]),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier, [1, 2]),
        (Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier, [0, 0, 1, 2]),
    ],
)
def test_that_the_list_is_changed_with_keys(studio, qtbot, tiny, key, modifier, order):
    studio.queue.add([tiny(seed) for seed in range(3)])
    show_queue(studio)
    table = studio.window.findChild(QTableView, "queue")
    table.setFocus()
    choose(studio, 0)
    qtbot.keyClick(table, key, modifier)
    assert seeds(studio) == order


def test_that_rows_are_dragged_to_another_place(studio, tiny):
    studio.queue.add([tiny(seed) for seed in range(4)])
    model = studio.window.findChild(QTableView, "queue").model()
    data = model.mimeData([model.index(0, 0), model.index(0, 1), model.index(2, 0)])
    assert data.hasFormat(MIME)
    assert not model.dropMimeData(data, Qt.DropAction.MoveAction, 4, 0, QModelIndex())
    assert seeds(studio) == [1, 3, 0, 2]
    assert [entry["config"]["seed"] for entry in kept()] == [1, 3, 0, 2]
    choose(studio, 2)
    assert studio.window.queue.chosen == (entries(studio)[2].key,)


def test_that_what_is_chosen_stays_chosen_while_the_list_changes(studio, tiny):
    studio.queue.add([tiny(seed) for seed in range(3)])
    choose(studio, 1)
    studio.queue._change(lambda queue: queue.move([queue.entries[0].key], 3))
    assert [entry.config.seed for entry in entries(studio) if entry.key in studio.window.queue.chosen] == [1]


def test_that_a_run_of_the_queue_is_opened_from_it(studio, qtbot, tiny):
    studio.queue.add([tiny(1)])
    studio.queue.start()
    wait_until_done(studio, qtbot)
    studio.session.close()
    choose(studio, 0)
    with qtbot.waitSignal(studio.session.run_changed, timeout=MINUTE_MS):
        act(studio, "queueOpen")
    assert str(studio.session.store.folder) == entries(studio)[0].folder


def test_that_a_run_on_a_device_that_is_not_there_is_said_to_have_failed(studio, qtbot, tiny):
    studio.queue.set_devices(TWO)
    studio.queue.add([tiny(1, search_epochs=LONG), tiny(2, device="cuda:1")])
    studio.queue.start()
    wait_for(studio, qtbot, "running", "failed")
    assert "cuda:1" in studio.window.queue.rows[1].tip
    studio.run.stop()
    wait_for(studio, qtbot, "stopped", "failed")


def test_that_the_queue_of_a_window_that_died_can_be_claimed(tmp_path):
    first = QueueFile(tmp_path)
    assert first.claim()
    first.write(Queue().add([Entry(config=tiny_config(tmp_path))]))
    first.close()
    second = RunQueue(tmp_path, None)
    second.load()
    assert second.own and len(second.queue) == 1
    second.close()


def test_that_runs_of_one_name_are_told_apart_by_what_differs(studio, tiny):
    wide = tiny(prompt={"kind": "pad", "canvas": 16, "pad": 4})
    studio.queue.add([tiny(), wide, tiny(), tiny(8)])
    narrow, padded, same, other = (row.what for row in studio.window.queue.rows)
    assert narrow == same != padded
    assert padded.endswith("pad 4 px") and padded.startswith(narrow.rpartition(" · ")[0])
    assert other.endswith("seed 8")
    table = studio.window.findChild(QTableView, "queue")
    assert table.isColumnHidden(1)  # none has a name
    studio.queue.add([tiny(9, name="mine")])
    assert not table.isColumnHidden(1) and studio.window.queue.rows[-1].name == "mine"
