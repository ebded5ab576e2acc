"""What is shown of one layer, read from the files of its run: fit for a worker thread, bounded in memory."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vpns_engine.artifacts import read_state_info
from vpns_engine.errors import EngineError
from vpns_engine.layer_counts import groups_of
from vpns_engine.mask_files import IntArray, MaskFile
from vpns_gui.views.mask_pictures import (
    MAX_MAP_SIDE,
    DensityMap,
    LayerDetail,
    LayerHistograms,
    Tile,
    TileKey,
    as_kernels,
    histogram,
    mosaic,
    spread,
    tile_span,
)

_AT_ONCE_SECONDS = 0.04
"""Tiles that take longer than this together are shown one after the other."""


@dataclass(frozen=True)
class Place:
    """Where a layer's arrays lie."""

    path: Path
    layer: str
    weights_path: Path | None
    """State with the weights; None where nothing keeps them."""
    has_scores: bool
    architecture: str
    used: frozenset[int]
    """Source classes that serve as a target class."""
    is_saved: bool


@dataclass(frozen=True)
class Tiles:
    """Some of the tiles that were asked for."""

    place: Place
    tiles: list[Tile]


def read_detail(place: Place) -> tuple[Place, LayerDetail]:
    """Count what is shown of a layer at first (100 million weights: 0.3 s).

    Raises:
        EngineError: the file is missing or damaged, or has no such layer.
    """
    with MaskFile.open(place.path) as file:
        shape = file.shapes.get(place.layer, ())
        used = place.used
        unused = frozenset(range(shape[0])) - used if used and shape and max(used) < shape[0] else frozenset[int]()
        groups = groups_of(place.architecture, place.layer, shape)
        return place, detail_of(file, place.layer, groups=groups, is_saved=place.is_saved, unused_out=unused)


def read_tiles(place: Place, keys: Iterable[TileKey], top: float) -> Tiles:
    """Compute tiles of the kernels' picture, one at least; the rest where it takes no longer than a moment.

    Raises:
        EngineError: a file is missing or damaged.
    """
    begun, tiles = time.monotonic(), []
    with MaskFile.open(place.path) as file:
        if place.weights_path is None or all(key.block for key in keys):
            return Tiles(place, _until(begun, (tile_of(file, place.layer, key, top) for key in keys)))
        with MaskFile.open(place.weights_path) as state:
            weights = _weights(state, place.layer)
            tiles = _until(begun, (tile_of(file, place.layer, key, top, weights) for key in keys))
            del weights
    return Tiles(place, tiles)


def _until(begun: float, tiles: Iterable[Tile]) -> list[Tile]:
    """Compute tiles for a while, one at least: the rest is asked for again."""
    found = []
    for tile in tiles:
        found.append(tile)
        if time.monotonic() - begun > _AT_ONCE_SECONDS:
            break
    return found


def read_histograms(place: Place) -> LayerHistograms:
    """Count the weights and the magnitudes of the scores in bins (100 million weights: some seconds).

    Raises:
        EngineError: a file is missing or damaged.
    """
    if place.weights_path is None:
        return LayerHistograms(place.layer, None, None, None)
    with MaskFile.open(place.path) as file, MaskFile.open(place.weights_path) as state:
        kept, weights = partial(file.flat, place.layer), _weights(state, place.layer)
        scores = _find(state, (f"scores/{place.layer}",), place.layer) if place.has_scores else None
        return LayerHistograms(
            place.layer,
            None if weights is None else histogram(weights, kept),
            None if scores is None else histogram(scores, kept, magnitude=True),
            read_state_info(place.path).threshold if place.has_scores else None,
        )


def _weights(state: MaskFile, layer: str) -> npt.NDArray[Any] | None:
    return _find(state, (f"weights/{layer}.weight", f"weights/{layer}.in_proj_weight", f"weights/{layer}"), layer)


def _find(state: MaskFile, wanted: tuple[str, ...], layer: str) -> npt.NDArray[Any] | None:
    """Give the first of the wanted arrays that is there, as a view of the file."""
    name = next((name for name in wanted if name in state.names), None)
    if name is None:
        return None
    array, shape = state.array(name), state.shapes.get(layer)
    if array.shape != shape:
        raise EngineError(f"{state.path.name} is damaged: {name} has the shape {array.shape}, its mask {shape}")
    return array


def detail_of(
    file: MaskFile,
    name: str,
    *,
    groups: int = 1,
    threshold: float | None = None,
    is_saved: bool = True,
    unused_out: frozenset[int] = frozenset(),
) -> LayerDetail:
    """Count what a view shows of a layer at first; fit for a worker thread (100 million weights: 0.3 s)."""
    counts = file.counts(name, groups)
    return LayerDetail(
        name=name,
        shape=file.shapes[name],
        num_kept=counts.kept,
        density_map=density_map(file, name),
        dead_out=_zeros(counts.out_O),
        dead_in=_zeros(counts.into_I),
        threshold=threshold,
        is_saved=is_saved,
        unused_out=unused_out,
    )


def _zeros(counts: IntArray) -> tuple[int, ...]:
    return tuple(np.flatnonzero(counts == 0).tolist())


def density_map(file: MaskFile, name: str, max_side: int = MAX_MAP_SIDE) -> DensityMap:
    """Give the kept share of each kernel; of blocks of neighbours where there are more than `max_side` channels."""
    num_out, num_in, height, width = as_kernels(file.shapes[name])
    block = -(-num_out // max_side), -(-num_in // max_side)
    counts = file.block_counts(name, range(num_out), range(num_in), block)
    sizes = _sizes(num_out, block[0])[:, None] * _sizes(num_in, block[1])[None, :] * height * width
    return DensityMap((counts / sizes).astype(np.float32), *block)


def _sizes(total: int, block: int) -> IntArray:
    """Give how many channels each block has: the last may have fewer."""
    return np.diff(np.append(np.arange(0, total, block), total))


def tile_of(file: MaskFile, name: str, key: TileKey, top: float, weights: npt.NDArray[Any] | None = None) -> Tile:
    """Compute a tile; only what it covers is read and unpacked.

    Args:
        file: the masks.
        name: the layer.
        key: which tile.
        top: density that has the strongest colour.
        weights: in the weight's shape, or a view of such in a file; None: not known.
    """
    shape = as_kernels(file.shapes[name])
    rows, columns = tile_span(shape, key.block)
    out = range(shape[0])[key.row * rows : (key.row + 1) * rows]
    into = range(shape[1])[key.column * columns : (key.column + 1) * columns]
    if key.block:
        counts = file.block_counts(name, out, into, (key.block, key.block))
        sizes = _sizes(len(out), key.block)[:, None] * _sizes(len(into), key.block)[None, :] * shape[2] * shape[3]
        shares = np.ceil(np.clip(counts / (sizes * top), 0, 1) * 255)  # upwards: one kept weight must be seen
        return Tile(key, shares.astype(np.uint8))
    mask = file.window(name, out, into).reshape(len(out), len(into), *shape[2:])
    if weights is None:
        return Tile(key, mosaic(mask))
    values = np.asarray(weights.reshape(shape)[out.start : out.stop, into.start : into.stop], np.float32)
    return Tile(key, mosaic(mask), spread(values, np.nan))
