"""A new classifier in place of the pre-trained one."""

import math

import torch
from torch import nn

from vpns_engine.catalogue import catalogue


def replace_classifier(module: nn.Module, architecture: str, num_classes: int, seed: int) -> str:
    """Put a new classifier with `num_classes` outputs in the place of the last one, and name its layer.

    It is of the old one's kind (SqueezeNet's is a 1x1 convolution, MaxViT's has no bias), so the state dict is that of the
    plain architecture with so many classes. Its values are drawn uniformly within 1 / sqrt(inputs), from the seed alone.
    """
    name = catalogue()[architecture].classifier
    parent, _, last = name.rpartition(".")
    old = module.get_submodule(name)
    new = _like(old, num_classes).to(next(old.parameters()))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in new.parameters():
            drawn = torch.rand(parameter.shape, generator=generator)
            parameter.copy_((2 * drawn - 1) / math.sqrt(catalogue()[architecture].num_features))
    setattr(module.get_submodule(parent), last, new)
    return name


def _like(old: nn.Module, num_classes: int) -> nn.Module:
    """Make a layer of the same kind with other outputs; on no device yet, so that nothing is drawn."""
    bias = getattr(old, "bias", None) is not None
    match old:
        case nn.Conv2d():
            made: nn.Module = nn.Conv2d(old.in_channels, num_classes, (1, 1), bias=bias, device="meta")
        case nn.Linear():
            made = nn.Linear(old.in_features, num_classes, bias=bias, device="meta")
        case _:
            raise TypeError(f"a classifier of kind {type(old).__name__} is not known")
    return made.to_empty(device="cpu").train(old.training)
