"""Scores and masks around a plain network."""

import math

import pytest
import torch
from torch import nn

from tests.engine.tiny_states import tiny_network
from vpns_engine.nn.sparse import SparseNetwork, initial_score


def _network(density=None):
    network = SparseNetwork(tiny_network())
    if density is not None:
        network.set_density(density)
    return network


def _computes_with_the_mask(network):
    pairs = zip(network.scored, network.masks(), strict=True)
    return all(torch.equal(item.parameter, item.weight * mask) for item, mask in pairs)


def test_that_a_score_is_the_weight_scaled_to_its_layers_fan_in():
    weight = torch.tensor([[[[1.0, -2.0]]], [[[0.5, 0.0]]]])
    assert torch.allclose(initial_score(weight), math.sqrt(6 / 2) * weight / 2)
    assert torch.equal(initial_score(torch.zeros(2, 3)), torch.zeros(2, 3))


def test_that_grouped_convolutions_count_the_inputs_of_a_group():
    network = SparseNetwork(nn.Conv2d(4, 8, 3, groups=2))
    assert network.scores[0].abs().max() == pytest.approx(math.sqrt(6 / (2 * 9)))


def test_that_convolutions_and_linear_layers_are_scored_and_nothing_else():
    network = _network()
    assert [(layer.name, layer.shape) for layer in network.layers] == [("0", (5, 3, 3, 3)), ("5", (7, 5))]
    assert network.num_scored == 5 * 27 + 35
    assert sum(parameter.numel() for parameter in network.other_parameters()) == 5 + 5 + 7


def test_that_a_weight_used_twice_is_scored_once():
    layer = nn.Linear(3, 3)
    assert len(SparseNetwork(nn.Sequential(layer, nn.ReLU(), layer)).layers) == 1


def test_that_attentions_joint_projection_is_scored():
    names = [layer.name for layer in SparseNetwork(nn.MultiheadAttention(4, 2)).layers]
    assert names == ["", "out_proj"]


@pytest.mark.parametrize("density", [0.9, 0.5, 0.1, 0.01])
def test_that_the_largest_scores_of_all_layers_together_are_kept(density):
    network = _network(density)
    every = torch.cat([score.abs().flatten() for score in network.scores])
    k = int((1 - density) * every.numel())
    assert sum(network.kept()) == every.numel() - k
    kept = torch.cat([mask.flatten() for mask in network.masks()])
    assert every[kept].min() > network.threshold == every[~kept].max()
    assert _computes_with_the_mask(network)


def test_that_ties_at_the_threshold_are_all_dropped():
    network = _network()
    network.set_scores([torch.full_like(score, 0.5) for score in network.scores])
    network.set_density(0.5)
    assert network.kept() == (0, 0)


def test_that_full_density_has_no_threshold_and_leaves_the_weights_alone():
    network = _network(1.0)
    assert network.threshold is None
    assert sum(network.kept()) == network.num_scored
    assert _computes_with_the_mask(network)


def test_that_a_network_goes_back_to_dense():
    network = _network(0.1)
    network.set_density(1.0)
    assert network.threshold is None
    assert _computes_with_the_mask(network)


def test_that_the_mask_follows_the_scores_through_many_steps():
    network = _network(0.3)
    generator = torch.Generator().manual_seed(1)
    for step in range(60):
        for score in network.scores:
            score.add_(torch.randn(score.shape, generator=generator), alpha=(1e-3, 1e-1, 3.0)[step % 3])
        network.update_threshold()
        assert _computes_with_the_mask(network)
        assert sum(network.kept()) == network.num_scored - int(0.7 * network.num_scored)


def test_that_scores_replaced_between_two_updates_give_the_right_mask():
    torch.manual_seed(2)
    network = SparseNetwork(nn.Linear(300, 200))
    network.set_density(0.3)
    first = [score.clone() for score in network.scores]
    for factor in (1.0, -1.0, 0.5):
        for score in network.scores:
            score.add_(torch.randn_like(score), alpha=1e-3)
        network.update_threshold()
        network.set_scores([score * factor for score in first])
        network.refresh()
        network.update_threshold()
        assert _computes_with_the_mask(network)


def test_that_weights_loaded_between_two_updates_are_computed_with():
    network = _network(0.3)
    network.load_plain_state({name: value * 2 for name, value in network.plain_state(masked=False).items()})
    assert _computes_with_the_mask(network)
    network.scores[0].neg_().add_(0.01)
    network.update_threshold()
    assert _computes_with_the_mask(network)


def test_that_score_gradients_are_those_of_the_straight_through_rule():
    network = _network(0.5)
    network(torch.rand(2, 3, 8, 8)).square().sum().backward()
    gradients = [item.parameter.grad.clone() for item in network.scored]
    network.scores_from_gradients()
    for item, gradient in zip(network.scored, gradients, strict=True):
        assert torch.allclose(item.score.grad, gradient * item.weight * item.score.sign())
        assert item.parameter.grad is None
    dropped = ~network.masks()[0]
    assert network.scores[0].grad[dropped].abs().sum() > 0


def test_that_scores_get_no_gradient_without_a_threshold():
    network = _network(1.0)
    network(torch.rand(2, 3, 8, 8)).sum().backward()
    network.scores_from_gradients()
    assert all(score.grad is None for score in network.scores)


def test_that_dropped_weights_get_no_gradient():
    network = _network(0.5)
    network(torch.rand(2, 3, 8, 8)).square().sum().backward()
    network.weights_from_gradients()
    for item, mask in zip(network.scored, network.masks(), strict=True):
        assert item.weight.grad[~mask].eq(0).all()
        assert item.weight.grad[mask].abs().sum() > 0


def test_that_the_plain_state_loads_into_the_unmodified_network():
    network = _network(0.2)
    x = torch.rand(2, 3, 8, 8)
    plain = tiny_network()
    plain.load_state_dict(network.plain_state(masked=True))
    assert torch.equal(plain.eval()(x), network.eval()(x))
    plain.load_state_dict(network.plain_state(masked=False))
    assert torch.equal(plain[0].weight, network.weights[0])
    assert not torch.equal(plain(x), network(x))


def test_that_a_plain_state_is_a_copy():
    network = _network(0.2)
    network.plain_state(masked=False)["0.weight"].zero_()
    network.plain_state(masked=True)["1.running_mean"].fill_(9)
    assert network.weights[0].abs().sum() > 0
    assert network.network[1].running_mean.eq(0).all()
