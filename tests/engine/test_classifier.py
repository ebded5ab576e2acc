"""A new classifier in place of the pre-trained one."""

import pytest
import torch

from vpns_engine.nn.classifier import replace_classifier
from vpns_engine.nn.models import blank_network, plain_network


def test_that_its_values_come_from_the_seed_and_from_nothing_else():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    made = []
    for seed in (1, 1, 2):
        network = blank_network("resnet20", 37).to_empty(device="cpu")
        assert replace_classifier(network, "resnet20", 5, seed) == "fc"
        made.append(network.fc)
    assert torch.equal(made[0].weight, made[1].weight) and torch.equal(made[0].bias, made[1].bias)
    assert not torch.equal(made[0].weight, made[2].weight)
    assert torch.equal(before, torch.get_rng_state())


def test_that_its_values_are_spread_as_those_of_a_new_layer():
    network = blank_network("resnet18", 1000).to_empty(device="cpu")
    replace_classifier(network, "resnet18", 100, 1)
    bound = 512**-0.5
    assert bound * 0.99 < network.fc.weight.abs().max() <= bound
    assert abs(float(network.fc.weight.detach().mean())) < bound / 50
    assert network.fc.weight.requires_grad and network.fc.bias.requires_grad


@pytest.mark.parametrize(
    ("architecture", "kind", "has_bias"), [("squeezenet1_1", "Conv2d", True), ("maxvit_t", "Linear", False)]
)
def test_that_it_is_of_the_old_ones_kind(architecture, kind, has_bias):
    network = blank_network(architecture, 1000).to_empty(device="cpu")
    layer = network.get_submodule(replace_classifier(network, architecture, 3, 1))
    assert (type(layer).__name__, layer.bias is not None, layer.weight.shape[0]) == (kind, has_bias, 3)


def test_that_the_network_gives_as_many_logits():
    network = plain_network("resnet20", 37).double()
    replace_classifier(network, "resnet20", 4, 1)
    assert network.eval()(torch.rand(2, 3, 16, 16, dtype=torch.float64)).shape == (2, 4)
