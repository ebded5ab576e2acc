"""Whether a run that says that it is worked on is: real processes, alive, killed, and reaped late."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from vpns_engine.liveness import HEARTBEAT_SECONDS, SILENT_SECONDS, is_alive, started_at, this_process
from vpns_engine.store import RunInfo

WAITS = "import sys; print('up', flush=True); sys.stdin.read()"


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-c", WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline().strip() == b"up"
    yield process
    process.kill()
    process.communicate()


def _place_of(process):
    return replace(this_process(), process=process.pid, process_started=started_at(process.pid))


def _info(place, **more):
    values = {"host": place.host, "boot": place.boot, "process": place.process, "process_started": place.process_started}
    return RunInfo(**{"heartbeat": time.time(), **values, **more})


def test_that_this_process_is_alive():
    assert is_alive(this_process(), time.time())
    assert this_process().process == os.getpid() and this_process().host


def test_that_a_child_is_alive_until_it_is_killed_and_dead_before_anybody_asks_how_it_ended(child):
    place = _place_of(child)
    assert is_alive(place, time.time())
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table of processes
    assert not is_alive(place, time.time())
    child.wait()
    assert not is_alive(place, time.time()) and started_at(child.pid) is None


def test_that_another_process_of_the_same_number_is_not_the_one(child):
    assert not is_alive(replace(_place_of(child), process_started=_place_of(child).process_started - 60), time.time())


def test_that_a_process_that_is_there_but_silent_does_not_work():
    assert not is_alive(this_process(), time.time() - SILENT_SECONDS - 1)


def test_that_a_heartbeat_from_the_future_is_none():
    assert not is_alive(this_process(), time.time() + 3600)


@pytest.mark.parametrize(("seconds", "alive"), [(0, True), (SILENT_SECONDS - 5, True), (SILENT_SECONDS + 5, False)])
def test_that_of_another_machine_only_the_heartbeat_is_known(seconds, alive):
    elsewhere = replace(this_process(), host="another.example", process=1, process_started=0.0)
    assert is_alive(elsewhere, time.time() - seconds) is alive


def test_that_after_the_machine_was_started_anew_its_runs_are_dead_at_once():
    before = replace(this_process(), boot="another start")
    assert is_alive(before, time.time())  # or it is another container of the same name, which beats
    assert not is_alive(before, time.time() - 3 * HEARTBEAT_SECONDS - 1)


@pytest.mark.parametrize("number", [-1, 0, 2**22 + 1, 2**80])
def test_that_a_number_no_process_has_is_no_error(number):
    assert started_at(number) is None


@pytest.mark.parametrize("status", ["running", "paused"])
def test_that_a_run_that_says_it_is_worked_on_is_interrupted_once_its_process_is_gone(child, status):
    info = _info(_place_of(child), status=status)
    assert info.state == status and info.is_worked_on and not info.can_resume
    child.kill()
    child.wait()
    assert info.state == "interrupted" and not info.is_worked_on and info.can_resume


@pytest.mark.parametrize("status", ["finished", "stopped", "failed"])
def test_that_a_run_that_has_ended_stays_so_whoever_lives(status):
    info = _info(this_process(), status=status)
    assert info.state == status and info.can_resume is (status != "finished")


def test_that_an_import_that_was_cut_off_cannot_be_gone_on_with():
    assert not RunInfo(status="failed", imported=True).can_resume


def test_that_a_run_of_an_older_version_is_judged_by_its_heartbeat():
    old = {"schema_version": 1, "status": "running", "process": os.getpid(), "started": 1.0}
    assert RunInfo.model_validate({**old, "heartbeat": time.time()}).state == "running"
    assert RunInfo.model_validate({**old, "heartbeat": time.time() - 300}).state == "interrupted"
