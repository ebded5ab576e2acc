"""What a run will put on the disk, counted beforehand and held against what real runs leave."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.tiny_runs import CLASSES, make_pictures, run, tiny_config
from vpns_engine.estimate import Estimate, disk_problem, disk_words, room_of_all
from vpns_engine.events import EpochEnded
from vpns_engine.keeping import Keeping, usage_of, write_keeping
from vpns_engine.prediction_files import read_predictions
from vpns_engine.presets import preset_called
from vpns_engine.specs.problems import config_from
from vpns_engine.usage import Room, free_on, room_of


@pytest.fixture(autouse=True)
def _settings(tmp_path, monkeypatch):
    monkeypatch.setenv("VPNS_CONFIG", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


def largest_checkpoint(folder: Path) -> int:
    """Give the size of the largest checkpoint of the only run in a folder."""
    return max((path.stat().st_size for path in folder.glob("*/checkpoints/*.pt")), default=0)


ADAM = {"optim": {"weights": {"kind": "adam", "lr": 1e-3}}}
CASES = {
    "a ring": {},
    "no prompt": {"prompt": {"kind": "none"}},
    "low rank": {"prompt": {"kind": "low_rank", "rank": 2}},
    "a new head": {"mapping": {"kind": "head"}},
    "the largest weights": {"method": "omp"},
    "two levels and a tuned dense reference": {"mask": {"sparsities": [0.5, 0.9]}, "dense": "tuned"},
    "Adam": ADAM,
    "as published": {"data": {"protocol": "paper"}},
    "a larger canvas": {"prompt": {"kind": "pad", "canvas": 32, "pad": 4}},
}


@pytest.mark.parametrize(
    ("changes", "epochs"),
    [*((changes, "all") for changes in CASES.values()), ({}, "last")],
    ids=[*CASES, "the last epochs only"],
)
def test_that_a_real_run_takes_what_was_counted_before(pictures, tmp_path, changes, epochs):
    keeping = Keeping(epoch_artifacts=epochs)
    write_keeping(keeping)
    config = tiny_config(pictures, search_epochs=2, finetune_epochs=5, **dict(changes))
    sizes = []
    store, told = run(config, tmp_path / "runs", lambda _told: sizes.append(largest_checkpoint(tmp_path / "runs")))
    found, room = usage_of(store.folder), room_of(config, keeping, num_target=len(CLASSES))
    assert told[-1].status == "finished"
    assert room.states == pytest.approx(found["states"], rel=0.02)
    assert room.epochs == pytest.approx(found["epochs"], rel=0.05)
    # the best epoch is the last one now and then, and is not written twice then
    assert 0.7 * room.checkpoint < max(sizes) < 1.03 * room.checkpoint
    assert found["rest"] < room.rest
    assert sum(found.values()) < room.stays < room.most


@pytest.mark.parametrize("changes", [{}, {"method": "omp", "dense": "tuned"}, {"dense": "mapped", "method": "control"}])
def test_that_what_is_made_of_the_test_images_is_counted(pictures, tmp_path, changes):
    config = tiny_config(pictures, mask={"sparsities": [0.5, 0.7]}, **changes)
    store, _ = run(config, tmp_path / "runs")
    found = [path.stat().st_size for path in store.folder.rglob("predictions.safetensors")]
    some, none = (room_of(config, Keeping(), num_target=len(CLASSES), num_test=count).rest for count in (6, 0))
    assert len(found) == {"vpns": 4, "omp": 4, "control": 5}[config.method]
    images = sum(
        read_predictions(path).views["plain"].classes_Nk.nbytes for path in store.folder.rglob("predictions.safetensors")
    )
    views = 2 if config.method == "vpns" else 1
    assert some - none == len(found) * 6 * 16 + 2 * views * images
    assert sum(found) < len(found) * 700 + some - none  # their headers have room in the rest


def test_that_checkpoints_count_where_they_are_kept(pictures):
    config = tiny_config(pictures)
    kept, gone = (room_of(config, Keeping(finished_checkpoints=value)) for value in ("keep", "remove"))
    assert kept.stays - gone.stays == 2 * gone.checkpoint
    assert kept.most == gone.most


def test_that_a_vgg_is_as_large_as_measured():
    config = config_from({**preset_called("paper-resnet18-cifar100").values, "model": {"architecture": "vgg16"}})
    room = room_of(config, Keeping())
    levels, masks = len(config.mask.densities), 17_293_016
    assert 1_600_000_000 < room.checkpoint < 2_300_000_000  # published settings have no validation, so no best epoch
    assert room.epochs > levels * config.search_epochs * masks
    held_out = config.model_copy(update={"data": config.data.model_copy(update={"protocol": "held-out"})})
    assert room_of(held_out, Keeping()).checkpoint - room.checkpoint == pytest.approx(553_430_176, rel=0.01)


def test_that_a_weights_file_of_unknown_classes_cannot_be_counted(pictures, tmp_path):
    config = tiny_config(pictures, model={"weights": "file", "weights_file": str(tmp_path / "a.pt")})
    assert room_of(config, Keeping()) is None
    assert room_of(config, Keeping(), num_in_file=37) == room_of(tiny_config(pictures), Keeping())


def test_that_several_runs_keep_what_each_leaves_but_never_their_checkpoints_at_once(pictures):
    config = tiny_config(pictures)
    one = room_of(config, Keeping())
    estimate = Estimate(
        device="cpu", threads=1, seconds=2.0, parts={}, memory=1, memory_free=1, num_source=37, num_target=3, iterations=1000
    )
    three = room_of_all([config] * 3, Keeping(), estimate)
    assert three.states == 3 * one.states and three.checkpoint == one.checkpoint
    assert three.rest == 3 * one.rest + 20 * 200  # ten iterations a second are written down


def test_that_the_words_say_what_stays_and_what_is_needed_meanwhile(tmp_path):
    assert disk_words(Room(4_000_000, 1_000_000, 0, 0), 8_000_000_000) == "5.00 MB on the disk; 8.00 GB free"
    room = Room(4_000_000, 0, 1_000_000, 0)
    assert disk_words(room, None) == "4.00 MB on the disk, up to 7.00 MB while it runs"
    assert disk_problem(room, 7_000_000, tmp_path) == "" == disk_problem(room, None, tmp_path)
    wrong = disk_problem(room, 6_999_999, tmp_path)
    assert wrong == f"7.00 MB are needed in {tmp_path}, 7.00 MB are free: clear runs, or keep fewer epochs"


def test_that_what_is_free_is_told_of_a_folder_that_is_still_to_be_made(tmp_path):
    assert free_on(tmp_path / "a" / "b") == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.1)


def test_that_counting_leaves_torch_alone():
    code = "import sys, vpns_engine.estimate, vpns_engine.usage, vpns_engine.moving; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_that_an_epoch_without_masks_or_prompt_leaves_nothing(pictures, tmp_path):
    config = tiny_config(pictures, method="omp")
    _, told = run(config, tmp_path / "runs")
    assert room_of(config, Keeping()).epochs == 0
    assert all(not event.masks_path and not event.prompt_path for event in told if isinstance(event, EpochEnded))
