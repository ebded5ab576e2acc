"""Keys and types of a checkpoint: of one in memory, and of one that was described in JSON."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

Kinds = dict[str, str]
"""Type of each value by its place (`state_dict/fc.bias`); of a list the types that stand in it."""


def kinds_of(value: Any, place: str = "") -> Kinds:
    """List the types of a table in memory."""
    match value:
        case Mapping():
            return _joined({f"{place}/{key}": kinds_of(inner, f"{place}/{key}") for key, inner in value.items()}, place)
        case list() | tuple():
            return _listed([kinds_of(inner, "") for inner in value], place)
        case Tensor():
            return {place: f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"}
        case _:
            return {place: type(value).__name__}


def kinds_described(value: Any, place: str = "") -> Kinds:
    """List the types of a description: `float32[3, 32, 32]`, `int:4`, and `... 11 in all` behind a long list."""
    match value:
        case Mapping():
            return _joined({f"{place}/{key}": kinds_described(inner, f"{place}/{key}") for key, inner in value.items()}, place)
        case list():
            shown = [inner for inner in value if not re.fullmatch(r"\.\.\. \d+ in all", str(inner))]
            return _listed([kinds_described(inner, "") for inner in shown], place)
        case _:
            return {place: str(value).partition(":")[0]}


def _joined(parts: Mapping[str, Kinds], place: str) -> Kinds:
    found = {inner: kind for part in parts.values() for inner, kind in part.items()}
    return found or {place: "empty"}


def _listed(parts: list[Kinds], place: str) -> Kinds:
    return {f"{place}[]{inner}": kind for part in parts for inner, kind in part.items()} or {place: "empty"}
