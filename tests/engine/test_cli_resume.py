"""`vpns resume` and `vpns follow`, with real processes beside."""

import platform
import signal
import subprocess
import sys

import pytest

from tests.engine.tiny_runs import make_pictures, run_with, tiny_config
from vpns_engine.cli import main
from vpns_engine.drive import Control
from vpns_engine.events import StepDone
from vpns_engine.store import RunLibrary, RunStore

LONG = 400
"""Epochs of a tuning that outlasts every test."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


def _stopped(pictures, runs, **changes):
    control = Control()

    def stop(event):
        if isinstance(event, StepDone) and event.phase == 3:
            control.stop()

    return run_with(control, tiny_config(pictures, **changes), runs, stop)[0]


def _vpns(*words):
    command = [sys.executable, "-m", "vpns_engine", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _wait_for(process, start):
    return next(line.strip() for line in process.stdout if line.startswith(start))


@pytest.fixture
def long_run(pictures, tmp_path):
    """Start a run that works for long, in a process of its own; give both."""
    (tmp_path / "config.json").write_text(tiny_config(pictures, finetune_epochs=LONG).model_dump_json())
    with _vpns("run", "--config", tmp_path / "config.json", "--runs", tmp_path / "runs") as process:
        folder = _wait_for(process, "Run folder: ").removeprefix("Run folder: ")
        _wait_for(process, f"  epoch 1/{LONG}")
        yield process, RunStore.open(tmp_path / folder)
        process.kill()


def test_that_a_stopped_run_goes_on_in_the_terminal(pictures, tmp_path, capsys):
    store = _stopped(pictures, tmp_path)
    assert main(["resume", "latest", "--runs", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "Goes on in Tune, 50 % sparsity, epoch 1 of 1" in out
    assert "Tuned" in out.split("\nfinished: ")[0] and f"finished: {store.folder}" in out
    assert store.read_info().status == "finished"


def test_that_the_runs_that_can_go_on_are_listed(pictures, tmp_path, capsys):
    assert main(["resume", "--runs", str(tmp_path)]) == 0
    assert "no run in" in capsys.readouterr().out
    store = _stopped(pictures, tmp_path)
    main(["resume", "--runs", str(tmp_path)])
    out = capsys.readouterr().out
    assert store.folder.name in out and "stopped" in out
    main(["resume", "latest", "--runs", str(tmp_path)])
    capsys.readouterr()
    main(["resume", "--runs", str(tmp_path)])
    assert store.folder.name not in capsys.readouterr().out


def test_that_a_finished_run_is_refused_in_one_line(pictures, tmp_path, capsys):
    _stopped(pictures, tmp_path)
    main(["resume", "latest", "--runs", str(tmp_path)])
    capsys.readouterr()
    assert main(["resume", "latest", "--runs", str(tmp_path)]) == 1
    assert capsys.readouterr().err.strip().endswith("there is nothing to go on with; tune it further instead")


def test_that_a_run_in_the_hands_of_another_process_is_followed_to_its_end(long_run, tmp_path):
    process, store = long_run
    with _vpns("resume", "latest", "--runs", tmp_path / "runs") as second:
        lines = [_wait_for(second, store.folder.name), _wait_for(second, "  epoch ")]
        holder = f"process {process.pid} on {platform.node()}"
        assert lines[0] == f"{store.folder.name} is worked on by {holder}: following it instead"
        process.send_signal(signal.SIGTERM)
        rest = second.stdout.read()
    assert f"stopped: {store.folder}" in rest and "`vpns resume" in rest
    assert second.returncode == 130
    process.communicate()
    assert store.read_info().status == "stopped"


def test_that_following_tells_of_a_run_that_is_killed(long_run, tmp_path):
    process, store = long_run
    with _vpns("follow", "latest", "--runs", tmp_path / "runs") as second:
        _wait_for(second, "  epoch ")
        process.kill()
        process.wait()
        rest = second.stdout.read()
    assert f"interrupted: {store.folder}" in rest
    assert second.returncode == 1


def test_that_leaving_a_run_that_is_followed_leaves_it_alone(long_run, tmp_path):
    process, store = long_run
    with _vpns("follow", "latest", "--runs", tmp_path / "runs") as second:
        _wait_for(second, "  epoch ")
        second.send_signal(signal.SIGINT)
        assert "not followed any more; the run goes on" in second.stdout.read()
    assert second.returncode == 130
    assert process.poll() is None and store.read_info().state == "running"


def test_that_a_run_that_is_over_is_shown_as_it_ended(pictures, tmp_path, capsys):
    store = _stopped(pictures, tmp_path)
    assert main(["follow", store.folder.name, "--runs", str(tmp_path)]) == 130
    out = capsys.readouterr().out
    assert f"stopped: {store.folder}" in out and "epoch 1/" not in out


def test_that_a_run_that_was_killed_is_shown_as_interrupted_and_can_go_on(long_run, capsys):
    process, store = long_run
    process.send_signal(signal.SIGKILL)
    process.wait()
    (folder,) = RunLibrary(store.folder.parent).runs()
    main(["show", str(folder)])
    assert "interrupted, last heard of" in capsys.readouterr().out
    assert (folder / "checkpoints" / "last.pt").is_file()
