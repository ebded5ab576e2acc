"""The pruned network's files: a plain state dict of the unmodified architecture, the mask folded in."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from vpns_engine.errors import EngineError
from vpns_engine.export.source import Array, Source, entry_of
from vpns_engine.nn.models import plain_network


def write_weights(source: Source, folder: Path) -> None:
    """Write `model.safetensors` and `model.pt`.

    Raises:
        EngineError: the weights are not those of the architecture.
        OSError: the files cannot be written.
    """
    state = folded_state(source)
    # through memory: the libraries' own writers hide the reason when a disk is full
    (folder / "model.safetensors").write_bytes(save(state, metadata={"format": "pt"}))
    buffer = io.BytesIO()
    torch.save(state, buffer)
    (folder / "model.pt").write_bytes(buffer.getbuffer())


def folded_state(source: Source) -> dict[str, Tensor]:
    """Give the state dict of the unmodified architecture, exactly 0 where the mask prunes.

    Raises:
        EngineError: the weights are not those of the architecture.
    """
    arrays = dict(source.weights)
    for layer, mask in source.masks.items():
        entry = entry_of(layer, arrays)
        # where, not a product: a product leaves -0 in the place of negative weights
        arrays[entry] = np.where(mask, arrays[entry], arrays[entry].dtype.type(0))
    architecture = source.config.model.architecture
    network = unmodified(architecture, len(source.started.source_classes), arrays)
    return {name: tensor.detach().clone().contiguous() for name, tensor in network.state_dict().items()}


def unmodified(architecture: str, num_source: int, arrays: Mapping[str, Array]) -> torch.nn.Module:
    """Build the unmodified architecture with these weights, in eval mode.

    Raises:
        EngineError: the weights are not those of the architecture.
    """
    # on the meta device: no weight is drawn, so a run in another thread keeps its random numbers
    with torch.device("meta"):
        network = plain_network(architecture, num_source)
    tensors = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    try:
        network.load_state_dict(tensors, strict=True, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise EngineError(f"the saved weights are not those of {architecture}: {reason}") from error
    return network.eval()
