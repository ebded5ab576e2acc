"""What a mask keeps of each layer: weights, channels with nothing left, and the classifier's rows that no target class uses."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from vpns_engine.catalogue import catalogue
from vpns_engine.mask_files import ChannelCounts, MaskFile

_GROUPED = {"ResNeXt": ".conv2", "RegNet": ".f.b.0"}
"""Families with grouped convolutions, and how the names of those end: as many outputs as inputs."""


@dataclass(frozen=True)
class LayerCounts:
    """A layer, or the rows of the classifier that no target class uses (`unused`), which stand apart."""

    layer: str
    shape: tuple[int, ...]
    kept: int
    empty_out: int
    """Output channels with every weight pruned."""
    empty_in: int
    """Input channels that no kept weight reads."""
    unused: bool = False

    @property
    def numel(self) -> int:
        """Number of weights."""
        return math.prod(self.shape)


def layer_counts(file: MaskFile, *, architecture: str = "", used: Collection[int] = ()) -> list[LayerCounts]:
    """Count every layer of a masks or state file, in the network's order.

    Args:
        file: the masks.
        architecture: the network, which tells the grouped convolutions and the classifier; empty: not known.
        used: source classes that serve as a target class; empty: not known, then no row of the classifier stands apart.
    """
    classifier, found = classifier_of(architecture), []
    for layer in file.layers:
        shape = file.shapes[layer]
        if layer == classifier and (rows := _used_rows(shape, used)):
            found += _split(file, layer, rows)
        else:
            counts = file.counts(layer, groups_of(architecture, layer, shape))
            found.append(_as_layer(layer, shape, counts))
    return found


def classifier_of(architecture: str) -> str:
    """Name the layer whose outputs are the source classes; empty where the network is not known."""
    entry = catalogue().get(architecture)
    return entry.classifier if entry is not None else ""


def groups_of(architecture: str, layer: str, shape: Sequence[int]) -> int:
    """Give the groups of a convolution: its weight alone does not tell whether its inputs are shared."""
    if len(shape) < 4:
        return 1
    if shape[1] == 1:  # images have three channels: one input channel means one for each output
        return shape[0]
    entry = catalogue().get(architecture)
    ending = _GROUPED.get(entry.family) if entry is not None else None
    grouped = ending is not None and layer.endswith(ending) and shape[0] % shape[1] == 0
    return shape[0] // shape[1] if grouped else 1


def _used_rows(shape: Sequence[int], used: Collection[int]) -> list[int]:
    """Give the rows in use, in order; none where the classifier cannot be split by them."""
    rows = sorted(set(used))
    fits = len(shape) > 1 and bool(rows) and rows[0] >= 0 and rows[-1] < shape[0]
    return rows if fits and len(rows) < shape[0] else []


def _split(file: MaskFile, layer: str, rows: list[int]) -> list[LayerCounts]:
    mask, shape = file.mask(layer), file.shapes[layer]
    kernel = tuple(range(2, mask.ndim))
    apart = np.setdiff1d(np.arange(shape[0]), rows)
    found = []
    for part, unused in ((mask[rows], False), (mask[apart], True)):
        counts = ChannelCounts(part.sum(axis=(1, *kernel), dtype=np.int64), part.sum(axis=(0, *kernel), dtype=np.int64))
        found.append(_as_layer(layer, part.shape, counts, unused=unused))
    return found


def _as_layer(layer: str, shape: tuple[int, ...], counts: ChannelCounts, *, unused: bool = False) -> LayerCounts:
    return LayerCounts(layer, shape, counts.kept, counts.num_empty_out, counts.num_empty_in, unused)
