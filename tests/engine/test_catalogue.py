"""The catalogue says of every network what the network itself says."""

from typing import get_args

import pytest
import torch
from torch import nn

from vpns_engine.catalogue import catalogue
from vpns_engine.nn.models import plain_network, source_class_names
from vpns_engine.specs.model import Architecture

ARCHITECTURES = get_args(Architecture)


def test_that_every_architecture_is_in_the_catalogue():
    assert set(catalogue()) == set(ARCHITECTURES)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_that_the_catalogue_counts_the_network_as_built(architecture):
    entry = catalogue()[architecture]
    with torch.device("meta"):
        network = plain_network(architecture, entry.num_source_classes)
        scored = [module.weight.numel() for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    assert sum(scored) == entry.num_scored


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_that_the_catalogue_counts_the_source_classes(architecture):
    assert len(source_class_names(architecture)) == catalogue()[architecture].num_source_classes


def test_that_the_published_totals_stand():
    published = {"resnet18": 11_678_912, "resnet50": 25_502_912, "vgg16": 138_344_128}
    assert {name: catalogue()[name].num_scored for name in published} == published
