"""ONNX files on a small network: any number of images, large weights beside, one line for what cannot be written or run."""

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from tests.architecture.sources import ROOT
from vpns_engine.errors import EngineError
from vpns_engine.export import onnx_file
from vpns_engine.export.onnx_file import OnnxNetwork, write_onnx


class Small(nn.Module):
    """A convolution, a mean, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3), nn.Linear(8, 5)

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean((2, 3)))


class Undecided(nn.Module):
    """Computes something else for other values: no graph says that."""

    def forward(self, x):
        return x.mean((2, 3)) if x.sum() > 0 else x.amax((2, 3))


@pytest.mark.parametrize("most", [onnx_file.MOST_IN_ONE_FILE, 0], ids=["one file", "weights beside"])
def test_that_a_file_takes_any_number_of_images_and_names_no_place(tmp_path, monkeypatch, most):
    monkeypatch.setattr(onnx_file, "MOST_IN_ONE_FILE", most)
    torch.manual_seed(0)
    network, path = Small().eval(), tmp_path / "small.onnx"
    write_onnx(network, torch.rand(2, 3, 9, 9), path, output_name="out", about={"input": "pixels"})
    assert {file.name for file in tmp_path.iterdir()} == ({"small.onnx"} if most else {"small.onnx", "small.onnx.data"})
    run = OnnxNetwork(path)
    for count in (1, 2, 7):
        x = torch.rand(count, 3, 9, 9)
        with torch.no_grad():
            np.testing.assert_allclose(run(x.numpy()), network(x).numpy(), atol=1e-6)
    model = onnx.load(path, load_external_data=False)
    assert model.graph.output[0].name == "out"
    assert {entry.key: entry.value for entry in model.metadata_props}["input"] == "pixels"
    assert str(ROOT).encode() not in path.read_bytes()
    with pytest.raises(EngineError, match="cannot be run") as caught:
        run(np.zeros((1, 3, 4, 9), np.float32))
    assert "\n" not in str(caught.value)


def test_that_a_network_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(EngineError, match="torch cannot write this network as ONNX") as caught:
        write_onnx(Undecided(), torch.rand(2, 3, 9, 9), tmp_path / "x.onnx")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_that_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(EngineError, match=r"none\.onnx cannot be opened") as caught:
        OnnxNetwork(tmp_path / "none.onnx")
    assert "\n" not in str(caught.value)
