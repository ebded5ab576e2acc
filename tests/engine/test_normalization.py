"""ImageNet normalisation, and the clamp whose gradient passes at its bounds."""

import torch

from vpns_engine.nn.normalization import MEAN, STD, clamp_unit, normalize


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
