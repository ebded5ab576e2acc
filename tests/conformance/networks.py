"""Networks of the recorded cases: small ones from a list of operations, torchvision's from a seed or a portable generator."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.conformance.cases import Array, Case
from vpns_engine.nn.models import plain_network

_NUM_IMAGENET = 1000


def network_of_spec(operations: Sequence[Mapping[str, Any]]) -> nn.Sequential:
    """Build a network from its operations in order, as in `config.spec`."""
    network = nn.Sequential()
    for index, operation in enumerate(operations):
        network.add_module(operation.get("name", f"op{index}"), _module(operation))
    return network


def _module(operation: Mapping[str, Any]) -> nn.Module:
    bias = bool(operation.get("bias"))
    match operation["op"]:
        case "conv":
            place = {"stride": operation["stride"], "padding": operation["pad"], "groups": operation.get("groups", 1)}
            return nn.Conv2d(operation["cin"], operation["cout"], operation["k"], bias=bias, **place)
        case "bn":
            return nn.BatchNorm2d(operation["c"])
        case "relu":
            return nn.ReLU()
        case "maxpool":
            return nn.MaxPool2d(operation["k"])
        case "gap":
            return nn.AdaptiveAvgPool2d(1)
        case "flatten":
            return nn.Flatten()
        case "linear":
            return nn.Linear(operation["in"], operation["out"], bias=bias)
        case other:
            raise ValueError(f"operation {other} is not known")


def initial_tensors(inputs: Mapping[str, Array]) -> dict[str, Tensor]:
    """Give the initial tensors (`init.<tensor>`) of a small network."""
    return {name.removeprefix("init."): torch.from_numpy(np.array(a)) for name, a in inputs.items() if name.startswith("init.")}


def load_initial(network: nn.Module, initial: Mapping[str, Tensor]) -> None:
    """Fill a network; only its counters may be missing."""
    counters = {name: value for name, value in network.state_dict().items() if name.endswith("num_batches_tracked")}
    network.load_state_dict(counters | dict(initial))


def network_of_recipe(recipe: str) -> nn.Module:
    """Make a torchvision network as `torch.manual_seed(S) then torchvision.models.NAME(weights=None)` says."""
    seed, name = re.search(r"manual_seed\((\d+)\)", recipe), re.search(r"torchvision\.models\.(\w+)\(", recipe)
    if not seed or not name:
        raise ValueError(f"recipe {recipe!r} is not known")
    torch.manual_seed(int(seed.group(1)))
    return plain_network(name.group(1), _NUM_IMAGENET)


def network_of_table(architecture: str, num_classes: int, seed: int, table: Sequence[Mapping[str, Any]]) -> nn.Module:
    """Make a network whose values come from the portable generator; what is not in the table is as at the start."""
    network = plain_network(architecture, num_classes)
    values = {entry["name"]: torch.from_numpy(_portable(seed, entry)) for entry in table}
    network.load_state_dict({name: values.get(name, value) for name, value in network.state_dict().items()})
    return network


def _portable(seed: int, entry: Mapping[str, Any]) -> Array:
    count = int(np.prod(entry["shape"]))
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (np.arange(count, dtype=np.uint64) + np.uint64(entry["counter_start"] + 1)) * _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    signed = (2.0 * ((z >> np.uint64(40)).astype(np.float64) / 2**24) - 1.0).astype(np.float32)
    rules = {
        "bound*s": lambda: np.float32(entry["bound"]) * signed,
        "1+s/2": lambda: np.float32(1) + signed / np.float32(2),
        "1+s/4": lambda: np.float32(1) + signed / np.float32(4),
        "s/8": lambda: signed / np.float32(8),
        "s/16": lambda: signed / np.float32(16),
    }
    values: Array = rules[entry["rule"]]().reshape(entry["shape"])
    return values


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def state_digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over the float32 little-endian bytes of all floating tensors, in their order."""
    digest = hashlib.sha256()
    for tensor in tensors.values():
        if tensor.is_floating_point():
            digest.update(tensor.detach().numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def network_of_case(case: Case) -> tuple[nn.Module, str]:
    """Make the network of a trajectory with its initial weights, and give their digest (of the plain network)."""
    config = case.settings["config"]
    if "spec" in config:
        network: nn.Module = network_of_spec(config["spec"])
        load_initial(network, initial_tensors(case.inputs))
    elif "portable_table" in case.settings:
        network = network_of_table(config["net"], config["n_src"], config["init_seed"], case.settings["portable_table"])
    else:
        network = network_of_recipe(case.settings["weights_recipe"])
    digest = state_digest(network.state_dict())
    if config["network_arg"] == "vgg":
        drop_convolution_biases(network)
    return network, digest


def drop_convolution_biases(network: nn.Module) -> None:
    """Remove them: the authors' program loses those of a plain VGG when it wraps its layers."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_parameter("bias", None)
