"""Pickle as Python 2 did, with numpy arrays as that time's numpy named them: so CIFAR's files are written."""

import pickle
import struct
from pathlib import Path
from typing import ClassVar

import numpy as np


def write_old_pickle(path: Path, content: object) -> None:
    """Write `content` with plain byte strings, protocol 2."""
    with path.open("wb") as file:
        _OldPickler(file, protocol=2).dump(content)


class _OldPickler(pickle._Pickler):
    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def _save_text(self, text: str | bytes) -> None:
        raw = text.encode() if isinstance(text, str) else text
        short = len(raw) < 256
        start = pickle.SHORT_BINSTRING + bytes([len(raw)]) if short else pickle.BINSTRING + struct.pack("<i", len(raw))
        self.write(start + raw)
        self.memoize(text)

    def save_global(self, obj: object, name: str | None = None) -> None:
        if obj is np.ndarray(0).__reduce__()[0]:
            self.write(pickle.GLOBAL + b"numpy.core.multiarray\n_reconstruct\n")
            self.memoize(obj)
        else:
            super().save_global(obj, name)

    dispatch[str] = _save_text
    dispatch[bytes] = _save_text
    dispatch[type(write_old_pickle)] = save_global
    dispatch[type] = save_global
