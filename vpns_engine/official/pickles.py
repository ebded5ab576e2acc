"""Opens a checkpoint of the released code without running anything in it."""

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vpns_engine.errors import EngineError
from vpns_engine.files import explain
from vpns_engine.nn.pickle_names import refuse_growing


def open_checkpoint(path: Path) -> Mapping[str, Any]:
    """Give the table that stands in a file: tensors and plain values only, on the CPU.

    Raises:
        EngineError: no such file, it is damaged, or it holds more than tensors and plain values.
    """
    try:
        refuse_growing(path)
        with path.open("rb") as file:
            found = _load(file)
    except OSError as error:
        raise EngineError(explain(error, path)) from error
    except pickle.UnpicklingError as error:
        raise EngineError(f"{path} holds more than tensors and plain values and was not opened") from error
    except (RuntimeError, EOFError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        # torch's reader answers a damaged file with any of these
        raise EngineError(f"{path} is damaged, or no PyTorch checkpoint ({_first_line(error)})") from error
    if not isinstance(found, Mapping):
        raise EngineError(f"{path} is no checkpoint of the released code: it holds {_article(found)}, not a table")
    return found


def _load(file: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    with warnings.catch_warnings():
        # of a pickle by another program torch warns on stderr, even where it then refuses it
        warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
        return torch.load(file, map_location="cpu", weights_only=True)


def _article(found: object) -> str:
    return "a tensor" if isinstance(found, Tensor) else f"a {type(found).__name__}"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].partition(". ")[0] if lines else type(error).__name__
