"""Presets are complete, and the demo comes first."""

import pytest

from vpns_engine.errors import EngineError
from vpns_engine.presets import all_presets, preset_called, presets
from vpns_engine.specs.problems import config_from, validate
from vpns_engine.specs.run import RunConfig


def test_that_the_demo_is_the_first_preset():
    assert next(iter(presets())) == "Digits (offline demo)"
    assert all_presets()[0].key == "digits"


@pytest.mark.parametrize("preset", all_presets(), ids=lambda preset: preset.key)
def test_that_a_preset_runs_once_its_folder_is_chosen(preset):
    values = {**preset.values, "data": {**preset.values.get("data", {}), "folder": "images"}}
    assert isinstance(validate(values), RunConfig)


@pytest.mark.parametrize("preset", all_presets(), ids=lambda preset: preset.key)
def test_that_a_folder_is_all_that_a_preset_may_lack(preset):
    result = validate(preset.values)
    assert isinstance(result, RunConfig) or [problem.location for problem in result] == ["data.folder"]


def test_that_names_and_keys_are_unique():
    found = all_presets()
    assert len({preset.name for preset in found}) == len({preset.key for preset in found}) == len(found)


def test_that_a_preset_is_found_by_key_or_name():
    assert preset_called("Digits-OMP").config.method == "omp"
    assert preset_called("digits: control arm").config.method == "control"
    with pytest.raises(EngineError, match=r"'other' is not known.*digits"):
        preset_called("other")


def test_that_the_folder_preset_has_the_published_budget():
    values = preset_called("folder-resnet18").values
    config = config_from({**values, "data": {**values["data"], "folder": "images"}})
    assert config.optim.scores.lr == config.optim.search_prompt.lr == 1e-4
    assert (config.search_epochs, config.finetune_epochs, config.prompt.pad) == (30, 30, 16)
    assert (config.prompt.as_kind("fix").square, config.optim.weights.lr, config.data.image_size) == (115, 1e-2, 224)


def test_that_rivals_of_the_demo_differ_in_the_method_only():
    demo = preset_called("digits").config
    for key in ("digits-control", "digits-omp", "digits-random"):
        assert preset_called(key).config.model_copy(update={"method": "vpns"}) == demo


_TABLE = {
    # architecture and data set: batch, optimizer of weights and stage-2 prompt, of scores and stage-1 prompt, epochs
    ("resnet18", "cifar10"): (256, ("sgd", 1e-2), ("adam", 1e-4), 30),
    ("resnet18", "cifar100"): (256, ("sgd", 1e-2), ("adam", 1e-4), 30),
    ("resnet18", "food101"): (256, ("sgd", 1e-2), ("adam", 1e-4), 30),
    ("resnet18", "tiny_imagenet"): (256, ("sgd", 1e-2), ("adam", 1e-4), 30),
    ("resnet18", "dtd"): (64, ("sgd", 1e-2), ("adam", 1e-4), 30),
    ("resnet18", "oxford_pets"): (64, ("sgd", 1e-2), ("sgd", 5e-2), 30),
    ("resnet18", "flowers102"): (128, ("adam", 1e-3), ("adam", 1e-3), 30),
    ("resnet18", "stanford_cars"): (128, ("adam", 1e-3), ("adam", 1e-3), 30),
    ("resnet50", "tiny_imagenet"): (256, ("sgd", 1e-4), ("adam", 1e-4), 30),
    ("vgg16_bn", "tiny_imagenet"): (128, ("sgd", 1e-2), ("adam", 1e-4), 20),
}


def test_that_every_row_of_the_papers_table_is_a_preset():
    papers = [preset.config for preset in all_presets() if preset.key.startswith("paper-")]
    assert {(config.model.architecture, config.data.dataset) for config in papers} == _TABLE.keys()
    for config in papers:
        batch, tuning, search, epochs = _TABLE[config.model.architecture, config.data.dataset]
        groups = config.optim
        assert {(spec.kind, spec.lr) for spec in (groups.weights, groups.finetune_prompt)} == {tuning}
        assert {(spec.kind, spec.lr) for spec in (groups.scores, groups.search_prompt)} == {search}
        assert {spec.weight_decay for spec in (groups.weights, groups.finetune_prompt, groups.scores)} == {1e-4}
        assert (config.data.batch_size, config.search_epochs, config.finetune_epochs) == (batch, epochs, epochs)


def test_that_the_papers_presets_share_what_the_paper_shares():
    for config in (preset.config for preset in all_presets() if preset.key.startswith("paper-")):
        assert config.mask.sparsities == (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
        assert (config.data.image_size, config.prompt.canvas, config.prompt.pad) == (224, 224, 16)
        assert (config.data.protocol, config.data.flip, config.method) == ("paper", True, "vpns")
        assert (config.model.weights, config.mapping.kind, config.dense) == ("pretrained", "flm", "tuned")
