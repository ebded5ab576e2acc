"""Exports of torchvision networks."""

import json

import pytest
import torch
import torchvision
from torchvision.models import resnet18

from tests.engine.saved_runs import saved_run
from vpns_engine.catalogue import catalogue
from vpns_engine.export import export_run
from vpns_engine.export.code import example_text
from vpns_engine.nn.normalization import normalization_of
from vpns_engine.specs.problems import config_from


def exported(tmp_path, architecture, size=32):
    """Export a saved state of an architecture with its 1000 classes, which checks it in a fresh process."""
    torch.set_num_threads(1)
    values = {
        "model": {"architecture": architecture, "weights": "none"},
        "data": {"image_size": size},
        "prompt": {"kind": "fix", "canvas": size + 16, "square": 20},
    }
    return export_run(saved_run(tmp_path / "runs", config_from(values), num_source=1000), tmp_path / "out")


def test_that_a_torchvision_network_is_exported_without_our_source(tmp_path):
    result = exported(tmp_path, "resnet18")
    assert result.num_scored == 11_678_912
    assert result.max_logit_difference == 0
    assert not [name for name in result.files if name.endswith(".py") and name != "example.py"]
    assert "from torchvision.models import resnet18" in (result.folder / "example.py").read_text()
    state = torch.load(result.folder / "model.pt", weights_only=True)
    resnet18(weights=None).load_state_dict(state, strict=True)
    assert json.loads((result.folder / "labels.json").read_text())["num_outputs"] == 1000


def test_that_mnasnets_export_says_the_version_it_is_asked_for(tmp_path):
    result = exported(tmp_path, "mnasnet0_5")
    assert result.max_logit_difference == 0
    state = torch.load(result.folder / "model.pt", weights_only=True)
    torchvision.models.mnasnet0_5(weights=None).load_state_dict(state, strict=True)


def test_that_googlenets_export_is_built_as_the_run_built_it(tmp_path):
    result = exported(tmp_path, "googlenet", size=48)
    assert result.max_logit_difference == 0
    text = (result.folder / "example.py").read_text()
    assert "googlenet(num_classes=1000, aux_logits=False, transform_input=True, init_weights=False)" in text


@pytest.mark.parametrize("architecture", sorted(catalogue()))
def test_that_the_example_of_every_network_is_python(architecture):
    text = example_text(architecture, num_outputs=1000, prompted=True)
    compile(text, "example.py", "exec")
    assert f"network = {architecture}(num_classes=1000" in text


def test_that_an_export_normalises_as_its_run_did(tmp_path, monkeypatch):
    other = {"mean": (0.5, 0.4, 0.3), "std": (0.5, 0.6, 0.7)}
    monkeypatch.setitem(catalogue(), "squeezenet1_1", catalogue()["squeezenet1_1"].model_copy(update=other))
    result = exported(tmp_path, "squeezenet1_1")
    assert result.max_logit_difference == 0
    how = json.loads((result.folder / "preprocessing.json").read_text())
    assert (tuple(how["mean"]), tuple(how["std"])) == (other["mean"], other["std"])
    assert normalization_of("squeezenet1_1").mean == other["mean"]
