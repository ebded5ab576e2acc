"""What is done already is recognised, and not done again."""

import os
import time

import pytest

from tests.engine.done_runs import config_of, done_run
from tests.engine.many_runs import many_runs
from tests.engine.tiny_runs import make_pictures
from vpns_engine.files import write_text
from vpns_engine.levels import dense_digest, done_levels, level_digest, states_of
from vpns_engine.specs.data import DataSpec
from vpns_engine.specs.mapping import MappingSpec
from vpns_engine.specs.model import ModelSpec
from vpns_engine.specs.optim import OptimGroups, OptimSpec
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.sweep import control_of


def _left(config, runs):
    left = done_levels(config, runs).left_of(config)
    return None if left is None else (left.mask.sparsities, left.dense)


@pytest.mark.parametrize(
    "changes",
    [{"name": "mine"}, {"dense": "tuned"}, {"data": DataSpec(root="elsewhere")}],
    ids=["name", "dense reference", "data root"],
)
def test_that_what_decides_nothing_is_not_in_a_levels_digest(changes):
    assert level_digest(config_of(0.9), 0.1) == level_digest(config_of(0.5, 0.9, **changes), 0.1)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 8},
        {"method": "omp"},
        {"method": "control"},
        {"search_epochs": 7},
        {"prompt": PromptSpec(kind="pad", pad=3)},
        {"data": DataSpec(batch_size=32)},
        {"threads": 2},
        {"optim": OptimGroups(finetune_prompt=OptimSpec(lr=0.5))},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_that_what_decides_the_result_is_in_a_levels_digest(changes):
    assert level_digest(config_of(0.9), 0.1) != level_digest(config_of(0.9, **changes), 0.1)
    assert level_digest(config_of(0.9), 0.1) != level_digest(config_of(0.9), 0.2)


def test_that_the_control_arm_is_known_by_whichever_name():
    control, none = config_of(method="control"), config_of(prompt=PromptSpec(kind="none"))
    other_rate = config_of(method="control", optim=OptimGroups(search_prompt=OptimSpec(lr=0.5)))
    assert len({level_digest(config, 0.1) for config in (control, none, control_of(config_of()), other_rate)}) == 1


def test_that_the_dense_reference_belongs_to_every_method_and_prompt():
    tuned = config_of(dense="tuned")
    alike = [config_of(dense="tuned", method="omp"), config_of(0.5, dense="tuned", prompt=PromptSpec(kind="fix"))]
    assert {dense_digest(config) for config in alike} == {dense_digest(tuned)}
    longer = config_of(dense="tuned", search_epochs=99)
    assert dense_digest(longer) != dense_digest(tuned)
    assert dense_digest(longer.model_copy(update={"dense": "mapped"})) == dense_digest(config_of(dense="mapped"))


def test_that_only_the_levels_that_are_not_done_are_left(tmp_path):
    store = done_run(tmp_path, config_of(0.4, 0.6))
    wanted = config_of(0.4, 0.5, 0.6, 0.7, name="longer list")
    done = done_levels(wanted, tmp_path)
    assert done.levels == {0.6: [store.folder], 0.4: [store.folder]} and done.dense == [store.folder]
    assert _left(wanted, tmp_path) == ((0.5, 0.7), "none")
    assert done.words(wanted) == tuple(
        f"{what}: done already, in {store.folder.name}" for what in ("dense reference", "40 % sparsity", "60 % sparsity")
    )


def test_that_nothing_is_left_of_what_is_whole_and_all_of_what_differs(tmp_path):
    done_run(tmp_path, config_of(0.9))
    assert _left(config_of(0.9), tmp_path) is None
    assert _left(config_of(0.9, seed=9), tmp_path) == ((0.9,), "mapped")
    assert _left(config_of(0.9), tmp_path / "nothing here") == ((0.9,), "mapped")


def test_that_the_control_arm_takes_the_dense_reference_from_the_run_beside_it(tmp_path):
    done_run(tmp_path, config_of(0.9))
    assert _left(control_of(config_of(0.9)), tmp_path) == ((0.9,), "none")


def test_that_a_dense_reference_still_to_be_tuned_is_a_run_of_its_own(tmp_path):
    done_run(tmp_path, config_of(0.9, dense="mapped"))
    assert _left(config_of(0.9, dense="tuned"), tmp_path) == ((), "tuned")
    done_run(tmp_path, config_of(0.9, dense="tuned"))
    assert _left(config_of(0.9, dense="tuned"), tmp_path) is None
    assert _left(config_of(0.8, dense="mapped"), tmp_path) == ((0.8,), "none")


def test_that_a_new_head_has_a_dense_reference_only_where_it_is_tuned(tmp_path):
    head = MappingSpec(kind="head")
    done_run(tmp_path, config_of(0.9, mapping=head))
    assert _left(config_of(0.9, mapping=head), tmp_path) is None
    assert _left(config_of(0.9, mapping=head, dense="tuned"), tmp_path) == ((), "tuned")
    done_run(tmp_path, config_of(0.9, mapping=head, dense="tuned"))
    assert _left(config_of(0.9, 0.8, mapping=head, dense="tuned"), tmp_path) == ((0.8,), "none")


def test_that_a_mapped_dense_reference_waits_for_the_next_level(tmp_path):
    done_run(tmp_path, config_of(0.9, dense="none"))
    assert _left(config_of(0.9), tmp_path) is None
    assert _left(config_of(0.9, 0.8), tmp_path) == ((0.8,), "mapped")


def test_that_a_stopped_level_is_done_again_and_those_before_it_are_not(tmp_path):
    done_run(tmp_path, config_of(0.8, 0.9), levels=1)
    assert _left(config_of(0.8, 0.9), tmp_path) == ((0.9,), "none")


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_that_a_level_whose_state_cannot_be_read_is_done_again(tmp_path, damage):
    store = done_run(tmp_path, config_of(0.8, 0.9))
    path = store.folder / "artifacts/density_0.1/finetune/state.safetensors"
    path.write_bytes(path.read_bytes()[:40]) if damage == "cut" else path.unlink()
    assert _left(config_of(0.8, 0.9), tmp_path) == ((0.9,), "none")


def test_that_a_level_without_its_test_is_done_again(tmp_path):
    store = done_run(tmp_path, config_of(0.9))
    path = store.folder / "events.jsonl"
    lines = [line for line in path.read_text().splitlines() if '"stage":"finetune"' not in line]
    path.write_text("\n".join(lines) + "\n")
    assert _left(config_of(0.9), tmp_path) == ((0.9,), "none")


def test_that_a_damaged_run_is_passed_over(tmp_path):
    store = done_run(tmp_path, config_of(0.9))
    (store.folder / "config.json").write_text("{")
    assert _left(config_of(0.9), tmp_path) == ((0.9,), "mapped")


def test_that_a_weights_file_that_has_changed_since_counts(tmp_path):
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"old")
    os.utime(weights, (1e9, 1e9))
    config = config_of(0.9, model=ModelSpec(weights="file", weights_file=str(weights)))
    done_run(tmp_path, config)
    assert _left(config, tmp_path) is None
    os.utime(weights, (9e9, 9e9))
    assert _left(config, tmp_path) == ((0.9,), "mapped")


def test_that_a_folder_with_other_images_counts(tmp_path):
    folder = make_pictures(tmp_path / "pictures")
    config = config_of(0.9, data=DataSpec(dataset="folder", folder=str(folder)))
    runs, classes = tmp_path / "runs", ("blue", "green", "red")
    done_run(runs, config, classes=classes, counts=(11, 6, 6))
    assert _left(config, runs) == ((0.9,), "mapped")
    done_run(runs, config, classes=classes, counts=(12, 6, 6))
    assert _left(config, runs) is None


def test_that_settings_that_were_written_anew_are_read_anew(tmp_path):
    store = done_run(tmp_path, config_of(0.9))
    assert _left(config_of(0.9), tmp_path) is None
    write_text(store.folder / "config.json", config_of(0.9, seed=8).model_dump_json())
    assert _left(config_of(0.9), tmp_path) == ((0.9,), "mapped")
    assert _left(config_of(0.9, seed=8), tmp_path) is None


def test_that_many_runs_are_looked_through_once_for_all_that_wait(tmp_path):
    many_runs(tmp_path / "runs", 200)
    configs = [config_of(0.9, 0.95, seed=seed) for seed in range(40)]
    began = time.process_time()
    first = list(states_of(configs[:1], tmp_path / "runs"))
    looked = time.process_time()
    assert list(states_of(configs, tmp_path / "runs"))[:1] == first
    assert not done_levels(config_of(0.9, seed=1000), tmp_path / "runs").levels
    assert time.process_time() - looked < looked - began
