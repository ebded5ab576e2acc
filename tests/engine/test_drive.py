"""How a run ends: finished, stopped or failed, and always said once."""

import shutil
import subprocess
import sys

import pytest

from tests.data_sets.web import serving
from tests.engine.tiny_runs import make_pictures, run, run_with, tiny_config
from vpns_engine.artifacts import read_arrays, read_state_info
from vpns_engine.download import fetch_file
from vpns_engine.drive import Control, start
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, LevelSaved, Preparing, RunEnded, StepDone
from vpns_engine.nn import models
from vpns_engine.store import RunStore


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


def _ends(events):
    return [event for event in events if isinstance(event, RunEnded)]


def _check_end(store, events, status):
    assert [end.status for end in _ends(events)] == [status]
    assert isinstance(events[-1], RunEnded)
    assert [event.seq for event in events] == list(range(len(events)))
    opened = RunStore.open(store.folder)
    assert opened.read_info().status == status
    history = opened.read().history
    assert history.ended.status == status and history.ended.text == events[-1].text
    assert opened.read_info().message == events[-1].text


def test_that_importing_the_driver_does_not_import_torch():
    code = "import sys, vpns_engine.drive; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_that_a_run_that_finishes_says_so_once(pictures, tmp_path):
    store, events = run(tiny_config(pictures), tmp_path)
    _check_end(store, events, "finished")
    assert store.read_info().device == "cpu"
    assert store.read_info().versions["torch"]


def test_that_the_folder_is_told_before_the_work_begins(pictures, tmp_path):
    order = []
    start(
        tiny_config(pictures, device="cuda:99"),
        tmp_path,
        Control(),
        [lambda event: order.append(event.kind)],
        opened=lambda store: order.append(store.folder.is_dir()),
    )
    assert order[0] is True and order[-1] == "run-ended"


@pytest.mark.parametrize("phase", [2, 3])
def test_that_a_stop_takes_effect_within_a_batch_and_keeps_a_loadable_state(pictures, tmp_path, phase):
    control = Control()

    def stop_at_first_step(event):
        if isinstance(event, StepDone) and event.phase == phase:
            control.stop()

    store, events = run_with(control, tiny_config(pictures, search_epochs=2, finetune_epochs=50), tmp_path, stop_at_first_step)
    _check_end(store, events, "stopped")
    assert len([event for event in events if isinstance(event, StepDone) and event.phase == phase]) == 1
    saved = [event for event in events if isinstance(event, LevelSaved)][-1]
    assert not saved.complete and saved.phase == phase
    info, arrays = read_state_info(store.path(saved.state_path)), read_arrays(store.path(saved.state_path))
    assert info.phase == ("search" if phase == 2 else "finetune")
    assert info.epoch == 0 and len(info.mapping) == 3
    assert {name.split("/")[0] for name in arrays} == {"weights", "scores", "masks", "prompt"}


def test_that_a_stopped_tuning_keeps_its_best_epoch_so_far(pictures, tmp_path):
    control, epochs = Control(), []

    def stop_in_the_third_epoch(event):
        if isinstance(event, EpochEnded) and event.phase == 3:
            epochs.append(event)
        if isinstance(event, StepDone) and event.phase == 3 and event.epoch == 3:
            control.stop()

    _, events = run_with(control, tiny_config(pictures, finetune_epochs=50), tmp_path, stop_in_the_third_epoch)
    saved = [event for event in events if isinstance(event, LevelSaved)][-1]
    best = max(epochs, key=lambda event: (event.val_accuracy, -event.val_loss))
    assert len(epochs) == 2
    assert saved.epoch == best.epoch


def test_that_a_stop_before_the_first_batch_ends_without_a_state(pictures, tmp_path):
    control = Control()
    control.stop()
    store, events = run_with(control, tiny_config(pictures), tmp_path)
    _check_end(store, events, "stopped")
    assert not [event for event in events if isinstance(event, LevelSaved)]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"device": "cuda:99"}, "device cuda:99 is not there"),
        (
            {"model": {"weights": "file", "weights_file": "/no/such/weights.pt"}},
            "weights file /no/such/weights.pt is not there",
        ),
        ({"data": {"folder": "/no/such/pictures"}}, "image folder /no/such/pictures is not there"),
    ],
)
def test_that_what_cannot_work_fails_with_one_line(pictures, tmp_path, changes, text):
    store, events = run(tiny_config(pictures, **changes), tmp_path)
    _check_end(store, events, "failed")
    assert text in events[-1].text and "\n" not in events[-1].text


def test_that_a_loss_that_is_no_number_fails_the_run_with_a_way_out(pictures, tmp_path):
    rate = {"kind": "sgd", "lr": 10, "weight_decay": 1}
    config = tiny_config(pictures, optim={"weights": rate, "finetune_prompt": rate}, finetune_epochs=200)
    store, events = run(config, tmp_path)
    _check_end(store, events, "failed")
    assert "the loss is no longer a number" in events[-1].text and "lower learning rate" in events[-1].text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RuntimeError("strange\nwith details"), "unexpected RuntimeError: strange (details in log.txt of the run folder)"),
        (MemoryError(), "not enough memory for this run: take a smaller batch size or image size"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "not enough memory for this run"),
    ],
)
def test_that_a_fault_of_ours_ends_the_run_and_leaves_its_trace(pictures, tmp_path, monkeypatch, error, text):
    def fail(*_args):
        raise error

    monkeypatch.setattr("vpns_engine.training.phases.half_step", fail)
    store, events = run(tiny_config(pictures), tmp_path)
    _check_end(store, events, "failed")
    assert events[-1].text.startswith(text) and "\n" not in events[-1].text
    assert "Traceback" in (store.folder / "log.txt").read_text(encoding="utf-8")


def test_that_a_run_whose_folder_is_removed_fails_with_a_clear_line(pictures, tmp_path):
    def remove_at_first_step(event):
        if isinstance(event, StepDone) and (event.phase, event.step) == (2, 1):
            shutil.rmtree(next(tmp_path.iterdir()))

    store, events = run(tiny_config(pictures), tmp_path, remove_at_first_step)
    assert [end.status for end in _ends(events)] == ["failed"]
    assert str(store.folder) in events[-1].text
    assert "\n" not in events[-1].text and "unexpected" not in events[-1].text


def test_that_a_full_disk_fails_with_a_clear_line(pictures, tmp_path, monkeypatch):
    def full(*_args, **_words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vpns_engine.artifacts._save", full)
    store, events = run(tiny_config(pictures), tmp_path)
    _check_end(store, events, "failed")
    assert events[-1].text.startswith("no space left for ")


def test_that_a_run_folder_that_cannot_be_made_is_an_error_at_once(pictures, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EngineError, match="file"):
        start(tiny_config(pictures), tmp_path / "file" / "runs", Control(), [])


def test_that_two_runs_of_one_config_get_folders_of_their_own(pictures, tmp_path):
    config = tiny_config(pictures, device="cuda:99")
    assert run(config, tmp_path)[0].folder != run(config, tmp_path)[0].folder


def test_that_a_stop_ends_a_download(pictures, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    for name in ("VPNS_CACHE", "TORCH_HOME"):
        monkeypatch.setenv(name, str(cache))
    monkeypatch.delenv("VPNS_WEIGHTS", raising=False)
    control = Control()

    def stop_at_first_megabytes(event):
        if isinstance(event, Preparing) and event.done is not None:
            control.stop()

    with serving({"weights.pth": bytes(1 << 22)}) as web:
        web.stall = 1 << 20
        address = web.url("weights.pth")
        monkeypatch.setattr(models, "fetch_file", lambda _url, path, **words: fetch_file(address, path, **words))
        config = tiny_config(pictures, model={"architecture": "resnet18"})
        store, events = run_with(control, config, tmp_path, stop_at_first_megabytes)
    _check_end(store, events, "stopped")
    assert web.asked
    assert len([event for event in events if isinstance(event, Preparing) and event.done is not None]) == 1
    assert not list(cache.rglob("*.pth"))
