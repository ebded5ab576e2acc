"""The networks that are pruned, and their weights. Each is an unmodified module."""

import json
import pickle
import warnings
from collections import OrderedDict
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
from vpns_engine.catalogue import catalogue
from vpns_engine.download import Report, fetch_file
from vpns_engine.errors import EngineError
from vpns_engine.files import expanded
from vpns_engine.nn.blank import blank
from vpns_engine.nn.networks.resnet_cifar import resnet20
from vpns_engine.nn.normalization import IMAGENET, Normalization, normalization_of
from vpns_engine.nn.old_names import renamed
from vpns_engine.nn.pickle_names import refuse_growing
from vpns_engine.specs.model import ModelSpec
from vpns_engine.weights_files import download_path, find_weights


@dataclass(frozen=True)
class Pretrained:
    """A network with its weights, the names of its classes, and what it wants done to its input."""

    module: nn.Module
    source_classes: tuple[str, ...]
    normalization: Normalization = IMAGENET
    head: str = ""
    """Layer of a new classifier, which is neither scored nor pruned; empty where the pre-trained one is kept."""


def plain_network(architecture: str, num_classes: int) -> nn.Module:
    """Make the unmodified architecture with random weights."""
    if architecture == "resnet20":
        return resnet20(num_classes)
    arguments = catalogue()[architecture].arguments
    network: nn.Module = torchvision.models.get_model(architecture, weights=None, num_classes=num_classes, **arguments)
    return network


def blank_network(architecture: str, num_classes: int) -> nn.Module:
    """Make the unmodified architecture without values, to be filled from a state dict; draws no random number."""
    return blank(lambda: plain_network(architecture, num_classes))


def load_pretrained(spec: ModelSpec, seed: int, report: Report) -> Pretrained:
    """Make a network with the weights its spec asks for.

    Args:
        spec: architecture and weights.
        seed: draws the weights where the spec asks for none.
        report: told what goes on, with the share done (0 to 1) where known.

    Raises:
        EngineError: a download failed, or the weights file cannot be used.
    """
    architecture = spec.architecture
    match spec.weights:
        case "none":
            torch.manual_seed(seed)
            names = source_class_names(architecture)
            return Pretrained(plain_network(architecture, len(names)), names, normalization_of(architecture))
        case "pretrained" if architecture == "resnet20":
            return fitted(architecture, load_file(resource("demo/letters_resnet20.safetensors")), "the bundled weights")
        case "pretrained":
            path = weights_path(architecture, report)
            return fitted(architecture, read_state_dict(path), str(path))
        case "file":
            path = expanded(spec.weights_file)
            return fitted(architecture, read_state_dict(path), str(path))


def weights_path(architecture: str, report: Report) -> Path:
    """Give torchvision's file of pre-trained weights: one that is there already, or downloaded now.

    Raises:
        EngineError: it is nowhere, and cannot be downloaded.
    """
    if found := find_weights(architecture):
        return found
    entry = catalogue()[architecture]
    path = download_path(architecture)
    return fetch_file(entry.url, path, report=report, bytes=entry.num_bytes, label=f"weights of {entry.label}")


def source_class_names(architecture: str) -> tuple[str, ...]:
    """Name the classes of the pre-trained weights, in order."""
    if architecture == "resnet20":
        return tuple(json.loads(resource("demo/letters_classes.json").read_text(encoding="utf-8")))
    return tuple(torchvision.models.get_weight(catalogue()[architecture].weights).meta["categories"])


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
    refuse_growing(path)
    with warnings.catch_warnings():
        # of a pickle by another program torch warns on stderr, even where it then refuses it
        warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
        return torch.load(path, map_location="cpu", weights_only=True)


def fitted(architecture: str, state: Mapping[str, Tensor], where: str) -> Pretrained:
    """Make a network from a state dict with any number of classes; its names may be old ones of torchvision.

    Args:
        architecture: which network.
        state: all of its entries.
        where: what a message calls the state dict.

    Raises:
        EngineError: it is not that network's, or holds values that are not finite; the message names the first misfit.
    """
    names = source_class_names(architecture)
    last = f"{catalogue()[architecture].classifier}.weight"
    num_classes = state[last].shape[0] if last in state and state[last].ndim > 0 else len(names)
    if num_classes != len(names):
        names = tuple(f"class {index}" for index in range(num_classes))
    network = blank_network(architecture, num_classes)
    expected = network.state_dict()
    state = renamed(state, expected)
    if reason := _misfit(expected, state):
        raise EngineError(f"{where} does not fit {architecture}: {reason}")
    if wrong := [name for name, value in state.items() if not torch.isfinite(value).all()]:
        raise EngineError(f"{where}: {wrong[0]} holds values that are not finite (the training diverged)")
    network.to_empty(device="cpu").load_state_dict(versioned(network, state))
    return Pretrained(network.float(), names, normalization_of(architecture))


def versioned(network: nn.Module, state: Mapping[str, Tensor]) -> "OrderedDict[str, Tensor]":
    """Say of a plain state dict that it has the network's present names: MNASNet does not load one that does not say so."""
    found = OrderedDict(state)
    found._metadata = network.state_dict()._metadata  # type: ignore[attr-defined]  # what torch itself writes
    return found


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


def _first_line(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "it ends too early"
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
