"""Arrays a run leaves behind, as safetensors files that numpy reads: the window looks at these, without torch.

Shapes: C canvas side, S image side, N pictures.

| file | keys |
|---|---|
| samples | `images` (N, 3, S, S) uint8, `labels` (N,) int64 |
| prompt | `delta`, `added` (added to the padded image), both (3, C, C) float32; others where the kind learns others |
| masks | the layer's name -> packed bits (8 weights a byte, first weight in the highest bit, C order) |
| state | `weights/<entry>` the plain dense state dict, `scores/<layer>`, `masks/<layer>`, `prompt/<as above>` |

Metadata key `vpns`: JSON; for masks and state `shapes` {layer: shape}, for state also `density`,
`threshold` (null: no mask), `epoch`, `mapping` (source class of each target class) and
`phase` (the kind of phase it belongs to).
"""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from vpns_engine.errors import EngineError
from vpns_engine.files import explained, open_plain, parsed, write_whole

FloatArray = npt.NDArray[np.float32]
BitArray = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]
_MOST_HEADER_BYTES = 8 * 2**20
_MOST_SIDES = 8
_MOST_SIDE = 2**40
_LARGEST = 1e300
_KINDS = {1: ("BOOL", "U8", "I8"), 2: ("U16", "I16", "F16"), 4: ("U32", "I32", "F32"), 8: ("U64", "I64", "F64")}
_ITEM_BYTES = {kind: num_bytes for num_bytes, kinds in _KINDS.items() for kind in kinds}
"""The kinds of values in such files that numpy knows."""


@dataclass(frozen=True)
class StateInfo:
    """What a state file says of itself."""

    phase: str
    density: float
    threshold: float | None
    epoch: int
    mapping: tuple[int, ...]
    shapes: Mapping[str, tuple[int, ...]]


def pack(mask: npt.NDArray[Any]) -> BitArray:
    """Pack a 0/1 array to bits: C order, first element in the highest bit, zero padded."""
    return np.packbits(np.ascontiguousarray(mask).reshape(-1) != 0)


def unpack(bits: BitArray, shape: tuple[int, ...]) -> BoolArray:
    """Undo `pack`.

    Raises:
        EngineError: the bits do not belong to that shape.
    """
    count = math.prod(shape)
    if bits.dtype != np.uint8 or bits.ndim != 1 or bits.size != (count + 7) // 8:
        raise EngineError(f"mask of {bits.size} bytes does not belong to a weight of shape {tuple(shape)}")
    return np.unpackbits(bits, count=count).astype(np.bool_).reshape(shape)


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]], info: Mapping[str, Any] | None = None) -> None:
    """Write arrays with a JSON description, whole or not at all.

    Raises:
        EngineError: the file cannot be written.
    """
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}  # ascontiguousarray would lose shape ()
    metadata = {"vpns": json.dumps(dict(info or {}))}
    write_whole(path, partial(_save, whole, metadata))


def _save(arrays: dict[str, npt.NDArray[Any]], metadata: dict[str, str], path: Path) -> None:
    with system_errors():
        save_file(arrays, path, metadata=metadata)


@contextmanager
def system_errors() -> Iterator[None]:
    """Give what safetensors cannot write as the system's own error: it wraps those, the number is kept.

    Raises:
        OSError: a file cannot be written.
    """
    try:
        yield
    except SafetensorError as error:
        raise _as_os_error(error) from error


def _as_os_error(error: SafetensorError) -> OSError:
    text = str(error)
    number = next((int(part.split(")")[0]) for part in text.split("os error ")[1:]), 0)
    return OSError(number, text)


def read_array(path: Path, name: str) -> npt.NDArray[Any]:
    """Read one array of a file.

    Raises:
        EngineError: the file is missing, damaged, or has no such array.
    """
    return read_arrays(path, (name,))[name]


def read_arrays(path: Path, names: tuple[str, ...] | None = None) -> dict[str, npt.NDArray[Any]]:
    """Read the named arrays of a file, or all of them.

    Raises:
        EngineError: the file is missing, damaged, lacks one of the names, or holds more than there is memory for.
    """
    with _opened(path) as file:
        wanted = tuple(file.keys()) if names is None else names
        _check_room(path, sum(_bytes_of(path, file, name) for name in wanted))
        try:
            return {name: file.get_tensor(name) for name in wanted}
        except (ValueError, MemoryError) as error:  # sides that numpy cannot have, a limit on this process
            raise EngineError(f"{path.name} cannot be read: {error or 'not enough memory'}") from error


def read_names(path: Path) -> tuple[str, ...]:
    """List the arrays of a file without reading them.

    Raises:
        EngineError: the file is missing or damaged.
    """
    with _opened(path) as file:
        return tuple(file.keys())


def read_num_bytes(path: Path) -> dict[str, int]:
    """Tell how many bytes the values of each array of a file have, without reading them.

    Raises:
        EngineError: the file is missing or damaged.
    """
    with _opened(path) as file:
        return {name: _bytes_of(path, file, name) for name in file.keys()}  # noqa: SIM118 - not a dictionary


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file whose header is of a size that ours have."""
    _check_header(path)
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise EngineError(f"{path.name} cannot be read: {error}") from error


def _check_header(path: Path) -> None:
    try:
        with open_plain(path) as plain, explained(path, "read"):
            length = int.from_bytes(plain.read(8), "little")
    except EngineError as error:
        raise EngineError(f"{path.name} cannot be read: {error}") from error
    if length > _MOST_HEADER_BYTES:
        raise EngineError(f"{path.name} cannot be read: a header of {length} bytes is none of ours")


def _bytes_of(path: Path, file: Any, name: str) -> int:  # noqa: ANN401 - the library names no type
    part = file.get_slice(name)
    kind, sides = str(part.get_dtype()), part.get_shape()
    if kind not in _ITEM_BYTES or len(sides) > _MOST_SIDES:
        raise EngineError(f"{path.name} cannot be read: {name!r} holds {kind} values in {len(sides)} dimensions")
    return _ITEM_BYTES[kind] * int(math.prod(sides))


def _check_room(path: Path, num_bytes: int) -> None:
    """Refuse what would not fit: a file may claim any size without taking it up on the disk."""
    free = psutil.virtual_memory().available
    if num_bytes > free:
        raise EngineError(f"{path.name} holds {num_bytes} bytes, and {free} bytes of memory are free: it cannot be read")


def read_info(path: Path) -> dict[str, Any]:
    """Read a file's JSON description; empty where it has none.

    Raises:
        EngineError: the file is missing or damaged.
    """
    with _opened(path) as file:
        text = (file.metadata() or {}).get("vpns", "{}")
    found = parsed(text, path.name)
    if not isinstance(found, dict):
        raise EngineError(f"{path.name} cannot be read: its description is not a table")
    return found


def read_state_info(path: Path) -> StateInfo:
    """Read what a state file says of itself.

    Raises:
        EngineError: the file is missing, damaged, or no state file.
    """
    info = read_info(path)
    try:
        return StateInfo(
            phase=str(info["phase"]),
            density=_finite(info["density"], 1.0),
            threshold=None if info["threshold"] is None else _finite(info["threshold"]),
            epoch=_count(info["epoch"]),
            mapping=tuple(_count(source) for source in info["mapping"]),
            shapes=shapes_of(info),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EngineError(f"{path.name} is not a state file: {error}") from error


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST_SIDE:
        raise ValueError(f"{value!r:.40} is no count")
    return value


def _finite(value: object, most: float = math.inf) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= min(most, _LARGEST):
        raise ValueError(f"{value!r:.40} is no such number")
    return float(value)


def shapes_of(info: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Give the shape of each layer that a file's description tells, in the network's order.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it tells none, or such as no layer has.
    """
    shapes = {str(name): tuple(_count(side) for side in shape) for name, shape in info["shapes"].items()}
    if any(len(shape) > _MOST_SIDES for shape in shapes.values()):
        raise ValueError(f"a shape of more than {_MOST_SIDES} sides")
    return shapes


def read_mask(path: Path, layer: str) -> BoolArray:
    """Read the mask of one layer from a masks or state file, in the weight's shape.

    Raises:
        EngineError: the file is missing or damaged, or has no such layer.
    """
    try:
        shapes = shapes_of(read_info(path))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EngineError(f"{path.name} has no masks") from error
    if layer not in shapes:
        raise EngineError(f"{path.name} has no layer {layer}")
    names = read_names(path)
    return unpack(read_array(path, layer if layer in names else f"masks/{layer}"), shapes[layer])
