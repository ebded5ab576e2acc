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


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_that_the_catalogue_counts_the_network_with_other_classes(architecture):
    with torch.device("meta"):
        network = plain_network(architecture, 12)
        scored = [module.weight.numel() for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    assert sum(scored) == catalogue()[architecture].scored_with(12)


def _trains_on(network, count, size):
    network.train()
    try:
        network(torch.rand(count, 3, size, size))
    except (RuntimeError, ValueError):
        return False
    return True


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_that_the_catalogues_sizes_are_where_the_network_starts_to_work(architecture):
    entry, network = catalogue()[architecture], _narrow(architecture)
    assert _trains_on(network, 2, entry.min_image_size)
    assert entry.min_image_size == 8 or not _trains_on(network, 2, entry.min_image_size - 1)
    if entry.one_pixel_size:
        assert not _trains_on(network, 1, entry.one_pixel_size)
    assert _trains_on(network, 1, max(entry.one_pixel_size + 1, entry.min_image_size))


def _narrow(architecture):
    """Give the architecture, its large classifier (which takes any size) cut to one output."""
    with torch.device("meta"):
        network = plain_network(architecture, 2)
    if isinstance(network.classifier if hasattr(network, "classifier") else None, nn.Sequential):
        network.classifier = nn.Linear(512 * 7 * 7, 1, device="meta")
    return network.to_empty(device="cpu")
