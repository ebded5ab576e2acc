"""Masks set at once."""

import pytest
import torch

from tests.engine.tiny_states import tiny_network
from vpns_engine.nn.criteria import set_by_criterion
from vpns_engine.nn.sparse import SparseNetwork


def _masks(criterion, density, seed=1):
    network = SparseNetwork(tiny_network())
    set_by_criterion(network, criterion, density, seed)
    return network, torch.cat([mask.flatten() for mask in network.masks()])


@pytest.mark.parametrize("density", [0.9, 0.5, 0.1, 0.01])
def test_that_omp_keeps_the_largest_weights_of_all_layers(density):
    network, mask = _masks("magnitude", density)
    sizes = torch.cat([weight.abs().flatten() for weight in network.weights])
    k = int((1 - density) * sizes.numel())
    expected = torch.ones_like(mask)
    expected[sizes.argsort()[:k]] = False
    assert torch.equal(mask, expected)


@pytest.mark.parametrize("density", [0.9, 0.5, 0.1, 0.01])
def test_that_random_keeps_an_exact_count(density):
    network, mask = _masks("random", density)
    assert int(mask.sum()) == network.num_scored - int((1 - density) * network.num_scored)
    for item, part in zip(network.scored, network.masks(), strict=True):
        assert torch.equal(item.parameter, item.weight * part)


def test_that_random_depends_on_the_seed_alone():
    assert torch.equal(_masks("random", 0.5, 3)[1], _masks("random", 0.5, 3)[1])
    assert not torch.equal(_masks("random", 0.5, 3)[1], _masks("random", 0.5, 4)[1])


@pytest.mark.parametrize("criterion", ["magnitude", "random"])
def test_that_full_density_keeps_everything(criterion):
    network, mask = _masks(criterion, 1.0)
    assert mask.all()
    assert network.threshold is None
