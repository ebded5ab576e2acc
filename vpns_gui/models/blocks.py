"""Which layers of a network stand together, by their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Block:
    """Neighbouring layers: `first` is the place of the first one."""

    name: str
    first: int
    count: int


def block_of(layer: str) -> str:
    """Name the block of a layer: `layer1.0` of `layer1.0.conv2`, `features` of `features.28`, `fc` of `fc`.

    A block ends with the first parts of the name that are numbered; a branch within one is no block of its own.
    """
    parts = layer.split(".")[:-1]
    if not parts:
        return layer
    numbered = next((place for place, part in enumerate(parts) if _has_digit(part)), None)
    if numbered is None:
        return ".".join(parts)
    end = numbered + 1
    while end < len(parts) and _has_digit(parts[end]) and not parts[end].startswith("branch"):
        end += 1
    return ".".join(parts[:end])


def blocks_of(layers: Sequence[str]) -> tuple[Block, ...]:
    """Group layers in the network's order; only neighbours come together."""
    found, first = [], 0
    for name, members in groupby(layers, key=block_of):
        count = len(list(members))
        found.append(Block(name, first, count))
        first += count
    return tuple(found)


def _has_digit(part: str) -> bool:
    return any(letter.isdigit() for letter in part)
