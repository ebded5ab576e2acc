"""A run goes on: after a stop, a failure, a kill, a pause; the result is that of the run that was never cut off."""

import gc
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.engine.checkpoints import write_both
from tests.engine.tiny_runs import make_pictures, run, run_with, tiny_config
from vpns_engine.artifacts import read_arrays
from vpns_engine.cli_show import open_run
from vpns_engine.drive import Control, resume, start
from vpns_engine.errors import EngineError
from vpns_engine.events import LevelSaved, Message, Paused, Resumed, RunEnded, RunStarted, StepDone
from vpns_engine.follow import Follower
from vpns_engine.levels import done_levels
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.official.importing import importing
from vpns_engine.official.request import ImportRequest
from vpns_engine.store import RunStore
from vpns_engine.training.run import Run
from vpns_engine.training.state import TrainState

MAPPING, SEARCH, TUNING = 1, 2, 3
"""Phases of the level."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def config(pictures):
    return tiny_config(pictures, search_epochs=2, finetune_epochs=3)


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory):
    """Give the run that was never cut off."""
    return run(config, tmp_path_factory.mktemp("whole"))[0]


def _check_same(store, whole):
    """Compare what a run leaves behind with the run that was never cut off, bit for bit."""
    ours, theirs = store.read(), whole.read()
    assert (ours.damaged_lines, ours.history.ended.status, store.read_info().status) == (0, "finished", "finished")
    assert _measures(ours.history) == _measures(theirs.history)
    mine, other = _states(store), _states(whole)
    assert mine.keys() == other.keys()
    for key, arrays in mine.items():
        assert all(np.array_equal(value, other[key][name]) for name, value in arrays.items())
    numbers = [event.seq for event in Follower(store).read().events]
    assert numbers == sorted(set(numbers))


def _states(store):
    history = store.read().history
    saved = [saved for level in history.levels.values() for saved in level.saved]
    return {(one.phase, one.complete): read_arrays(store.path(one.state_path)) for one in saved}


def _measures(history):
    left_out = {"seq", "time", "seconds"}
    epochs = [epoch.model_dump(exclude=left_out) for phase in history.phases for epoch in phase.epochs]
    tests = [tested.model_dump(exclude=left_out) for level in history.levels.values() for tested in level.tested]
    return epochs, tests, [(level.sources, level.counts) for level in history.levels.values()], history.done


def _resume(store, watch=None, control=None):
    told = []
    resume(store, control or Control(), [told.append, *([watch] if watch else [])])
    return told


def _stopped(config, runs, when):
    control = Control()
    return run_with(control, config, runs, lambda event: control.stop() if when(event) else None)


def _at(phase, epoch, step):
    return lambda event: isinstance(event, StepDone) and (event.phase, event.epoch, event.step) == (phase, epoch, step)


def test_that_a_stopped_run_goes_on_within_its_epoch(config, whole, tmp_path):
    store, events = _stopped(config, tmp_path, _at(TUNING, 2, 1))
    assert events[-1].status == "stopped" and store.read_info().can_resume
    told = _resume(store)
    assert isinstance(told[0], Resumed) and told[0].at < told[0].seq and "epoch 2 of 3" in told[0].text
    assert isinstance(told[-1], RunEnded)
    assert [event.seq for event in told] == [events[-1].seq + 1 + number for number in range(len(told))]
    assert not [event for event in told if isinstance(event, RunStarted)]
    first = next(event for event in told if isinstance(event, StepDone))
    assert (first.epoch, first.step) == (2, 2)
    _check_same(store, whole)


def test_that_a_run_may_be_stopped_and_gone_on_with_many_times(config, whole, tmp_path):
    store, _ = _stopped(config, tmp_path, lambda event: isinstance(event, RunStarted))
    for _ in range(40):
        control, told = Control(), []

        def stop_soon(event, control=control, told=told):
            told.append(event)
            if sum(isinstance(one, StepDone) for one in told) == 4:
                control.stop()

        resume(store, control, [stop_soon])
        if told[-1].status == "finished":
            break
    assert len(store.read().history.resumed) > 3
    _check_same(store, whole)


def test_that_a_run_whose_process_is_killed_goes_on(config, whole, tmp_path):
    (tmp_path / "config.json").write_text(config.model_dump_json())
    command = [sys.executable, "-m", "vpns_engine", "run", "--config", str(tmp_path / "config.json"), "--runs", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        folder = next(line.split(": ", 1)[1].strip() for line in process.stdout if line.startswith("Run folder"))
        next(line for line in process.stdout if line.startswith("  epoch 1/3"))
        process.kill()
    store = RunStore.open(tmp_path / folder)
    assert (store.read_info().status, store.read_info().state) == ("running", "interrupted")
    assert _resume(store)[-1].status == "finished"
    _check_same(store, whole)


def test_that_a_run_that_failed_goes_on_once_the_cause_is_gone(config, whole, tmp_path):
    in_the_way = []

    def get_in_the_way(event):
        if _at(SEARCH, 1, 2)(event):
            (folder,) = tmp_path.iterdir()
            in_the_way.append(folder / "artifacts" / "density_0.5" / "search")
            in_the_way[0].rename(folder / "aside")
            in_the_way[0].write_text("a file")

    store, events = run(config, tmp_path, get_in_the_way)
    assert events[-1].status == "failed" and "search" in events[-1].text
    in_the_way[0].unlink()
    (store.folder / "aside").rename(in_the_way[0])
    assert _resume(store)[-1].status == "finished"
    _check_same(store, whole)


class _Paused(Control):
    """Goes on, or stops, as soon as the run waits; looks at `run.json` first."""

    def __init__(self, *, then="go_on"):
        super().__init__()
        self.store = None
        self.seen = []
        self.left = []
        """What of the run is still in memory."""
        self._then = then

    def wait(self):
        self.seen.append(self.store.read_info())
        self.left.append([kind.__name__ for one in gc.get_objects() if (kind := type(one)) in (TrainState, SparseNetwork, Run)])
        getattr(self, self._then)()
        return super().wait()


def _pausing(config, runs, control, when):
    events, asked = [], []

    def watch(event):
        events.append(event)
        if when(event) and not asked:
            asked.append(event)
            control.pause()

    store = start(config, runs, control, [watch], opened=lambda store: setattr(control, "store", store))
    return store, events, asked[0]


@pytest.mark.parametrize("phase", [MAPPING, SEARCH, TUNING])
def test_that_a_pause_changes_nothing_and_no_batch_is_done_twice(config, whole, tmp_path, phase):
    control = _Paused()
    kinds = ("step", "measuring") if phase != MAPPING else ("phase-started",)
    store, events, asked = _pausing(config, tmp_path, control, lambda e: e.kind in kinds and e.phase == phase)
    (paused,) = [event for event in events if isinstance(event, Paused)]
    (back,) = [event for event in events if isinstance(event, Resumed)]
    assert paused.held_mib > 1 and "MiB" in paused.text
    assert back.at <= asked.seq < paused.seq < back.seq
    assert back.at == asked.seq or asked.kind != "step"
    assert [(info.status, info.state) for info in control.seen] == [("paused", "paused")]
    assert control.left == [[]]
    assert [event.kind for event in events].count("run-started") == 1
    steps = [(event.phase, event.epoch, event.step) for event in events if isinstance(event, StepDone)]
    assert len(steps) == len(set(steps))
    _check_same(store, whole)


def test_that_a_paused_run_may_be_stopped_and_gone_on_with_elsewhere(config, whole, tmp_path):
    control = _Paused(then="stop")
    store, events, _ = _pausing(config, tmp_path, control, _at(TUNING, 2, 2))
    assert [event.kind for event in events[-2:]] == ["paused", "run-ended"] and events[-1].status == "stopped"
    assert [event.complete for event in events if isinstance(event, LevelSaved)] == [True, False]  # the result so far is kept
    _resume(store)
    _check_same(store, whole)


def test_that_a_pause_before_anything_is_read_begins_anew(config, whole, tmp_path):
    control = _Paused()
    store, events, _ = _pausing(config, tmp_path, control, lambda event: event.kind == "preparing")
    assert next(event for event in events if isinstance(event, Resumed)).at == -1
    _check_same(store, whole)


def test_that_a_run_that_cannot_be_made_safe_is_not_paused_and_loses_nothing(config, whole, tmp_path):
    control = _Paused()

    def asks(event):
        if _at(SEARCH, 1, 2)(event):
            (control.store.folder / "checkpoints").rename(control.store.folder / "aside")
            (control.store.folder / "checkpoints").write_text("a file")
            return True
        if isinstance(event, Message) and "Not paused" in event.text:
            (control.store.folder / "checkpoints").unlink()
        return False

    store, events, _ = _pausing(config, tmp_path, control, asks)
    (refused,) = [event for event in events if isinstance(event, Message)]
    assert refused.severity == "error" and refused.text.startswith("Not paused: ")
    assert not control.seen and not control.pausing
    _check_same(store, whole)


def test_that_a_finished_run_is_not_gone_on_with(whole):
    size = (whole.folder / "events.jsonl").stat().st_size
    with pytest.raises(EngineError, match="is finished"):
        resume(whole, Control(), [])
    assert (whole.folder / "events.jsonl").stat().st_size == size
    assert whole.read_info().status == "finished" and not (whole.folder / "run.lock").exists()


@pytest.mark.parametrize("left", ["running", None])
def test_that_a_run_that_was_killed_right_after_its_last_event_is_finished_and_offered_no_more(whole, tmp_path, left):
    store = RunStore.open(shutil.copytree(whole.folder, tmp_path / "copy"))
    if left is None:
        (store.folder / "run.json").unlink()
    else:
        dead = store.read_info().model_copy(update={"status": left, "process": 2**22 - 3, "process_started": 1.0})
        store.write_info(dead)
        assert dead.state == "interrupted"
    (store.folder / "checkpoints" / "last.pt").write_bytes(b"left over")
    events = (store.folder / "events.jsonl").read_bytes()
    with pytest.raises(EngineError, match="is finished"):
        resume(store, Control(), [])
    assert store.read_info().state == "finished" and not store.read_info().can_resume
    assert not list(store.folder.glob("checkpoints/*")) and (store.folder / "events.jsonl").read_bytes() == events


def test_that_a_finished_run_leaves_no_checkpoints_and_a_stopped_one_does(config, whole, tmp_path):
    assert not list(whole.folder.glob("checkpoints/*"))
    store, _ = _stopped(config, tmp_path, _at(SEARCH, 2, 1))
    assert (store.folder / "checkpoints" / "last.pt").stat().st_size > 1000


def test_that_of_two_that_go_on_with_a_run_one_is_refused_and_nothing_is_lost(config, whole, tmp_path):
    store, _ = _stopped(config, tmp_path, _at(SEARCH, 2, 1))
    refused = []

    def try_as_well(event):
        if _at(TUNING, 1, 1)(event):
            with pytest.raises(EngineError, match="worked on by this program"):
                resume(RunStore.open(store.folder), Control(), [refused.append])
            refused.append("refused")

    _resume(store, try_as_well)
    assert refused == ["refused"]
    _check_same(store, whole)


DAMAGES = ("last cut", "last empty", "both", "no checkpoints", "events cut", "events empty", "no run.json")


@pytest.mark.parametrize("damage", DAMAGES)
def test_that_a_damaged_run_opens_says_what_is_damaged_and_goes_on_from_what_is_whole(config, whole, tmp_path, damage):
    store, _ = _stopped(config, tmp_path, _at(TUNING, 2, 1))
    last, before, events = (store.folder / name for name in ("checkpoints/last.pt", "checkpoints/before.pt", "events.jsonl"))
    match damage:
        case "last cut":
            os.truncate(last, last.stat().st_size // 2)
        case "last empty":
            os.truncate(last, 0)
        case "both":
            os.truncate(last, 10)
            os.truncate(before, 10)
        case "no checkpoints":
            shutil.rmtree(store.folder / "checkpoints")
        case "events cut":
            os.truncate(events, events.stat().st_size - 9)
        case "events empty":
            os.truncate(events, 0)
        case "no run.json":
            (store.folder / "run.json").unlink()
    shown = open_run(store.folder).damage
    assert bool(shown) == (damage != "no checkpoints"), shown
    told = _resume(store)
    warned = [event.text for event in told if isinstance(event, Message)]
    assert bool(warned) == (damage in ("last cut", "last empty", "both", "events empty")), warned
    anew = damage in ("both", "no checkpoints", "events empty")
    assert ("from the beginning" in told[0].text) == anew
    assert any(isinstance(event, RunStarted) for event in told) == (damage == "events empty")
    if damage == "events cut":
        assert store.read().damaged_lines == 1  # the line that was cut stays in the file
        store.folder.joinpath("events.jsonl").write_bytes(
            b"".join(line for line in events.read_bytes().splitlines(keepends=True) if line.rstrip().endswith(b"}"))
        )
    _check_same(store, whole)


def test_that_a_checkpoint_of_events_that_are_lost_never_comes_back(config, whole, tmp_path):
    store, _ = _stopped(config, tmp_path, _at(TUNING, 2, 1))
    os.truncate(store.folder / "events.jsonl", 0)
    control = Control()
    told = _resume(store, lambda event: control.stop() if _at(SEARCH, 1, 1)(event) else None, control)
    assert told[0].at == -1
    again = _resume(store)
    first = next(event for event in again if isinstance(event, StepDone))
    assert (first.phase, first.epoch, first.step) == (SEARCH, 1, 2)
    _check_same(store, whole)


def test_that_numbers_are_never_given_twice_though_iterations_were_never_written(config, whole, tmp_path):
    store, _ = _stopped(config, tmp_path, _at(TUNING, 2, 2))
    path, numbers = store.folder / "events.jsonl", []
    kept = path.read_bytes().splitlines(keepends=True)
    while b'"kind":"epoch"' not in kept[-1]:  # killed right after the checkpoint, and no iteration of the epoch was written
        kept.pop()
    path.write_bytes(b"".join(kept))
    for _ in range(2):
        control, told = Control(), []

        def stop_at_once(event, control=control, told=told):
            told.append(event)
            if isinstance(event, StepDone):
                control.stop()

        resume(store, control, [stop_at_once])
        numbers.append((told[0].at, told[0].seq))
    assert all(number > at for at, number in numbers)
    _resume(store)
    _check_same(store, whole)


def test_that_a_level_of_a_run_that_went_on_counts_as_done(config, tmp_path):
    store, _ = _stopped(config, tmp_path, _at(TUNING, 2, 1))
    assert not done_levels(config, tmp_path).levels
    _resume(store)
    assert list(done_levels(config, tmp_path).levels) == [0.5]


def test_that_what_was_taken_over_is_told_again_where_a_run_begins_anew(config, tmp_path):
    from vpns_engine.events import Tested

    control = Control()
    known = Tested(level=-1, stage="map", accuracy=0.5, accuracy_prompted=None, taken_from="another run")
    store = start(
        config, tmp_path, control, [lambda e: control.stop() if _at(SEARCH, 1, 1)(e) else None], known=[known]
    )
    shutil.rmtree(store.folder / "checkpoints")
    _resume(store)
    assert [tested.taken_from for tested in store.read().history.dense_elsewhere] == ["another run"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_both(tmp_path_factory.mktemp("official"))


def test_that_an_import_that_is_paused_begins_anew_and_ends_the_same(written, tmp_path):
    request = ImportRequest(path=written.best, density=0.5, data={"dataset": "folder", "folder": str(written.pictures)})
    config, make = importing(request)
    whole = start(config, tmp_path / "whole", Control(), [], make=make)
    control = _Paused()

    def pause(event):
        if event.kind == "measuring" and not control.seen:
            control.pause()

    store = start(config, tmp_path, control, [pause], opened=lambda store: setattr(control, "store", store), make=make)
    assert [back.at for back in store.read().history.resumed] == [-1]
    _check_same(store, whole)


def test_that_an_import_that_was_cut_off_is_to_be_done_again(written, tmp_path):
    config, make = importing(ImportRequest(path=written.best, density=0.5))
    control = Control()
    store = start(config, tmp_path, control, [lambda _event: control.stop()], make=make)
    assert not store.read_info().can_resume
    with pytest.raises(EngineError, match="import it again"):
        resume(store, Control(), [])
