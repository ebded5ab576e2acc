"""The queue itself and the file that keeps it."""

import json
import os
import subprocess
import sys

import pytest

from tests.engine.done_runs import config_of, done_run
from vpns_engine.errors import EngineError
from vpns_engine.liveness import started_at
from vpns_engine.waiting import MAX_ENTRIES, Entry, Queue, QueueFile, lane_of, settled


def entry(seed=7, device="auto", **values):
    return Entry(config=config_of(seed=seed, device=device), **values)


def seeds(queue):
    return [item.config.seed for item in queue]


def keys(queue, *wanted):
    return [item.key for item in queue if item.config.seed in wanted]


@pytest.fixture
def queue():
    return Queue().add(entry(seed) for seed in range(5))


@pytest.fixture
def file(tmp_path):
    made = QueueFile(tmp_path / "config")
    assert made.claim()
    yield made
    made.close()


def test_that_entries_stand_in_the_order_they_were_added_and_keep_their_settings(queue):
    assert seeds(queue.add([entry(9)])) == [0, 1, 2, 3, 4, 9]
    assert len({item.key for item in queue}) == 5


@pytest.mark.parametrize(
    ("moved", "row", "order"),
    [
        ((0,), 5, [1, 2, 3, 4, 0]),
        ((4,), 0, [4, 0, 1, 2, 3]),
        ((1, 3), 0, [1, 3, 0, 2, 4]),
        ((1, 3), 3, [0, 2, 1, 3, 4]),
        ((2,), 2, [0, 1, 2, 3, 4]),
        ((2,), 3, [0, 1, 2, 3, 4]),
    ],
)
def test_that_entries_move_to_before_the_row_they_are_dropped_at(queue, moved, row, order):
    assert seeds(queue.move(keys(queue, *moved), row)) == order


@pytest.mark.parametrize(
    ("moved", "by", "order"),
    [
        ((2,), -1, [0, 2, 1, 3, 4]),
        ((2,), 1, [0, 1, 3, 2, 4]),
        ((0,), -1, [0, 1, 2, 3, 4]),
        ((4,), 1, [0, 1, 2, 3, 4]),
        ((1, 2), 1, [0, 3, 1, 2, 4]),
        ((), 1, [0, 1, 2, 3, 4]),
    ],
)
def test_that_entries_are_shifted_by_one_and_stay_at_the_ends(queue, moved, by, order):
    assert seeds(queue.shift(keys(queue, *moved), by)) == order


def test_that_a_copy_waits_right_after_what_it_is_of(queue):
    finished = queue.put(queue.entries[1].changed(state="finished", folder="/somewhere"))
    found = finished.duplicate(keys(queue, 1, 3))
    assert seeds(found) == [0, 1, 1, 2, 3, 3, 4]
    assert (found.entries[2].state, found.entries[2].folder) == ("waiting", "")
    assert found.entries[2].key != found.entries[1].key


def test_that_what_runs_cannot_be_removed(queue):
    running = queue.put(queue.entries[0].changed(state="running"))
    assert seeds(running.remove(keys(queue, 0, 1))) == [0, 2, 3, 4]


def test_that_too_long_a_queue_is_refused_in_words_and_changes_nothing(queue):
    with pytest.raises(EngineError, match=r"1,001 runs in the queue: at most 1,000"):
        queue.add(entry() for _ in range(MAX_ENTRIES - 4))
    assert len(queue) == 5


def test_that_the_first_that_waits_on_a_free_device_is_next():
    on = {"auto": "cuda:0", "cpu": "cpu", "cuda:1": "cuda:1"}
    devices = ("auto", "auto", "auto", "cpu", "cuda:1")
    queue = Queue().add(entry(seed, device) for seed, device in enumerate(devices))
    queue = queue.put(queue.entries[0].changed(state="finished"))

    def lane(config):
        return on[config.device]

    def next_seed(busy, skip=()):
        found = queue.next(lane, busy, skip)
        return None if found is None else found.config.seed

    assert next_seed(()) == 1
    assert next_seed({"cuda:0"}) == 3
    assert next_seed({"cuda:0", "cpu"}) == 4
    assert next_seed({"cuda:0", "cpu", "cuda:1"}) is None
    assert next_seed((), keys(queue, 1)) == 2


@pytest.mark.parametrize(
    ("wanted", "devices", "lane"),
    [
        ("auto", ("auto", "cuda", "cpu"), "cuda:0"),
        ("cuda", ("auto", "cuda", "cuda:0", "cuda:1", "cpu"), "cuda:0"),
        ("cuda:1", ("auto", "cuda", "cuda:0", "cuda:1", "cpu"), "cuda:1"),
        ("auto", ("auto", "mps", "cpu"), "mps"),
        ("auto", ("auto", "cpu"), "cpu"),
        ("cpu", ("auto", "cuda", "cpu"), "cpu"),
        ("cpu", (), ""),
        ("auto", (), ""),
    ],
)
def test_that_two_names_of_one_device_are_one_lane(wanted, devices, lane):
    assert lane_of(wanted, devices) == lane


def test_that_the_queue_is_read_as_it_was_written(file, queue):
    queue = queue.put(queue.entries[2].changed(state="failed", text="no space left", folder="/runs/x"))
    file.write(queue)
    assert file.read() == (queue, ())


def test_that_no_file_is_an_empty_queue(file):
    assert file.read() == (Queue(), ())


def test_that_a_second_window_can_read_but_not_write_until_the_first_is_closed(file, queue, tmp_path):
    file.write(queue)
    second = QueueFile(tmp_path / "config")
    assert not second.claim()
    with pytest.raises(EngineError, match="belongs to another window"):
        second.write(Queue())
    assert second.read() == (queue, ())
    file.close()
    assert second.claim()
    second.write(Queue())
    second.close()


def test_that_a_window_that_is_killed_lets_go_of_the_queue(tmp_path):
    holder = (
        "import sys, pathlib; from vpns_engine.waiting import QueueFile; made = QueueFile(pathlib.Path(sys.argv[1]));"
        "print(made.claim(), flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", holder, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "True\n"
        mine = QueueFile(tmp_path)
        assert not mine.claim()
        process.kill()
        process.wait()
        assert mine.claim()
        mine.close()


def kept_aside(file):
    return sorted(file.path.parent.glob("queue.damaged-*.json"))


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", "null", "\x00\xff", "[" * 100_000),
        *('{"entries": 3}', '{"entries": [NaN]}', '{"schema_version": 2, "entries": []}'),
    ],
)
def test_that_a_file_that_is_none_of_ours_is_kept_aside_with_one_line(file, text):
    file.path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode("latin-1")
    file.path.write_bytes(data)
    queue, lines = file.read()
    assert queue == Queue()
    assert len(lines) == 1 and "\n" not in lines[0] and "damaged" in lines[0]
    assert [path.read_bytes() for path in kept_aside(file)] == [data]
    assert file.read() == (Queue(), ())  # what is read stands there again


def test_that_a_file_cut_anywhere_is_kept_aside(file, queue):
    file.write(Queue(queue.entries[:2]))
    whole = file.path.read_bytes()
    for end in range(0, len(whole) - 1, 97):
        file.path.write_bytes(whole[:end])
        found, lines = file.read()
        assert found == Queue() and len(lines) == 1
        for path in kept_aside(file):
            assert path.read_bytes() == whole[:end]
            path.unlink()


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (("config", "prompt", "pad"), 999, "at most"),
        (("config", "nonsense"), 1, "no such setting"),
        (("config",), [], "config"),
        (("key",), "../../x", "key"),
        (("state",), "flying", "state"),
        (("folder",), "x" * 5000, "folder"),
        (("process",), -1, "process"),
    ],
)
def test_that_a_damaged_entry_is_left_out_and_the_others_stay(file, queue, at, value, words):
    file.write(queue)
    values = json.loads(file.path.read_text())
    place = values["entries"][1]
    for name in at[:-1]:
        place = place[name]
    place[at[-1]] = value
    file.path.write_text(json.dumps(values))
    found, lines = file.read()
    assert seeds(found) == [0, 2, 3, 4]
    assert len(lines) == 1 and "run 2 of 5" in lines[0] and words in lines[0], lines
    assert len(kept_aside(file)) == 1
    assert file.read() == (found, ())


def test_that_a_hostile_length_is_refused_without_reading_it(file):
    file.path.parent.mkdir(parents=True, exist_ok=True)
    with file.path.open("wb") as stream:
        os.truncate(stream.fileno(), 2**31)
    queue, lines = file.read()
    assert queue == Queue() and "larger than" in lines[0]


def test_that_another_windows_damaged_file_is_left_where_it_is(file, tmp_path):
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_text("{")
    second = QueueFile(tmp_path / "config")
    assert "damaged" in second.read()[1][0]
    assert file.path.read_text() == "{" and not kept_aside(file)


def test_that_a_run_that_went_on_when_the_window_died_stands_as_its_folder_says(tmp_path):
    store = done_run(tmp_path, config_of())
    running = entry(state="running", folder=str(store.folder))
    assert settled(running).state == "finished"
    dead = started_at(os.getpid()) + 100  # a process of this number that is none of ours
    store.write_info(store.read_info().taken_by_this_process().model_copy(update={"process_started": dead}))
    assert settled(running).state == "interrupted" and settled(running).resumable
    store.write_info(store.read_info().taken_by_this_process())
    assert settled(running) == running
    store.write_info(store.read_info().model_copy(update={"status": "failed", "message": "no space left"}))
    assert (settled(running).state, settled(running).text) == ("failed", "no space left")


def test_that_a_run_without_a_folder_waits_again_unless_its_process_is_there(tmp_path):
    assert settled(entry(state="running")).state == "waiting"
    mine = entry(state="running", process=os.getpid(), process_started=started_at(os.getpid()))
    assert settled(mine) == mine
    assert settled(mine.changed(process_started=1.0)).state == "waiting"
    gone = settled(entry(state="running", folder=str(tmp_path / "gone")))
    assert gone.state == "interrupted" and not gone.resumable and "is not a run" in gone.text


def test_that_what_does_not_run_is_not_looked_at(tmp_path):
    waiting = entry(folder=str(tmp_path))
    assert settled(waiting) is waiting
