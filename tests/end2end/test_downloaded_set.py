"""A run on a data set that is not there: it is downloaded first; one that is half there is left alone."""

import pytest

from tests.data_sets.packing import serve_set
from tests.data_sets.web import serving
from tests.data_sets.writers import write
from tests.engine.tiny_runs import run, run_with
from vpns_engine import events
from vpns_engine.data_sets.status import status_of
from vpns_engine.drive import Control
from vpns_engine.specs.problems import config_from


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving({}) as one:
        yield one


@pytest.fixture
def root(tmp_path, web, monkeypatch):
    """Give an empty data root, with a miniature CIFAR-10 on the server."""
    facts = serve_set("cifar10", tmp_path / "made", web)
    monkeypatch.setattr("vpns_engine.data_sets.fetch.facts_of", lambda _key: facts)
    return tmp_path / "root"


def _config(root):
    return config_from(
        {
            "data": {"dataset": "cifar10", "root": str(root), "image_size": 8, "batch_size": 64},
            "prompt": {"kind": "pad", "canvas": 8, "pad": 1},
            "model": {"weights": "none"},
            "mask": {"sparsities": [0.5]},
            "search_epochs": 1,
            "finetune_epochs": 1,
            "device": "cpu",
            "threads": 1,
        }
    )


def test_that_a_run_downloads_the_set_it_needs_and_the_next_one_does_not(root, tmp_path, web):
    _, told = run(_config(root), tmp_path / "runs")
    assert told[-1].status == "finished", told[-1].text
    assert any(isinstance(event, events.Preparing) and event.done is not None for event in told)
    asked = len(web.asked)
    assert asked == 1
    run(_config(root), tmp_path / "runs")
    assert len(web.asked) == asked


def test_that_a_stop_ends_the_download_of_a_set(root, tmp_path, web):
    web.stall = 1 << 12
    control = Control()

    def stop(event):
        if isinstance(event, events.Preparing) and event.done is not None:
            control.stop()

    _, told = run_with(control, _config(root), tmp_path / "runs", stop)
    assert told[-1].status == "stopped"
    assert status_of("cifar10", root).state == "download"


def test_that_a_set_that_is_half_there_is_left_alone(root, tmp_path, web):
    write("cifar10", root, per_class=12)
    (lost,) = root.glob("cifar-10-batches-py/data_batch_5")
    lost.unlink()
    _, told = run(_config(root), tmp_path / "runs")
    assert told[-1].status == "failed"
    assert "CIFAR-10 is incomplete: data_batch_5 missing in" in told[-1].text
    assert not web.asked
