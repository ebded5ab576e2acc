"""Read MATLAB's files: values only, they can hold no code that runs."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vpns_engine.data_sets.reading import unreadable
from vpns_engine.errors import EngineError

_BROKEN = (ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, NotImplementedError, TypeError, ValueError)
"""What scipy raises for a file that is cut off or damaged, besides its own error."""


def read_mat(path: Path, name: str) -> Any:  # noqa: ANN401
    """Give one variable of a file, without dimensions of size 1.

    Raises:
        EngineError: the file cannot be read, is damaged, or has no such variable.
    """
    from scipy.io import loadmat

    content = _tried(path, lambda: loadmat(path, squeeze_me=True, variable_names=[name]))
    if name not in content:
        raise EngineError(f"{path} has no '{name}': it is damaged, or no file of this data set")
    return content[name]


def shape_in_mat(path: Path, name: str) -> tuple[int, ...]:
    """Give the shape of a variable without reading it; empty where the file has none of this name.

    Raises:
        EngineError: the file cannot be read, or is damaged.
    """
    from scipy.io import whosmat

    found = _tried(path, lambda: whosmat(path))
    return next((tuple(shape) for variable, shape, _type in found if variable == name), ())


def _tried(path: Path, read: Callable[[], Any]) -> Any:  # noqa: ANN401
    from scipy.io.matlab import MatReadError

    try:
        return read()
    except OSError as error:
        if error.errno is None:  # scipy's own, for a file that ends too early
            raise _damaged(path, error) from error
        raise unreadable(error, path) from error
    except (*_BROKEN, MatReadError, struct.error, zlib.error) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> EngineError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return EngineError(f"{path} is damaged or no file of this data set: {reason}")


def as_list(values: object) -> list[Any]:
    """Give a squeezed variable as a list: one value stands alone in it."""
    values_N: list[Any] = np.atleast_1d(np.asarray(values)).tolist()
    return values_N
