"""The networks that are pruned, and their weights. Each is an unmodified module."""

import json
import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from vpns_engine.bundled import resource
from vpns_engine.errors import EngineError
from vpns_engine.files import expanded
from vpns_engine.folders import cache_folder
from vpns_engine.nn.download import Report, fetch
from vpns_engine.nn.networks.resnet_cifar import resnet20
from vpns_engine.specs.model import Architecture, ModelSpec

_PAPER_WEIGHTS: dict[Architecture, str] = {
    "resnet18": "ResNet18_Weights.IMAGENET1K_V1",
    "resnet50": "ResNet50_Weights.IMAGENET1K_V2",
    "vgg16": "VGG16_Weights.IMAGENET1K_V1",
    "vgg16_bn": "VGG16_BN_Weights.IMAGENET1K_V1",
}
"""The weights the published numbers come from (spec section 5)."""


@dataclass(frozen=True)
class Pretrained:
    """A network with its weights, and the names of its classes."""

    module: nn.Module
    source_classes: tuple[str, ...]


def plain_network(architecture: str, num_classes: int) -> nn.Module:
    """Make the unmodified architecture with random weights."""
    if architecture == "resnet20":
        return resnet20(num_classes)
    network: nn.Module = torchvision.models.get_model(architecture, weights=None, num_classes=num_classes)
    return network


def load_pretrained(spec: ModelSpec, seed: int, report: Report) -> Pretrained:
    """Make a network with the weights its spec asks for.

    Args:
        spec: architecture and weights.
        seed: draws the weights where the spec asks for none.
        report: told what goes on, with the share done (0 to 1) where known.

    Raises:
        EngineError: a download failed, or the weights file cannot be used.
    """
    names = source_class_names(spec.architecture)
    match spec.weights:
        case "none":
            torch.manual_seed(seed)
            return Pretrained(plain_network(spec.architecture, len(names)), names)
        case "pretrained":
            state = _bundled_letters() if spec.architecture == "resnet20" else _torchvision_state(spec.architecture, report)
            return _fitted(spec.architecture, state, "pre-trained weights", names)
        case "file":
            path = expanded(spec.weights_file)
            return _fitted(spec.architecture, read_state_dict(path), str(path), names)


def source_class_names(architecture: Architecture) -> tuple[str, ...]:
    """Name the classes of the pre-trained weights, in order."""
    if architecture == "resnet20":
        return tuple(json.loads(resource("demo/letters_classes.json").read_text(encoding="utf-8")))
    return tuple(torchvision.models.get_weight(_PAPER_WEIGHTS[architecture]).meta["categories"])


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read a plain state dict; nothing in the file is run.

    Raises:
        EngineError: no such file, or not a plain state dict.
    """
    if not path.is_file():
        raise EngineError(f"weights file {path} is not there")
    try:
        found = load_file(path) if path.suffix == ".safetensors" else _load_pickle(path)
    except pickle.UnpicklingError as error:
        raise EngineError(f"weights file {path} holds more than tensors and was not opened: save a plain state dict") from error
    except (OSError, RuntimeError, SafetensorError, EOFError, ValueError, KeyError) as error:
        raise EngineError(f"weights file {path} cannot be read: {_first_line(error)}") from error
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise EngineError(f"weights file {path} is not a plain state dict (name -> tensor)")
    return dict(found)


def _load_pickle(path: Path) -> Any:  # noqa: ANN401 - whatever stands in the file
    with warnings.catch_warnings():
        # of a pickle by another program torch warns on stderr, even where it then refuses it
        warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
        return torch.load(path, map_location="cpu", weights_only=True)


def _fitted(architecture: Architecture, state: dict[str, Tensor], where: str, names: tuple[str, ...]) -> Pretrained:
    network = plain_network(architecture, len(names))
    num_classes = _num_classes(network, state, len(names))
    if num_classes != len(names):
        network = plain_network(architecture, num_classes)
        names = tuple(f"class {index}" for index in range(num_classes))
    reason = _misfit(network.state_dict(), state)
    if reason:
        raise EngineError(f"{where} does not fit {architecture}: {reason}")
    network.load_state_dict(state)
    return Pretrained(network.float(), names)


def _num_classes(network: nn.Module, state: Mapping[str, Tensor], default: int) -> int:
    """Read the number of classes off the classifier's bias, the last entry of each of these networks."""
    last = list(network.state_dict())[-1]
    return int(state[last].shape[0]) if last in state and state[last].ndim == 1 else default


def _misfit(expected: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    missing = [name for name in expected if name not in given]
    if missing:
        return f"{missing[0]} is missing ({len(missing)} of {len(expected)} entries)"
    extra = [name for name in given if name not in expected]
    if extra:
        return f"{extra[0]} does not belong there ({len(extra)} such entries)"
    for name, value in expected.items():
        if given[name].shape != value.shape:
            return f"{name} is {tuple(given[name].shape)}, not {tuple(value.shape)}"
    return ""


def _bundled_letters() -> dict[str, Tensor]:
    return load_file(resource("demo/letters_resnet20.safetensors"))


def _torchvision_state(architecture: Architecture, report: Report) -> dict[str, Tensor]:
    weights: Any = torchvision.models.get_weight(_PAPER_WEIGHTS[architecture])
    return read_state_dict(fetch(weights.url, cache_folder() / "weights", report))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
