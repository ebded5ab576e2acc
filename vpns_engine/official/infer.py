"""What a checkpoint does not say: its architecture, from names and shapes; its prompt's kind and size, from the region.

Shapes: C canvas side.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vpns_engine.catalogue import CatalogueEntry, catalogue, why_not
from vpns_engine.errors import EngineError
from vpns_engine.nn.models import blank_network
from vpns_engine.official.hints import Hints, hints_of
from vpns_engine.official.read import Checkpoint
from vpns_engine.official.rebuild import misfit
from vpns_engine.official.request import Told

_CANVAS = 224
"""Canvas of the released code where a checkpoint has no prompt."""


@dataclass(frozen=True)
class Shape:
    """Which network a checkpoint belongs to, and how many classes its classifier has."""

    architecture: str
    num_source: int


@dataclass(frozen=True)
class PromptFound:
    """The prompt's spec as plain values, and the image size that goes with it, px."""

    values: dict[str, Any]
    image_size: int


def shape_of(checkpoint: Checkpoint, architecture: str | None = None) -> Shape:
    """Tell the architecture of a checkpoint.

    Args:
        checkpoint: the checkpoint.
        architecture: the architecture it is said to have; None: each that is known is tried.

    Raises:
        EngineError: it fits none, or several, or not the one that is told.
    """
    if architecture is not None:
        return _told(checkpoint, architecture)
    fitting = [shape for name, entry in catalogue().items() if (shape := _fits(checkpoint, name, entry))]
    if not fitting:
        raise EngineError(
            f"{checkpoint.path} fits no architecture that is known: {checkpoint.num_scored:,} scored weights in "
            f"{len(checkpoint.scores)} layers; is it one of the plain torchvision networks?"
        )
    if len(fitting) > 1:
        names = ", ".join(shape.architecture for shape in fitting)
        raise EngineError(f"{checkpoint.path} fits several architectures ({names}): say which")
    return fitting[0]


def _told(checkpoint: Checkpoint, architecture: str) -> Shape:
    if reason := why_not(architecture):
        raise EngineError(reason)
    entry = catalogue()[architecture]
    shape = Shape(architecture, _num_source(checkpoint, entry) or entry.num_source_classes)
    reason = misfit(_skeleton(shape), checkpoint.weights)
    if reason:
        raise EngineError(f"{checkpoint.path} does not fit {architecture}: {reason}")
    return shape


def _fits(checkpoint: Checkpoint, name: str, entry: CatalogueEntry) -> Shape | None:
    num_source = _num_source(checkpoint, entry)
    if num_source is None or entry.scored_with(num_source) != checkpoint.num_scored:
        return None
    shape = Shape(name, num_source)
    return None if misfit(_skeleton(shape), checkpoint.weights) else shape


def _num_source(checkpoint: Checkpoint, entry: CatalogueEntry) -> int | None:
    """Count the classes of the checkpoint's classifier; None where it has no layer of that name."""
    weight = checkpoint.weights.get(f"{entry.classifier}.weight")
    return None if weight is None else int(weight.shape[0])


def _skeleton(shape: Shape) -> torch.nn.Module:
    return blank_network(shape.architecture, shape.num_source)


def prompt_of(checkpoint: Checkpoint, told: Told) -> PromptFound:
    """Tell the prompt of a checkpoint.

    A ring is taken for `pad`, unless `expand` is told: the two may have the same region, and only differ in f.

    Raises:
        EngineError: the region is that of no kind, or not of the one that is told.
    """
    hints = hints_of(checkpoint.path)
    size = told.image_size or hints.image_size
    if checkpoint.program is None or told.kind == "none":
        return _none(checkpoint, told, size)
    canvas = int(checkpoint.program.shape[-1])
    found = _moving(checkpoint, told, hints) if checkpoint.region is None else _by_region(checkpoint.region)
    fitting = _of_kind(found, told.kind) if told.kind else _of_kind(found, hints.kind) or found
    if not fitting:
        kind = f"of kind '{told.kind}'" if told.kind else "that is known"
        raise EngineError(f"{checkpoint.path}: the prompt's region on its {canvas} px canvas is that of no prompt {kind}")
    values = fitting[0] | {"canvas": canvas}
    around: int | None = values.pop("image_size", None)
    if around and told.image_size not in (None, around):
        raise EngineError(f"image size {told.image_size} px: the prompt of {checkpoint.path} surrounds images of {around} px")
    return PromptFound(values, around or size or canvas)


def _none(checkpoint: Checkpoint, told: Told, size: int | None) -> PromptFound:
    if checkpoint.program is None and told.kind not in (None, "none"):
        raise EngineError(f"{checkpoint.path} has no prompt, so none of kind '{told.kind}'")
    canvas = size or _CANVAS if checkpoint.program is None else int(checkpoint.program.shape[-1])
    return PromptFound({"kind": "none", "canvas": canvas}, size or canvas)


def _of_kind(found: list[dict[str, Any]], kind: str | None) -> list[dict[str, Any]]:
    return [values for values in found if values["kind"] == kind]


def _by_region(region_CC: Tensor) -> list[dict[str, Any]]:
    """List the prompts that a region may belong to, the likeliest first."""
    canvas, count = region_CC.shape[-1], int(region_CC.sum())
    if count == 0:
        return [{"kind": "none"}, {"kind": "pad", "pad": 0}]
    return [*_squares(region_CC, count), *_rings(region_CC, canvas, canvas**2 - count)]


def _squares(region_CC: Tensor, count: int) -> Iterator[dict[str, Any]]:
    side = math.isqrt(count)
    rows, columns = (torch.nonzero(region_CC.any(dimension)).flatten() for dimension in (1, 0))
    if side**2 == count == rows.numel() * columns.numel() and rows.numel() == columns.numel() and _is_run(rows, columns):
        at_corner = int(rows[0]) == int(columns[0]) == 0
        yield {"kind": "fix" if at_corner else "random", "square": side}


def _is_run(*places: Tensor) -> bool:
    return all(int(place[-1] - place[0]) + 1 == place.numel() for place in places)


def _rings(region_CC: Tensor, canvas: int, count: int) -> Iterator[dict[str, Any]]:
    """A ring is all but a centred square; where that has no middle, an odd rest goes to the left and the top."""
    side = math.isqrt(count)
    first = (canvas - side + 1) // 2
    if side**2 != count or bool(region_CC[first : first + side, first : first + side].any()):
        return
    if (canvas - side) % 2 == 0:
        yield {"kind": "pad", "pad": (canvas - side) // 2}
    if side:
        yield {"kind": "expand", "image_size": side}


def _moving(checkpoint: Checkpoint, told: Told, hints: Hints) -> list[dict[str, Any]]:
    """A prompt without a region is a square that moves; its side stands nowhere in the file."""
    square = told.square or hints.square
    if square is None:
        raise EngineError(f"{checkpoint.path}: the prompt has no region, so it moves; give the side of its square in px")
    return [{"kind": "random", "square": square}]
