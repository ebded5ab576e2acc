"""Bounds of the specs: what cannot work is refused, what can is not."""

import pytest

from vpns_engine.specs.fields import only_with_of, words_of
from vpns_engine.specs.problems import field_at, validate
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.run import RunConfig


def places(**values):
    result = validate(values)
    return [] if isinstance(result, RunConfig) else [problem.location for problem in result]


def test_that_the_defaults_are_valid():
    assert places() == []


@pytest.mark.parametrize(
    ("kind", "values", "count"),
    [
        ("pad", {"canvas": 224, "pad": 16}, 39_936),
        ("pad", {"canvas": 16, "pad": 0}, 0),
        ("fix", {"canvas": 224, "square": 115}, 3 * 115**2),
        ("random", {"canvas": 224, "square": 115}, 3 * 115**2),
        ("expand", {"canvas": 224}, 3 * (224**2 - 128**2)),
        ("none", {"canvas": 224}, 0),
    ],
)
def test_that_prompt_values_are_counted_as_published(kind, values, count):
    assert PromptSpec(kind=kind, **values).num_values(128) == count


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"prompt": {"pad": 9}}, "prompt.pad"),
        ({"prompt": {"kind": "fix", "square": 17}}, "prompt.square"),
        ({"prompt": {"kind": "random", "square": 16}}, "prompt.square"),
        ({"prompt": {"kind": "expand"}}, "prompt.kind"),
        ({"data": {"image_size": 17}}, "prompt.canvas"),
        ({"data": {"dataset": "folder", "folder": " "}}, "data.folder"),
        ({"model": {"weights": "file"}}, "model.weights_file"),
        ({"mask": {"sparsities": [1.0]}}, "mask.sparsities"),
        ({"mask": {"sparsities": [-0.1]}}, "mask.sparsities"),
        ({"mask": {"sparsities": [float("nan")]}}, "mask.sparsities"),
        ({"mask": {"sparsities": [0.9, 0.9]}}, "mask.sparsities"),
        ({"mask": {"sparsities": []}}, "mask.sparsities"),
        ({"optim": {"weights": {"lr": 0}}}, "optim.weights.lr"),
        ({"optim": {"weights": {"momentum": 1}}}, "optim.weights.momentum"),
        ({"device": "tpu"}, "device"),
        ({"seed": -1}, "seed"),
        ({"search_epochs": 0}, "search_epochs"),
        ({"colour": 1}, "colour"),
    ],
)
def test_that_a_value_that_cannot_work_is_refused_at_its_place(values, place):
    assert places(**values) == [place]


@pytest.mark.parametrize(
    "values",
    [
        {"prompt": {"pad": 8}},
        {"prompt": {"kind": "fix", "square": 16}},
        {"prompt": {"kind": "random", "square": 15}},
        {"prompt": {"kind": "expand", "canvas": 24}},
        {"prompt": {"kind": "expand"}, "method": "control"},
        {"mask": {"sparsities": [0]}},
        {"device": "cuda:1"},
    ],
)
def test_that_a_value_at_the_limit_is_taken(values):
    assert places(**values) == []


def test_that_densities_are_the_decimal_numbers_a_person_would_write():
    assert RunConfig(mask={"sparsities": [0.8, 0.9, 0.95]}).mask.densities == (0.2, 0.1, 0.05)


def test_that_methods_without_a_prompt_have_none_in_force():
    assert RunConfig().effective_prompt.kind == "pad"
    for method in ("control", "omp", "random"):
        assert RunConfig(method=method).effective_prompt.kind == "none"


def test_that_the_name_is_not_part_of_the_digest():
    assert RunConfig(name="mine").digest == RunConfig().digest
    assert RunConfig(seed=8).digest != RunConfig().digest


def test_that_a_configuration_reads_back_from_its_own_json():
    config = RunConfig(mask={"sparsities": (0.4, 0.999)}, prompt={"kind": "fix"})
    assert RunConfig.model_validate_json(config.model_dump_json()) == config


def test_that_every_word_and_condition_names_a_value_of_its_field():
    for location in ("data.dataset", "data.protocol", "model.architecture", "model.weights", "prompt.kind", "method"):
        field = field_at(location)
        assert field is not None
        for value in words_of(field):
            assert location not in places(**nested(location, value)), (location, value)
    for location in (
        "data.folder",
        "data.test_share",
        "model.weights_file",
        "prompt.pad",
        "prompt.square",
        "optim.scores.momentum",
    ):
        field = field_at(location)
        assert field is not None
        for other, values in only_with_of(field).items():
            sibling = location.rpartition(".")[0] + "." + other
            for value in values:
                assert sibling not in places(**nested(sibling, value)), (sibling, value)


def nested(location, value):
    for part in reversed(location.split(".")):
        value = {part: value}
    if location == "prompt.kind":
        value["prompt"]["canvas"] = 24
    return value


@pytest.mark.parametrize(("canvas", "square"), [(16, 8), (224, 115), (48, 25), ("224", 115)])
def test_that_a_square_not_given_has_the_papers_share_of_the_canvas(canvas, square):
    assert PromptSpec(kind="fix", canvas=canvas).model_dump()["square"] == square
    assert PromptSpec(kind="random", canvas=canvas, square=3).square == 3


def test_that_a_canvas_that_cannot_work_is_the_only_reason():
    assert places(prompt={"canvas": 3, "pad": 0}) == ["prompt.canvas"]
    assert places(prompt={"kind": "fix", "canvas": "x", "pad": 0}) == ["prompt.canvas"]
