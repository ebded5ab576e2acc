"""What is measured: the network of a saved state, dense, pruned, and pruned behind its prompt.

Shapes: B batch, S image side, C canvas side, K task classes.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from vpns_engine.export.source import Source
from vpns_engine.export.weights import folded_state, unmodified
from vpns_engine.gains.model import Variant, Weights
from vpns_engine.nn.models import blank_network, versioned
from vpns_engine.nn.normalization import normalization_of
from vpns_engine.nn.prompts import margins

_AXIS = 1


class Measured(nn.Module):
    """From an image in [0, 1] to the logits of the task's classes, as one pass of use: prompt, normalising, network."""

    mean: Tensor
    std: Tensor
    sources: Tensor
    added: Tensor

    def __init__(self, network: nn.Module, source: Source, *, prompted: bool) -> None:
        super().__init__()
        self.network = network
        wanted = normalization_of(source.config.model.architecture)
        for name, values in (("mean", wanted.mean), ("std", wanted.std)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1))
        self.register_buffer("sources", torch.tensor(source.info.mapping, dtype=torch.int64))
        self.prompted = prompted
        self.margins = margins(source.config.prompt.canvas, source.config.data.image_size)
        if prompted:
            self.register_buffer("added", torch.from_numpy(np.array(source.prompt["added"])))
        self.eval()

    def forward(self, x_B3SS: Tensor) -> Tensor:
        """Give the logits of the task's classes, shape (B, K)."""
        logits: Tensor = self.network(self.seen(x_B3SS))
        return logits.index_select(_AXIS, self.sources)

    def seen(self, x_B3SS: Tensor) -> Tensor:
        """Give what the network gets, shape (B, 3, C, C) with the prompt, else (B, 3, S, S)."""
        x = x_B3SS
        if self.prompted:
            left, right = self.margins
            x = (nn.functional.pad(x, (left, right, left, right)) + self.added).clamp(0, 1)
        return (x - self.mean) / self.std


@dataclass(frozen=True)
class Subject:
    """The networks with the pictures that pass them."""

    source: Source
    variants: Mapping[Variant, Measured]
    pictures: Tensor
    """In [0, 1], shape (B, 3, S, S)."""

    def batch(self, size: int) -> Tensor:
        """Give so many pictures, again from the first where there are fewer."""
        places = torch.arange(size) % len(self.pictures)
        return self.pictures[places].contiguous()


def subject_of(source: Source) -> Subject:
    """Build the networks of a saved state.

    Raises:
        EngineError: its weights are not those of the architecture.
    """
    dense, pruned = dense_network(source), pruned_network(source)
    variants: dict[Variant, Measured] = {
        "dense": Measured(dense, source, prompted=False),
        "pruned": Measured(pruned, source, prompted=False),
    }
    if source.prompt:
        # weights of its own: shared ones would lie in the processor's cache twice as often as the dense network's
        variants["prompted"] = Measured(copy.deepcopy(pruned), source, prompted=True)
    pictures = torch.from_numpy(np.ascontiguousarray(source.pictures)).float() / 255
    return Subject(source, variants, pictures)


def dense_network(source: Source) -> nn.Module:
    """Build the network with all of its weights, those that the mask prunes too."""
    return unmodified(source.config.model.architecture, len(source.started.source_classes), source.weights)


def pruned_network(source: Source) -> nn.Module:
    """Build the network with 0 where the mask prunes."""
    network = blank_network(source.config.model.architecture, len(source.started.source_classes))
    network.load_state_dict(versioned(network, folded_state(source)), strict=True, assign=True)
    return network.eval()


def weights_of(subject: Subject) -> Weights:
    """Count the weights of both networks."""
    source = subject.source
    dense, pruned = (subject.variants[name].network for name in ("dense", "pruned"))
    rows, unused, kept = _unused(source)
    return Weights(
        parameters=sum(parameter.numel() for parameter in dense.parameters()),
        scored=source.num_scored,
        kept=source.num_kept,
        dense_nonzero=_nonzero(dense),
        pruned_nonzero=_nonzero(pruned),
        unused_rows=rows,
        unused_weights=unused,
        unused_kept=kept,
    )


def _nonzero(network: nn.Module) -> int:
    return sum(int(torch.count_nonzero(parameter.detach())) for parameter in network.parameters())


def _unused(source: Source) -> tuple[int, int, int]:
    """Count the classifier's rows that no class reads, the weights in them, and those that are kept."""
    num_source, used = len(source.started.source_classes), sorted(set(source.info.mapping))
    last = list(source.masks)[-1]
    mask = source.masks[last]
    if source.has_head or len(used) == num_source or mask.ndim < 2 or mask.shape[0] != num_source:
        return 0, 0, 0
    rest = np.delete(mask, used, axis=0)
    return num_source - len(used), rest.size, int(np.count_nonzero(rest))
