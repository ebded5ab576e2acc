"""What a mask keeps of each layer, and the classifier's rows that nobody uses."""

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from vpns_engine.artifacts import pack, write_arrays
from vpns_engine.catalogue import catalogue
from vpns_engine.layer_counts import classifier_of, groups_of, layer_counts
from vpns_engine.mask_files import MaskFile


@pytest.fixture
def file(tmp_path):
    random = np.random.default_rng(1)
    masks = {"conv1": random.random((4, 3, 3, 3)) < 0.5, "fc": random.random((6, 4)) < 0.5}
    masks["conv1"][2] = False
    masks["fc"][[0, 5]] = [[1, 0, 0, 0], [0, 0, 0, 1]]
    masks["fc"][[1, 2]] = False
    write_arrays(tmp_path / "masks", {k: pack(v) for k, v in masks.items()}, {"shapes": {k: v.shape for k, v in masks.items()}})
    with MaskFile.open(tmp_path / "masks") as file:
        yield file


def test_that_unused_rows_of_the_classifier_stand_apart(file):
    conv, used, unused = layer_counts(file, architecture="resnet18", used=(5, 0))
    assert (conv.layer, conv.empty_out, conv.unused) == ("conv1", 1, False)
    assert (used.layer, used.shape, used.kept, used.empty_out, used.empty_in, used.unused) == ("fc", (2, 4), 2, 0, 2, False)
    assert (unused.layer, unused.shape, unused.empty_out, unused.unused) == ("fc", (4, 4), 2, True)
    assert used.kept + unused.kept == file.kept("fc") and used.numel + unused.numel == 24


@pytest.mark.parametrize("architecture,used", [("", (0, 5)), ("resnet18", ()), ("resnet18", range(6)), ("resnet18", (0, 6))])
def test_that_a_classifier_that_cannot_be_split_is_one_layer(file, architecture, used):
    assert [found.layer for found in layer_counts(file, architecture=architecture, used=used)] == ["conv1", "fc"]


def test_that_an_unknown_network_has_no_classifier():
    assert classifier_of("vgg16") == "classifier.6" and classifier_of("no such network") == ""


@pytest.mark.parametrize(
    "architecture",
    ["resnext50_32x4d", "regnet_x_400mf", "mobilenet_v3_small", "shufflenet_v2_x0_5", "convnext_tiny", "efficientnet_b0",
     "squeezenet1_1", "densenet121", "wide_resnet50_2", "swin_t", "mnasnet0_5"],
)  # fmt: skip
def test_that_groups_are_those_of_the_network(architecture):
    # a RegNet reckons with its widths while it is built, which takes real numbers
    with torch.device("cpu" if architecture.startswith("regnet") else "meta"):
        network = torchvision.models.get_model(architecture, **catalogue()[architecture].arguments)
    found = [(name, part) for name, part in network.named_modules() if isinstance(part, nn.Conv2d)]
    assert found
    for name, part in found:
        assert groups_of(architecture, name, tuple(part.weight.shape)) == part.groups, name


def test_that_vectors_and_linear_layers_have_no_groups():
    assert groups_of("resnext50_32x4d", "fc", (1000, 2048)) == groups_of("", "x", (7,)) == 1
    assert torch.nn.Linear(3, 2).weight.ndim == 2
