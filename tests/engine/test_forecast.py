"""What the window says before a run is what the run will do."""

import numpy as np
import pytest

from vpns_engine.datasets import DatasetInfo
from vpns_engine.forecast import cross_check, forecast, num_kept, sentence
from vpns_engine.presets import preset_called
from vpns_engine.specs.run import RunConfig


def info(num_classes: int) -> DatasetInfo:
    return DatasetInfo(tuple(f"class {i}" for i in range(num_classes)), 200, 0, 0)


def test_that_the_demo_is_told_in_one_line():
    assert sentence(forecast(preset_called("digits").config, 200)) == (
        "272,624 weights scored, 27,263 kept (90 % sparsity); 336 prompt values; 30 + 20 epochs of 4 iterations, 400 half-steps"
    )


def test_that_a_method_without_search_makes_as_many_half_steps():
    counts = {key: forecast(preset_called(key).config, 200).half_steps for key in ("digits", "digits-omp", "digits-random")}
    assert set(counts.values()) == {400}


def test_that_half_steps_count_every_level():
    three = forecast(preset_called("digits-levels").config, 200)
    assert (three.half_steps, len(three.kept)) == (1200, 3)
    assert "27,263 / 13,632 / 5,453 kept (90 / 95 / 98 % sparsity)" in sentence(three)


def test_that_one_is_written_in_the_singular():
    config = RunConfig(method="omp", search_epochs=1, finetune_epochs=1, data={"batch_size": 200})
    assert sentence(forecast(config, 200)).endswith("no prompt; 2 epochs of 1 iteration, 4 half-steps")


def test_that_iterations_stay_open_while_the_data_set_is_not_known():
    numbers = forecast(RunConfig(), None)
    assert numbers.iterations is None
    assert sentence(numbers).endswith("336 prompt values; 30 + 20 epochs")


def test_that_many_levels_are_told_as_a_range():
    config = RunConfig(mask={"sparsities": [i / 10 for i in range(10)]})
    assert "27,263 to 272,624 kept (10 levels)" in sentence(forecast(config, 200))


@pytest.mark.parametrize("sparsity", [0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98])
def test_that_the_kept_count_is_what_an_exact_threshold_keeps(sparsity):
    density = RunConfig(mask={"sparsities": [sparsity]}).mask.densities[0]
    scores = np.random.PCG64(0).random_raw(20_011) % 2**52
    k = int((1 - density) * scores.size)
    assert np.unique(scores).size == scores.size
    assert int((scores > np.partition(scores, k - 1)[k - 1]).sum()) == num_kept(scores.size, density)


def test_that_everything_is_kept_where_no_whole_weight_falls():
    assert num_kept(10, 1.0) == 10
    assert num_kept(10, 0.95) == 10


def test_that_more_target_than_source_classes_are_refused():
    assert cross_check(RunConfig(), info(37)) == ()
    problem = cross_check(RunConfig(), info(38))[0]
    assert problem.location == "data.dataset"
    assert "38" in problem.message
    assert "37" in problem.message


def test_that_a_weights_file_may_have_any_number_of_classes():
    config = RunConfig(model={"architecture": "resnet20", "weights": "file", "weights_file": "mine.pt"})
    assert cross_check(config, info(100)) == ()
