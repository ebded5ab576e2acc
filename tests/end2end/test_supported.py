"""Every data set, prompt, mapping and method that the README lists goes through a whole run."""

import pytest

from tests.data_sets.writers import write
from tests.engine.tiny_runs import make_pictures, run, tiny_config
from vpns_engine import events
from vpns_engine.specs.data import NAMED
from vpns_engine.specs.mapping import MAPPING_LABELS
from vpns_engine.specs.method import METHOD_LABELS
from vpns_engine.specs.problems import config_from
from vpns_engine.specs.prompt import PromptSpec

_MANY_CLASSES = ("cifar100", "flowers102", "gtsrb")


def _whole(config, runs):
    """Do a run and give its events by kind, the last of each."""
    _, told = run(config, runs)
    last = {type(event): event for event in told}
    assert last[events.RunEnded].status == "finished", last[events.RunEnded].text
    return last


@pytest.mark.parametrize("key", NAMED)
def test_that_a_run_reads_the_data_set(key, tmp_path):
    plan = write(key, tmp_path / "data", per_class=12)
    values = {
        "data": {"dataset": key, "root": str(tmp_path / "data"), "image_size": 8, "batch_size": 32},
        "prompt": {"kind": "pad", "canvas": 8, "pad": 1},
        "mask": {"sparsities": [0.5]},
        "model": {"architecture": "resnet20", "weights": "none"},
        # its 37 source classes are too few to map the classes of some sets
        "mapping": {"kind": "head" if key in _MANY_CLASSES else "flm"},
        "search_epochs": 1,
        "finetune_epochs": 1,
        "device": "cpu",
        "threads": 1,
    }
    last = _whole(config_from(values), tmp_path / "runs")
    started = last[events.RunStarted]
    assert min(started.num_train, started.num_validation, started.num_test) > 0
    # some sets bring their validation or test images beside these
    assert started.num_train + started.num_validation + started.num_test >= plan.classes * plan.per_class
    assert last[events.Tested].stage == "finetune"


@pytest.mark.parametrize("kind", PromptSpec.kinds())
def test_that_a_run_learns_with_the_prompt(kind, tmp_path):
    size = 6 if PromptSpec.kinds()[kind].around_image else 8
    folder = make_pictures(tmp_path / "pictures")
    config = tiny_config(folder, prompt={"kind": kind, "canvas": 10}, data={"image_size": size + 2})
    last = _whole(config, tmp_path / "runs")
    assert (last[events.Tested].accuracy_prompted is not None) == (kind != "none")


@pytest.mark.parametrize("kind", MAPPING_LABELS)
def test_that_a_run_takes_the_mapping(kind, tmp_path):
    last = _whole(tiny_config(make_pictures(tmp_path / "pictures"), mapping={"kind": kind}), tmp_path / "runs")
    assert (events.LabelsMapped in last) == (kind != "head")


@pytest.mark.parametrize("method", METHOD_LABELS)
def test_that_a_run_takes_the_method(method, tmp_path):
    last = _whole(tiny_config(make_pictures(tmp_path / "pictures"), method=method), tmp_path / "runs")
    assert last[events.RunStarted].method == method
