"""What a weights file says of itself before it is read."""

import pytest
import torch
from safetensors.torch import save_file

from vpns_engine.nn.models import plain_network
from vpns_engine.weights_files import num_classes_in


def _written(state, path):
    save_file(state, path)
    return path


def test_that_the_number_of_classes_stands_in_the_header(tmp_path):
    assert num_classes_in(_written(plain_network("resnet20", 12).state_dict(), tmp_path / "a.safetensors")) == 12
    assert num_classes_in(_written({"classifier.6.bias": torch.zeros(5)}, tmp_path / "b.safetensors")) == 5


def test_that_the_names_are_those_of_every_architecture(tmp_path):
    for architecture in ("resnet18", "resnet50", "vgg16", "vgg16_bn"):
        with torch.device("meta"):
            last = list(plain_network(architecture, 9).state_dict())[-1]
        assert num_classes_in(_written({last: torch.zeros(9)}, tmp_path / f"{architecture}.safetensors")) == 9


@pytest.mark.parametrize("state", [{"other.bias": torch.zeros(5)}, {"fc.bias": torch.zeros(5, 2)}])
def test_that_a_file_of_something_else_tells_nothing(tmp_path, state):
    assert num_classes_in(_written(state, tmp_path / "other.safetensors")) is None


def test_that_a_file_that_cannot_be_read_tells_nothing(tmp_path):
    (tmp_path / "cut.safetensors").write_bytes(b"cut")
    torch.save({"fc.bias": torch.zeros(5)}, tmp_path / "pickled.pt")
    for name in ("cut.safetensors", "gone.safetensors", "pickled.pt"):
        assert num_classes_in(tmp_path / name) is None
