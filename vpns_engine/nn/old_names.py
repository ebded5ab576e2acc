"""State dicts as torchvision once wrote them, under the names its networks have now.

Its loaders do the same from a version number inside the file; ours see the names alone, which a .safetensors has too.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

_DENSENET = re.compile(r"(?<=\.)(norm|relu|conv)\.([12])(?=\.)")
"""Files of 2017 have `denselayer1.norm.1.weight`, the network `denselayer1.norm1.weight`."""

_VIT = re.compile(r"(?<=\.mlp\.)linear_([12])(?=\.)")
"""Files of 2022 have `mlp.linear_1` and `mlp.linear_2`, the network `mlp.0` and `mlp.3`."""

_SECOND_CLASSIFIERS = ("AuxLogits.", "aux1.", "aux2.")
"""Inception and GoogLeNet had them in training only."""

_COUNTER = ".num_batches_tracked"


def renamed(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give a state dict under the names of `expected`, as far as old names explain the difference.

    Args:
        state: as read.
        expected: the network's own state dict.
    """
    found = {_renamed(name, expected): value for name, value in state.items()}
    found = {name: value for name, value in found.items() if name in expected or not name.startswith(_SECOND_CLASSIFIERS)}
    # counts batches in training; files of before 0.4.1 have none, and nothing here reads it
    counters = {name: torch.tensor(0) for name in expected if name.endswith(_COUNTER) and name not in found}
    return found | (counters if _has_statistics(found, counters) else {})


def _renamed(name: str, expected: Mapping[str, Tensor]) -> str:
    if name in expected:
        return name
    if ".denselayer" in name:
        return _DENSENET.sub(r"\1\2", name)
    return _VIT.sub(lambda match: "0" if match.group(1) == "1" else "3", name)


def _has_statistics(found: Mapping[str, Tensor], counters: Mapping[str, Tensor]) -> bool:
    """Tell a file from before the counters from one that lacks more."""
    return all(f"{name.removesuffix(_COUNTER)}.running_mean" in found for name in counters)
