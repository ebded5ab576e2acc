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
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from vpns_engine.errors import EngineError
from vpns_engine.files import write_whole

FloatArray = npt.NDArray[np.float32]
BitArray = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]


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
    count = int(np.prod(shape, dtype=np.int64))
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
    try:
        save_file(arrays, path, metadata=metadata)
    except SafetensorError as error:  # safetensors wraps the operating system's errors; keep the number
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
        EngineError: the file is missing, damaged, or lacks one of the names.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in (file.keys() if names is None else names)}
    except (OSError, SafetensorError) as error:
        raise EngineError(f"{path.name} cannot be read: {error}") from error


def read_names(path: Path) -> tuple[str, ...]:
    """List the arrays of a file without reading them.

    Raises:
        EngineError: the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return tuple(file.keys())
    except (OSError, SafetensorError) as error:
        raise EngineError(f"{path.name} cannot be read: {error}") from error


def read_info(path: Path) -> dict[str, Any]:
    """Read a file's JSON description; empty where it has none.

    Raises:
        EngineError: the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            found = json.loads((file.metadata() or {}).get("vpns", "{}"))
    except (OSError, SafetensorError, ValueError) as error:
        raise EngineError(f"{path.name} cannot be read: {error}") from error
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
            density=float(info["density"]),
            threshold=None if info["threshold"] is None else float(info["threshold"]),
            epoch=int(info["epoch"]),
            mapping=tuple(int(source) for source in info["mapping"]),
            shapes=_shapes(info),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EngineError(f"{path.name} is not a state file: {error}") from error


def _shapes(info: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {str(name): tuple(int(side) for side in shape) for name, shape in info["shapes"].items()}


def read_mask(path: Path, layer: str) -> BoolArray:
    """Read the mask of one layer from a masks or state file, in the weight's shape.

    Raises:
        EngineError: the file is missing or damaged, or has no such layer.
    """
    try:
        shapes = _shapes(read_info(path))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EngineError(f"{path.name} has no masks") from error
    if layer not in shapes:
        raise EngineError(f"{path.name} has no layer {layer}")
    names = read_names(path)
    return unpack(read_array(path, layer if layer in names else f"masks/{layer}"), shapes[layer])
