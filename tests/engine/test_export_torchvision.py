"""An export of a torchvision network."""

import json

import torch
from torchvision.models import resnet18

from tests.engine.saved_runs import saved_run
from vpns_engine.export import export_run
from vpns_engine.specs.problems import config_from


def test_that_a_torchvision_network_is_exported_without_our_source(tmp_path):
    torch.set_num_threads(1)
    values = {
        "model": {"architecture": "resnet18", "weights": "none"},
        "data": {"image_size": 32},
        "prompt": {"kind": "fix", "canvas": 48, "square": 20},
    }
    result = export_run(saved_run(tmp_path / "runs", config_from(values), num_source=1000), tmp_path / "out")
    assert result.num_scored == 11_678_912
    assert result.max_logit_difference == 0
    assert not [name for name in result.files if name.endswith(".py") and name != "example.py"]
    assert "from torchvision.models import resnet18" in (result.folder / "example.py").read_text()
    state = torch.load(result.folder / "model.pt", weights_only=True)
    resnet18(weights=None).load_state_dict(state, strict=True)
    assert json.loads((result.folder / "labels.json").read_text())["num_outputs"] == 1000
