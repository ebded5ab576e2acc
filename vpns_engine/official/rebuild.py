"""From a checkpoint to the engine's network: dense weights, scores, and the mask of a density."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from vpns_engine.errors import EngineError
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.official.read import Checkpoint


def misfit(network: nn.Module, given: Mapping[str, Tensor]) -> str:
    """Say why a state dict is not that of a network; empty where it is. Biases of convolutions may all be missing."""
    expected = network.state_dict()
    missing, biases = [name for name in expected if name not in given], convolution_biases(network)
    if missing and set(missing) != biases:
        first = next((name for name in missing if name not in biases), missing[0])
        return f"{first} is missing ({len(missing)} of {len(expected)} entries)"
    extra = [name for name in given if name not in expected]
    if extra:
        return f"{extra[0]} does not belong there ({len(extra)} such entries)"
    wrong = next((name for name, value in given.items() if value.shape != expected[name].shape), None)
    return f"{wrong} is {tuple(given[wrong].shape)}, not {tuple(expected[wrong].shape)}" if wrong else ""


def convolution_biases(network: nn.Module) -> set[str]:
    """Name the biases of the convolutions; a plain VGG of the released code has lost its own."""
    return {
        f"{name}.bias" for name, module in network.named_modules() if isinstance(module, nn.Conv2d) and module.bias is not None
    }


def whole(network: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give a complete state dict for a network that fits: biases of convolutions that are missing are 0."""
    entries = network.state_dict().items()
    return {name: given[name] if name in given else torch.zeros(value.shape, dtype=value.dtype) for name, value in entries}


def apply(checkpoint: Checkpoint, network: SparseNetwork, density: float) -> None:
    """Put a checkpoint's weights and scores into a network and find the mask of a density again.

    Raises:
        EngineError: it is another network's, or other layers are scored.
    """
    reason = misfit(network.network, checkpoint.weights)
    layers = [item.name for item in network.scored]
    if not reason and set(layers) != checkpoint.scores.keys():
        reason = f"{min(set(layers) ^ checkpoint.scores.keys())} is scored in one of the two only"
    if reason:
        raise EngineError(f"{checkpoint.path} does not fit the network: {reason}")
    network.set_scores([checkpoint.scores[name] for name in layers])
    network.load_plain_state(whole(network.network, checkpoint.weights))
    network.set_density(density)
