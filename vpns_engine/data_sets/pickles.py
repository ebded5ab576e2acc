"""Read a data set's own pickles: containers, text, bytes, numbers and arrays of numbers, and nothing that could run."""

import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vpns_engine.data_sets.reading import unreadable
from vpns_engine.errors import EngineError

_BROKEN = (
    pickle.UnpicklingError,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)
"""What the unpickler raises for a file that is cut off or damaged."""


def read_pickle(path: Path) -> dict[str, Any]:
    """Read a pickled dictionary; its arrays become numpy arrays.

    Raises:
        EngineError: the file cannot be read, is damaged or no dictionary, or asks for anything but plain values and arrays.
    """
    try:
        with path.open("rb") as file:
            content = _PlainValues(file, encoding="latin1").load()
    except OSError as error:
        raise unreadable(error, path) from error
    except _BROKEN as error:
        raise EngineError(f"{path} is damaged or no file of this data set: {_first_line(error)}") from error
    if not isinstance(content, dict):
        raise EngineError(f"{path} is no file of this data set: it holds a {type(content).__name__} instead of a dictionary")
    return {
        name: value.array if isinstance(value, _Array) else value for name, value in content.items() if isinstance(name, str)
    }


class _NumberType:
    """Stands for numpy's dtype: numbers only, so that no bytes of a file are ever taken for references."""

    def __init__(self, name: object, *_flags: object) -> None:
        dtype = np.dtype(name if isinstance(name, str) else "O")
        if dtype.kind not in "biuf":
            raise pickle.UnpicklingError(f"an array of '{name}' is not allowed, only of numbers")
        self.dtype = dtype

    def __setstate__(self, state: tuple[object, ...]) -> None:
        if state[1] == ">":
            self.dtype = self.dtype.newbyteorder(">")


class _Array:
    """Stands for numpy's array: made from the bytes in the file, by numpy's own rules for shapes."""

    def __init__(self, *_arguments: object) -> None:
        self.array: npt.NDArray[Any] = np.empty(0)

    def __setstate__(self, state: tuple[object, ...]) -> None:
        _version, shape, number_type, fortran, data = state
        if not isinstance(shape, tuple) or not isinstance(number_type, _NumberType):
            raise pickle.UnpicklingError("an array without shape or type")
        raw = data.encode("latin1") if isinstance(data, str) else data
        if not isinstance(raw, bytes | bytearray):
            raise pickle.UnpicklingError("an array without bytes")
        self.array = np.frombuffer(raw, dtype=number_type.dtype).reshape(shape, order="F" if fortran else "C")


def _as_bytes(text: object, encoding: object) -> bytes:
    """Do what Python 3 writes into old pickles for bytes."""
    if not isinstance(text, str) or encoding != "latin1":
        raise pickle.UnpicklingError("text that is not allowed where bytes are made")
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _NumberType,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("_codecs", "encode"): _as_bytes,
}


class _PlainValues(pickle._Unpickler):
    """Imports nothing: the few names that an array needs are answered by the classes above.

    The unpickler that is written in Python: the one in C makes room for whatever number a damaged file gives a reference, tens
    of gigabytes of it, and the system ends the program.
    """

    def find_class(self, module: str, name: str) -> Callable[..., object]:
        """Answer a name in the pickle."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not allowed in a data set")
        return _ALLOWED[module, name]


def _first_line(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "it ends too early"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
