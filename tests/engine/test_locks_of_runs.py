"""Two never write one run: threads, processes, and machines."""

import subprocess
import sys
import threading

import pytest

from vpns_engine.control import Control
from vpns_engine.drive import resume
from vpns_engine.errors import EngineError
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunIsHeld, RunStore

HOLDS = """
import sys
from pathlib import Path
from vpns_engine.store import RunStore
store = RunStore.open(Path(sys.argv[1]))
with store.writing():
    store.write_info(store.read_info().taken_by_this_process())
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path):
    return RunStore.create(tmp_path / "runs", RunConfig())


@pytest.fixture
def holder(store):
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(store.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline().strip() == b"held"
    yield process
    process.kill()
    process.communicate()


def test_that_a_run_in_the_hands_of_another_process_is_not_written(store, holder):
    with pytest.raises(RunIsHeld, match=f"{store.folder.name} is worked on by process {holder.pid} on "), store.writing():
        pytest.fail("both have it")
    with pytest.raises(RunIsHeld):
        resume(store, Control(), [])
    assert store.read_info().process == holder.pid
    assert not (store.folder / "events.jsonl").exists()


def test_that_a_run_is_free_once_its_process_is_killed(store, holder):
    holder.kill()
    holder.wait()
    with store.writing():
        assert store.read_info().state == "interrupted"
    assert not (store.folder / "run.lock").exists()


def test_that_a_run_in_the_hands_of_another_thread_is_not_written(store):
    held, over = threading.Event(), threading.Event()

    def hold():
        with store.writing():
            held.set()
            over.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(10)
        with pytest.raises(RunIsHeld, match="worked on by this program"), RunStore.open(store.folder).writing():
            pytest.fail("both have it")
    finally:
        over.set()
        thread.join()
    with store.writing():
        pass


def test_that_a_run_of_another_machine_that_beats_is_not_gone_on_with(store):
    store.write_info(store.read_info().model_copy(update={"host": "another.example", "process": 7}))
    with pytest.raises(RunIsHeld, match=r"worked on by process 7 on another\.example"):
        resume(store, Control(), [])


def test_that_a_folder_that_is_gone_cannot_be_held_and_is_not_made_again(store, tmp_path):
    gone = RunStore(tmp_path / "gone", store.config)
    with pytest.raises(EngineError, match="gone is not there"), gone.writing():
        pytest.fail("nothing is there")
    with pytest.raises(EngineError, match="gone is not there"):
        gone.write_info(store.read_info())
    assert not gone.folder.exists()
