"""Problems are one plain line with the value and the limit."""

import pytest

from vpns_engine.errors import EngineError
from vpns_engine.specs.problems import Problem, config_from, field_at, validate
from vpns_engine.specs.run import RunConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"data": {"image_size": 4}}, "Image size 4 px: at least 8 px"),
        ({"data": {"image_size": "4x"}}, "Image size '4x': a whole number is needed"),
        ({"data": {"image_size": ""}}, "Image size: a whole number is needed"),
        ({"data": {"image_size": "9" * 5000}}, "Image size: the number is too large"),
        ({"data": {"batch_size": 5000}}, "Batch size 5000: at most 4096"),
        ({"optim": {"scores": {"lr": 0.0}}}, "Learning rate 0: more than 0"),
        ({"optim": {"scores": {"lr": "fast"}}}, "Learning rate 'fast': a number is needed"),
        ({"optim": {"scores": {"momentum": 1.0}}}, "Momentum 1: less than 1"),
        ({"prompt": {"pad": 120, "canvas": 224}}, "pad 120 px exceeds half the canvas (224 px): at most 112 px"),
        ({"mask": {"sparsities": [1.0]}}, "sparsity 100 % is out of range: 0 % or more, below 100 %"),
        ({"mask": {"sparsities": ["many"]}}, "Sparsity 'many': a number is needed"),
        ({"mask": {"sparsities": [0.5, 0.5]}}, "sparsity 50 % is listed more than once: each level once"),
        ({"mask": {"sparsities": []}}, "Sparsity: at least one value is needed"),
        ({"device": "tpu"}, "Device 'tpu' is not known"),
        ({"method": "magic"}, "Method 'magic': one of 'vpns', 'control', 'omp' or 'random'"),
        ({"colour": 1}, "colour: no such setting"),
    ],
)
def test_that_a_problem_is_told_in_one_line(values, message):
    result = validate(values)
    assert isinstance(result, tuple)
    assert [problem.message for problem in result] == [message]


def test_that_every_problem_is_told_once():
    result = validate({"seed": "", "data": {"image_size": 4}, "mask": {"sparsities": ["x", "y"]}})
    assert isinstance(result, tuple)
    assert sorted(problem.location for problem in result) == ["data.image_size", "mask.sparsities", "seed"]


def test_that_values_that_work_give_a_configuration():
    assert validate({"seed": "9"}) == RunConfig(seed=9)


def test_that_an_error_names_the_place():
    with pytest.raises(EngineError, match=r"^data.image_size: Image size 4 px: at least 8 px$"):
        config_from({"data": {"image_size": 4}})


def test_that_fields_are_found_by_their_location():
    field = field_at("optim.scores.lr")
    assert field is not None
    assert field.title == "Learning rate"
    assert field_at("nowhere") is None


def test_that_a_problem_is_plain_data():
    assert Problem("seed", "no") == Problem("seed", "no")
