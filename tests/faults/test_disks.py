"""A disk that is full, read-only, or takes no checkpoint: the run ends with a line, and goes on to the same bits."""

import os
import shutil

import pytest

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from tests.faults.support import NoDiskError, empty, end_of, fill, go_on, result_of, small_disk
from vpns_engine.drive import Control, start
from vpns_engine.errors import EngineError
from vpns_engine.store import RunStore

MEGABYTES = 60


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def config(pictures):
    return tiny_config(pictures, search_epochs=2, finetune_epochs=2)


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory):
    """Give what the run comes to when nothing goes wrong."""
    return result_of(run(config, tmp_path_factory.mktemp("whole"))[0].folder)


@pytest.fixture
def disk(tmp_path):
    """Give a disk of a few megabytes."""
    try:
        with small_disk(tmp_path / "disk", MEGABYTES) as place:
            yield place
    except NoDiskError as reason:
        pytest.skip(str(reason))


MOMENTS = {
    "before the labels are mapped": lambda event: event.kind == "run-started",
    "in the search": lambda event: event.kind == "step" and (event.phase, event.epoch) == (2, 2),
    "as the search ends": lambda event: event.kind == "epoch" and (event.phase, event.epoch) == (2, 2),
    "in the tuning": lambda event: event.kind == "step" and (event.phase, event.epoch) == (3, 1),
    "before the last epoch ends": lambda event: event.kind == "measuring" and event.phase == 3,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_that_a_full_disk_ends_the_run_which_then_goes_on_to_the_same_bits(config, whole, disk, moment):
    def fill_then(event):
        if MOMENTS[moment](event):
            fill(disk)

    store, events = run(config, disk, fill_then)
    end = end_of(events)
    assert end.status == "failed"
    assert end.text.startswith("no space left for ") and "free some" in end.text
    assert RunStore.open(store.folder).read_info().state == "failed"
    empty(disk)
    assert end_of(go_on(store.folder)).status == "finished"
    assert result_of(store.folder) == whole


def test_that_a_disk_that_stays_full_is_told_again_and_harms_nothing(config, whole, disk):
    store, _ = run(config, disk, lambda event: fill(disk) if MOMENTS["in the tuning"](event) else None)
    for _ in range(2):
        with pytest.raises(EngineError, match="no space left"):
            raise EngineError(end_of(_tried(store.folder)).text)
    empty(disk)
    assert end_of(go_on(store.folder)).status == "finished"
    assert result_of(store.folder) == whole


def _tried(folder):
    try:
        return go_on(folder)
    except EngineError as error:
        from vpns_engine.events import RunEnded

        return [RunEnded(status="failed", text=str(error))]


def test_that_a_read_only_folder_of_runs_is_told_before_anything_begins(config, tmp_path):
    try:
        with small_disk(tmp_path / "disk", 1, read_only=True) as disk, pytest.raises(EngineError) as caught:
            start(config, disk, Control(), [])
    except NoDiskError as reason:
        pytest.skip(str(reason))
    assert "no permission to write" in str(caught.value) and "choose another folder" in str(caught.value)


def test_that_a_checkpoint_that_cannot_be_written_ends_the_run_which_then_begins_its_level_anew(config, whole, tmp_path):
    def put_a_file_in_the_way(event):
        if MOMENTS["in the tuning"](event):
            (folder,) = tmp_path.glob("*/checkpoints")
            shutil.rmtree(folder)
            folder.write_text("in the way")

    store, events = run(config, tmp_path, put_a_file_in_the_way)
    end = end_of(events)
    assert end.status == "failed" and "checkpoints" in end.text
    (store.folder / "checkpoints").unlink()
    assert end_of(go_on(store.folder)).status == "finished"
    assert result_of(store.folder) == whole


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not hold for root")
def test_that_a_folder_that_may_not_be_written_any_more_ends_the_run(config, whole, tmp_path):
    def close_it(event):
        if MOMENTS["in the search"](event):
            next(tmp_path.glob("*/artifacts/*/search")).chmod(0o555)

    store, events = run(config, tmp_path, close_it)
    assert "no permission to write" in end_of(events).text
    next(store.folder.glob("artifacts/*/search")).chmod(0o755)
    assert end_of(go_on(store.folder)).status == "finished"
    assert result_of(store.folder) == whole
