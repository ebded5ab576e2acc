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
    assert (config.prompt.square, config.optim.weights.lr, config.data.image_size) == (115, 1e-2, 224)


def test_that_rivals_of_the_demo_differ_in_the_method_only():
    demo = preset_called("digits").config
    for key in ("digits-control", "digits-omp", "digits-random"):
        assert preset_called(key).config.model_copy(update={"method": "vpns"}) == demo
