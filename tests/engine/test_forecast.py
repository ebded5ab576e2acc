"""What the window says before a run is what the run will do."""

import numpy as np
import pytest

from vpns_engine.catalogue import catalogue, labels
from vpns_engine.datasets import DatasetInfo
from vpns_engine.forecast import Forecast, cross_check, forecast, lines, num_kept
from vpns_engine.presets import preset_called
from vpns_engine.specs.problems import Problem
from vpns_engine.specs.run import RunConfig


def info(num_classes: int, num_train: int = 200) -> DatasetInfo:
    return DatasetInfo(tuple(f"class {i}" for i in range(num_classes)), num_train, 0, 0)


def sentence(numbers: Forecast) -> str:
    return "; ".join(lines(numbers))


def sized(architecture: str, size: int, batch_size: int = 64) -> RunConfig:
    data = {"image_size": size, "batch_size": batch_size}
    return RunConfig(model={"architecture": architecture}, data=data, prompt={"canvas": size})


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
    assert cross_check(config, info(12), num_in_file=12) == ()
    (problem,) = cross_check(config, info(13), num_in_file=12)
    assert problem == Problem("data.dataset", "13 classes, but the weights file has 12 to map them to")


@pytest.mark.parametrize(("architecture", "least"), [("vgg16", 32), ("vgg16_bn", 32), ("resnet18", 8), ("resnet20", 8)])
def test_that_an_image_too_small_for_the_network_is_refused(architecture, least):
    assert cross_check(sized(architecture, least), info(2)) == ()
    if least > 8:
        (problem,) = cross_check(sized(architecture, least - 1), info(2))
        assert problem.location == "data.image_size"
        network = labels()[architecture].split(" (")[0]
        assert problem.message == f"image size {least - 1} px is too small for {network}: at least {least} px"


@pytest.mark.parametrize("architecture", ["resnet18", "resnet50"])
def test_that_a_last_batch_of_one_small_image_is_refused_and_another_batch_size_named(architecture):
    (problem,) = cross_check(sized(architecture, 32, batch_size=8), info(2, num_train=17))
    assert problem.location == "data.batch_size"
    assert "batch size 8 leaves a last batch of one image (17 training images)" in problem.message
    assert "7 for example" in problem.message
    assert cross_check(sized(architecture, 32, batch_size=7), info(2, num_train=17)) == ()


def test_that_the_batch_size_named_works_for_every_number_of_images():
    for count in range(2, 60):
        for batch in range(1, count):
            if (count - 1) % batch == 0:
                (problem,) = cross_check(sized("resnet18", 16, batch), info(2, count))
                other = int(problem.message.split(" for example")[0].split()[-1])
                assert (count - 1) % other != 0


@pytest.mark.parametrize(("architecture", "size"), [("resnet18", 33), ("resnet20", 8), ("vgg16_bn", 32)])
def test_that_one_last_image_may_stand_alone_where_batch_norm_has_more_pixels(architecture, size):
    assert cross_check(sized(architecture, size, batch_size=8), info(2, num_train=17)) == ()


def test_that_the_weights_of_a_file_are_counted_with_its_own_classes():
    config = RunConfig(model={"weights": "file", "weights_file": "mine.safetensors"})
    numbers = forecast(config, 200, num_in_file=12)
    assert numbers.num_scored == 272_624 - 25 * 64
    assert sentence(numbers).startswith("271,024 weights scored, 27,103 kept (90 % sparsity); ")


def test_that_no_count_is_told_for_a_file_of_unknown_classes():
    config = RunConfig(model={"weights": "file", "weights_file": "mine.pt"}, mask={"sparsities": (0.9, 0.95)})
    numbers = forecast(config, 200)
    assert (numbers.num_scored, numbers.kept) == (None, None)
    assert sentence(numbers).startswith("all weights of the file scored, 90 / 95 % sparsity; ")
    assert sentence(numbers).endswith("for each level, 800 half-steps")


@pytest.mark.parametrize("architecture", ["vit_b_16", "maxvit_t"])
def test_that_a_network_of_one_size_takes_image_and_canvas_of_that_size_only(architecture):
    assert cross_check(sized(architecture, 224), info(2)) == ()
    image, canvas = cross_check(sized(architecture, 256), info(2))
    assert (image.location, canvas.location) == ("data.image_size", "prompt.canvas")
    assert image.message == f"image size 256 px does not fit {labels()[architecture]}: it takes 224 px only"
    assert canvas.message.startswith(f"canvas 256 px does not fit {labels()[architecture]}")
    smaller = RunConfig(model={"architecture": architecture}, data={"image_size": 192}, prompt={"canvas": 224})
    assert [problem.location for problem in cross_check(smaller, info(2))] == ["data.image_size"]


@pytest.mark.parametrize(
    ("batch", "micro", "refused"), [(8, 1, True), (9, 2, True), (8, 2, False), (9, 3, False), (8, 0, False)]
)
def test_that_a_micro_batch_of_one_image_is_refused_where_batch_norm_has_one_pixel(batch, micro, refused):
    small, large = (
        RunConfig(
            model={"architecture": "resnet18"},
            data={"image_size": size, "batch_size": batch, "micro_batch": micro},
            prompt={"canvas": size},
        )
        for size in (32, 33)
    )
    assert [problem.location for problem in cross_check(small, info(2, 2 * batch))] == ["data.micro_batch"] * refused
    assert cross_check(large, info(2, 2 * batch)) == ()


def test_that_every_network_can_be_forecast_at_its_own_size():
    for name, entry in catalogue().items():
        config = sized(name, entry.image_size)
        assert cross_check(config, info(10)) == ()
        assert forecast(config, 100).num_scored == entry.num_scored


def test_that_a_tuned_dense_reference_is_counted_beside_the_levels():
    plain = forecast(RunConfig(search_epochs=3, finetune_epochs=2), 128)
    tuned = forecast(RunConfig(search_epochs=3, finetune_epochs=2, dense="tuned"), 128)
    assert (plain.half_steps, tuned.half_steps, tuned.dense_epochs) == (20, 40, 5)
    assert lines(tuned)[2] == "3 + 2 epochs of 2 iterations and 5 for the dense reference, 40 half-steps"


def test_that_the_dense_reference_can_be_all_there_is():
    alone = forecast(RunConfig(search_epochs=3, finetune_epochs=2, dense="tuned", mask={"sparsities": ()}), 128)
    assert lines(alone)[0::2] == ("no level, the dense reference only", "5 epochs of 2 iterations, 20 half-steps")
