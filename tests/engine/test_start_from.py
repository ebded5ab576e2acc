"""A run that goes on from a saved state: what it takes over, and which states it refuses."""

import numpy as np
import pytest

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from vpns_engine import events as kinds
from vpns_engine.artifacts import read_arrays, read_info, write_arrays
from vpns_engine.cli import main
from vpns_engine.plan import plan
from vpns_engine.specs.problems import validate
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunLibrary, RunStore


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("start")
    make_pictures(folder / "pictures")
    store, _ = run(tiny_config(folder / "pictures", mask={"sparsities": [0.5, 0.8]}), folder / "runs")
    return folder, store


def _state(store: RunStore, level: int = 0, stage: str = "finetune"):
    saved = next(s for s in store.read().history.levels[level].saved if f"/{stage}/" in s.state_path)
    return store.path(saved.state_path)


def _goes_on(place, tmp_path, path, **changes):
    config = tiny_config(place[0] / "pictures", start_from=str(path), **({"mask": {"sparsities": [0.5]}} | changes))
    return run(config, tmp_path)


def _end(events) -> kinds.RunEnded:
    return events[-1]


def test_that_a_start_from_a_state_has_one_sparsity():
    (problem,) = validate({"start_from": "state.safetensors", "mask": {"sparsities": [0.5, 0.9]}})
    assert problem.location == "mask.sparsities"
    assert "2 sparsities: a run that starts from a saved state" in problem.message


def test_that_the_plan_has_no_search_and_no_rewind():
    config = RunConfig(start_from="state.safetensors", finetune_epochs=3)
    assert [(phase.kind, phase.level) for phase in plan(config)] == [("load", 0), ("finetune", 0)]
    assert plan(config)[1].steps == plan(RunConfig(dense="none"))[3].steps


def test_that_everything_is_taken_over_and_only_weights_and_prompt_move(place, tmp_path):
    path = _state(place[1])
    store, events = _goes_on(place, tmp_path, path)
    assert _end(events).status == "finished", _end(events).text
    before, after = read_arrays(path), read_arrays(_state(store))
    for name, array in before.items():
        stays = name.startswith(("scores/", "masks/"))
        assert not stays or np.array_equal(after[name], array)
    assert not np.array_equal(before["prompt/delta"], after["prompt/delta"])
    info, again = read_info(path), read_info(_state(store))
    assert (info["threshold"], info["mapping"]) == (again["threshold"], again["mapping"])
    mapped = next(event for event in events if isinstance(event, kinds.LabelsMapped))
    assert (list(mapped.sources), mapped.counts) == (info["mapping"], ())


_KINDS = {
    "ring": {},
    "moving square": {"prompt": {"kind": "random", "canvas": 12, "square": 5}},
    "low rank": {"prompt": {"kind": "low_rank", "canvas": 8, "rank": 2}},
    "control arm": {"method": "control"},
    "random mask": {"method": "random"},
    "new head": {"mapping": {"kind": "head"}},
    "no mask": {"mask": {"sparsities": [0.0]}},
}


@pytest.mark.parametrize("kind", _KINDS)
def test_that_a_tuning_begins_at_the_state_s_own_values(place, tmp_path, kind):
    # a rate of almost nothing: only the batch-norm statistics move
    still = {"kind": "sgd", "lr": 1e-30, "momentum": 0.0, "weight_decay": 0.0}
    first, _ = run(tiny_config(place[0] / "pictures", **_KINDS[kind]), tmp_path / "first")
    optim = {"weights": still, "finetune_prompt": still}
    store, events = _goes_on(place, tmp_path / "further", _state(first), **_KINDS[kind], optim=optim)
    assert _end(events).status == "finished", _end(events).text
    before, after = read_arrays(_state(first)), read_arrays(_state(store))
    learned = [name for name in before if "running_" not in name and "num_batches" not in name]
    assert len(learned) > 60
    assert all(np.allclose(before[name], after[name], rtol=0, atol=1e-20) for name in learned)
    assert [event.stage for event in events if isinstance(event, kinds.Tested)] == ["finetune"]


def test_that_tune_takes_the_level_and_stage_that_are_asked_for(place, tmp_path):
    store = place[1]
    options = ["--level", "1", "--stage", "search", "--runs", str(tmp_path), "--threads", "1"]
    assert main(["tune", str(store.folder), *options]) == 0
    config = RunStore.open(RunLibrary(tmp_path).runs()[0]).config
    assert config.start_from == str(_state(store, 0, "search"))
    assert config.mask.sparsities == (0.5,)
    assert config.data == store.config.data


def test_that_tune_refuses_a_level_that_is_not_there(place, tmp_path, capsys):
    for level, code, words in (("0", 2, "levels are counted from 1"), ("3", 1, "there is no level 3: the run has 2")):
        assert main(["tune", str(place[1].folder), "--level", level, "--runs", str(tmp_path)]) == code
        assert words in capsys.readouterr().err
    assert not RunLibrary(tmp_path).runs()


def _damage(path, target, change):
    arrays, info = read_arrays(path), read_info(path)
    change(arrays, info)
    write_arrays(target, arrays, info)
    return target


_FAULTS = {
    "another density": (lambda _a, i: i.update(density=0.3), "density of 0.3, the run one of 0.5"),
    "another task": (lambda _a, i: i.update(mapping=[1, 2]), "maps 2 classes, the data set has 3"),
    "a class beyond": (lambda _a, i: i.update(mapping=[1, 2, 37]), "source class that the network does not have"),
    "no scores": (lambda a, _i: a.pop("scores/fc"), "no scores of layer fc"),
    "another mask": (lambda a, _i: a.update({"masks/fc": ~a["masks/fc"]}), "mask of fc is not the one of its scores"),
    "a layer less": (lambda _a, i: i["shapes"].pop("fc"), "its scored layers are not those of the network"),
    "another network": (lambda a, _i: a.pop("weights/conv1.weight"), "does not fit resnet20: conv1.weight is missing"),
    "no weights": (lambda a, _i: [a.pop(name) for name in list(a) if name.startswith("weights/")], "holds no weights"),
    "another canvas": (lambda a, _i: a.update({"prompt/delta": np.ones((3, 9, 9), np.float32)}), "another prompt than the run"),
}


@pytest.mark.parametrize("fault", _FAULTS)
def test_that_a_state_that_does_not_fit_is_refused_in_one_line(place, tmp_path, fault):
    change, words = _FAULTS[fault]
    path = _damage(_state(place[1]), tmp_path / "state.safetensors", change)
    _, events = _goes_on(place, tmp_path / "runs", path)
    assert _end(events).status == "failed"
    assert words in _end(events).text and "\n" not in _end(events).text


def test_that_values_learned_by_another_prompt_are_not_taken_for_this_one_s(place, tmp_path):
    square = {"kind": "fix", "canvas": 8, "square": 4}  # its values have the shape of the ring's
    _, events = _goes_on(place, tmp_path / "runs", _state(place[1]), prompt=square)
    assert _end(events).status == "failed"
    assert "has another prompt than the run: take the same kind and size" in _end(events).text


def test_that_a_ring_may_be_widened_since_it_adds_the_same(place, tmp_path):
    wider = {"kind": "pad", "canvas": 8, "pad": 2}
    _, events = _goes_on(place, tmp_path / "runs", _state(place[1]), prompt=wider)
    assert _end(events).status == "finished", _end(events).text


def test_that_a_file_that_is_no_state_is_refused(place, tmp_path):
    (tmp_path / "state.safetensors").write_text("nothing", encoding="utf-8")
    for path in (tmp_path / "state.safetensors", tmp_path / "none.safetensors"):
        _, events = _goes_on(place, tmp_path / "runs", path)
        assert (_end(events).status, path.name in _end(events).text) == ("failed", True)


def test_that_a_state_without_a_prompt_goes_on_with_one_that_starts_at_zero(place, tmp_path):
    store, _ = run(tiny_config(place[0] / "pictures", method="omp"), tmp_path / "omp")
    _, events = _goes_on(place, tmp_path / "runs", _state(store), prompt={"kind": "pad", "canvas": 10, "pad": 1})
    assert _end(events).status == "finished", _end(events).text
