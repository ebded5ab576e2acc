"""Whole runs."""

import itertools
import json

import numpy as np
import pytest

from tests.engine.tiny_runs import CLASSES, make_pictures, run, tiny_config
from vpns_engine import events as told
from vpns_engine.artifacts import read_arrays, read_info, read_mask, read_state_info
from vpns_engine.store import RunStore
from vpns_engine.training.run import Run


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


def _of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def _states(store, events):
    return [read_arrays(store.path(saved.state_path)) for saved in _of(events, told.LevelSaved)]


def test_that_a_run_tells_its_plan_and_works_it_off_in_order(pictures, tmp_path):
    config = tiny_config(pictures, mask={"sparsities": [0.3, 0.8]}, search_epochs=2)
    store, events = run(config, tmp_path)
    (started,) = _of(events, told.RunStarted)
    kinds = ("rewind", "map", "search", "finetune")
    assert [(info.kind, info.level) for info in started.phases] == [(kind, level) for level in (0, 1) for kind in kinds]
    assert started.target_classes == CLASSES
    assert (started.num_train, started.num_validation, started.num_test) == (12, 6, 6)
    assert started.num_prompt_values == 3 * (64 - 36)
    assert [event.phase for event in _of(events, told.PhaseEnded)] == list(range(8))
    total = sum(layer.numel for layer in started.layers)
    kept = [sum(epoch.kept) for epoch in _of(events, told.EpochEnded)]
    assert kept == [total - int((1 - d) * total) for d in (0.7,) * 4 + (0.2,) * 4]
    assert [(saved.level, saved.complete) for saved in _of(events, told.LevelSaved)] == [(0, True)] * 2 + [(1, True)] * 2
    assert [(test.level, test.stage) for test in _of(events, told.Tested)] == list(
        itertools.product((0, 1), ("search", "finetune"))
    )
    assert store.read().history.ended.status == "finished"


def test_that_the_same_config_gives_the_same_bits(pictures, tmp_path):
    config = tiny_config(pictures, data={"flip": True}, prompt={"kind": "random", "square": 3})
    first, second = (_states(*run(config, tmp_path / name)) for name in ("a", "b"))
    assert len(first) == 2
    for here, there in zip(first, second, strict=True):
        assert here.keys() == there.keys()
        assert all(np.array_equal(here[name], there[name]) for name in here)


def test_that_another_seed_gives_other_bits(pictures, tmp_path):
    first = _states(*run(tiny_config(pictures), tmp_path / "a"))[0]
    second = _states(*run(tiny_config(pictures, seed=8), tmp_path / "b"))[0]
    assert not np.array_equal(first["scores/conv1"], second["scores/conv1"])


def test_that_a_saved_state_agrees_with_itself(pictures, tmp_path):
    store, events = run(tiny_config(pictures), tmp_path)
    for saved, kind in zip(_of(events, told.LevelSaved), ("search", "finetune"), strict=True):
        path = store.path(saved.state_path)
        arrays, info = read_arrays(path), read_state_info(path)
        assert (info.phase, info.density, info.epoch) == (kind, 0.5, 1)
        assert info.mapping == _of(events, told.LabelsMapped)[0].sources
        for layer in _of(events, told.RunStarted)[0].layers:
            mask = read_mask(path, layer.name)
            assert mask.shape == layer.shape
            assert np.array_equal(mask, np.abs(arrays[f"scores/{layer.name}"]) > np.float32(info.threshold))
        assert arrays["prompt/delta"].shape == (3, 8, 8)


def test_that_every_named_file_is_there(pictures, tmp_path):
    store, events = run(tiny_config(pictures), tmp_path)
    names = [path for epoch in _of(events, told.EpochEnded) for path in (epoch.prompt_path, epoch.masks_path) if path]
    names += [saved.state_path for saved in _of(events, told.LevelSaved)]
    names.append(_of(events, told.RunStarted)[0].samples_path)
    assert len(names) == 3 + 2 + 2 + 1
    for name in names:
        assert store.path(name).is_file()
        read_info(store.path(name))
    assert not [path for path in store.folder.rglob(".*") if path.is_file()]


def test_that_the_config_of_a_run_is_enough_to_do_it_again(pictures, tmp_path):
    config = tiny_config(pictures)
    store, _ = run(config, tmp_path)
    written = json.loads((store.folder / "config.json").read_text(encoding="utf-8"))
    assert type(config).model_validate(written) == config


@pytest.mark.parametrize("method", ["omp", "random", "control"])
def test_that_every_method_runs_without_a_prompt_and_with_as_many_iterations(pictures, tmp_path, method):
    _, events = run(tiny_config(pictures, method=method), tmp_path)
    (started,) = _of(events, told.RunStarted)
    assert started.num_prompt_values == 0
    assert sum(info.epochs * info.iterations for info in started.phases if info.kind in ("search", "finetune")) == 2 * 3
    assert len([step for step in _of(events, told.StepDone) if step.losses]) == 2 * 3
    assert all(not epoch.prompt_path for epoch in _of(events, told.EpochEnded))
    assert all(test.accuracy_prompted is None for test in _of(events, told.Tested))
    total = sum(layer.numel for layer in started.layers)
    assert sum(_of(events, told.EpochEnded)[-1].kept) == total - int(0.5 * total)


def test_that_the_paper_protocol_holds_nothing_back_and_takes_the_last_epoch(pictures, tmp_path):
    _, events = run(tiny_config(pictures, data={"protocol": "paper"}, finetune_epochs=2), tmp_path)
    (started,) = _of(events, told.RunStarted)
    assert (started.num_train, started.num_validation) == (18, 0)
    assert all(epoch.val_accuracy is None for epoch in _of(events, told.EpochEnded))
    assert _of(events, told.LevelSaved)[-1].epoch == 2


def test_that_a_broken_picture_is_skipped_and_named_in_the_log(tmp_path):
    folder = make_pictures(tmp_path / "pictures")
    (folder / "train" / "red" / "red_1.png").write_bytes(b"broken")
    store, events = run(tiny_config(folder), tmp_path / "runs")
    messages = _of(events, told.Message)
    assert [message.severity for message in messages] == ["warning"]
    assert "red_1.png" in messages[0].text and "1 skipped so far" in messages[0].text
    assert "red_1.png" in (store.folder / "log.txt").read_text(encoding="utf-8")
    assert events[-1].status == "finished"


def test_that_fewer_source_classes_than_target_classes_end_the_run_before_it_starts(pictures, tmp_path):
    import torch

    from vpns_engine.nn.models import plain_network

    torch.save(plain_network("resnet20", 2).state_dict(), tmp_path / "two.pt")
    model = {"weights": "file", "weights_file": str(tmp_path / "two.pt")}
    _, events = run(tiny_config(pictures, model=model), tmp_path / "runs")
    assert events[-1].status == "failed"
    assert events[-1].text.startswith("3 target classes need as many source classes, but the network has 2")
    assert not _of(events, told.RunStarted)


def test_that_only_the_train_view_is_augmented(pictures, tmp_path):
    config = tiny_config(pictures)
    whole = Run(config, RunStore.create(tmp_path, config))
    next(event for event in whole.events() if isinstance(event, told.RunStarted))
    feeds = whole._state.feeds
    assert [feed.augmented for feed in (feeds.train, feeds.vp, feeds.validation, feeds.test)] == [True, False, False, False]
    assert [feed.shuffled for feed in (feeds.train, feeds.vp, feeds.validation, feeds.test)] == [True, True, False, False]
    assert np.array_equal(feeds.train.part.ids, feeds.vp.part.ids)
    whole.close()
