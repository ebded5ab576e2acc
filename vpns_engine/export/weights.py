"""The pruned network's files: a plain state dict of the unmodified architecture, the mask folded in."""

import io
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from vpns_engine.artifacts import BoolArray
from vpns_engine.errors import EngineError
from vpns_engine.export.progress import Progress
from vpns_engine.export.source import Array, Source, entry_of
from vpns_engine.export.sparse_file import write_sparse
from vpns_engine.nn.models import blank_network, versioned
from vpns_engine.specs.export import ExportFormat


def write_weights(source: Source, folder: Path, formats: Sequence[ExportFormat], progress: Progress) -> None:
    """Write those of the formats that hold a state dict.

    Raises:
        EngineError: the weights are not those of the architecture, or it was cancelled.
        OSError: the files cannot be written.
    """
    state = folded_state(source)
    # through memory: the libraries' own writers hide the reason when a disk is full
    if "safetensors" in formats:
        progress("Writing model.safetensors", 0.2)
        (folder / "model.safetensors").write_bytes(save(state, metadata={"format": "pt"}))
    if "pt" in formats:
        progress("Writing model.pt", 0.5)
        buffer = io.BytesIO()
        torch.save(state, buffer)
        (folder / "model.pt").write_bytes(buffer.getbuffer())
    if "sparse" in formats:
        progress("Writing the sparse file", 0.7)
        arrays = {name: value.numpy() for name, value in state.items()}
        write_sparse(arrays, source.masks, folder / "model_sparse.safetensors")


def folded_state(source: Source) -> "OrderedDict[str, Tensor]":
    """Give the state dict of the unmodified architecture, exactly 0 where the mask prunes.

    Raises:
        EngineError: the weights are not those of the architecture.
    """
    return folded(source.config.model.architecture, len(source.started.source_classes), source.weights, source.masks)


def folded(
    architecture: str, num_source: int, weights: Mapping[str, Array], masks: Mapping[str, BoolArray]
) -> "OrderedDict[str, Tensor]":
    """Put the masks into dense weights; see `folded_state`.

    Raises:
        EngineError: the weights are not those of the architecture.
    """
    mask_of = {entry_of(layer, weights): mask for layer, mask in masks.items()}
    tensors = {name: _masked(array, mask_of.get(name)) for name, array in weights.items()}
    network = _filled(architecture, num_source, tensors)
    return versioned(network, {name: tensor.detach().contiguous() for name, tensor in network.state_dict().items()})


def unmodified(architecture: str, num_source: int, arrays: Mapping[str, Array]) -> torch.nn.Module:
    """Build the unmodified architecture with these weights, in eval mode.

    Raises:
        EngineError: the weights are not those of the architecture.
    """
    return _filled(architecture, num_source, {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})


def _masked(array: Array, mask: BoolArray | None) -> Tensor:
    """Give a copy, 0 where the mask prunes."""
    if mask is None:
        return torch.from_numpy(np.array(array))
    # as whole numbers, which is exact: a product of floats would leave -0 in the place of negative weights
    product = np.multiply(array.view(f"u{array.itemsize}"), mask)
    return torch.from_numpy(product.view(array.dtype))


def _filled(architecture: str, num_source: int, tensors: Mapping[str, Tensor]) -> torch.nn.Module:
    """Put tensors into the unmodified architecture, without copying them."""
    # blank: no weight is drawn, so a run in another thread keeps its random numbers
    network = blank_network(architecture, num_source)
    try:
        network.load_state_dict(versioned(network, tensors), strict=True, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise EngineError(f"the saved weights are not those of {architecture}: {reason}") from error
    return network.eval()
