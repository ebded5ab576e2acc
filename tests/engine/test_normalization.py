"""ImageNet normalisation, and the clamp whose gradient passes at its bounds."""

import torch
from torch.nn import functional

from vpns_engine.nn.normalization import IMAGENET, MEAN, STD, Normalization, clamp_unit, normalize
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.specs.prompt import NoPromptSpec, PadSpec


def test_that_the_clamp_passes_the_gradient_on_the_closed_interval_only():
    x = torch.tensor([-0.5, 0.0, 0.3, 1.0, 1.5], requires_grad=True)
    clamped = clamp_unit(x)
    clamped.backward(torch.full((5,), 2.0))
    assert clamped.tolist() == torch.tensor([0.0, 0.0, 0.3, 1.0, 1.0]).tolist()
    assert x.grad.tolist() == [0.0, 2.0, 2.0, 2.0, 0.0]


def test_that_normalising_takes_each_channels_mean_and_deviation():
    x = torch.tensor(MEAN).view(1, 3, 1, 1) + torch.tensor(STD).view(1, 3, 1, 1)
    assert torch.allclose(normalize(x), torch.ones(1, 3, 1, 1))


def test_that_double_precision_gets_constants_in_true_double():
    x = torch.zeros(1, 3, 1, 1, dtype=torch.float64)
    assert normalize(x).flatten().tolist() == [(0.0 - mean) / std for mean, std in zip(MEAN, STD, strict=True)]


def test_that_a_network_may_want_another_normalisation():
    wanted = Normalization((0.5, 0.4, 0.3), (0.1, 0.2, 0.4))
    x = torch.tensor([0.6, 0.6, 0.7]).view(1, 3, 1, 1)
    assert torch.allclose(wanted(x).flatten(), torch.ones(3))
    assert torch.equal(IMAGENET(x), normalize(x))


def test_that_numbers_first_used_in_inference_can_be_learned_through():
    wanted = Normalization((0.51, 0.41, 0.31), (0.11, 0.21, 0.41))
    with torch.inference_mode():
        wanted(torch.zeros(1, 3, 1, 1))
    x = torch.zeros(1, 3, 1, 1, requires_grad=True)
    wanted(x).sum().backward()
    assert torch.allclose(x.grad.flatten(), 1 / torch.tensor(wanted.std))


def test_that_the_prompted_view_is_normalised_as_the_network_wants():
    wanted = Normalization((0.5, 0.4, 0.3), (0.1, 0.2, 0.4))
    x = torch.rand(2, 3, 8, 8)
    for spec in (PadSpec(canvas=10, pad=1), NoPromptSpec(canvas=10)):
        prompt = build_prompt(spec, 8, lambda: (0, 0), normalization=wanted)
        assert torch.equal(prompt(x), wanted(functional.pad(x, (1, 1, 1, 1))))
