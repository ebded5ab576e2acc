"""The first import of torch, beside a window that must go on moving.

Two things hold Python's lock for long while torch is imported, and nothing in the window moves meanwhile:

- opening torch's large libraries; a foreign call opens them without the lock, and the import then finds them in place;
- the garbage collector, which goes through ever more objects, up to 200 ms at a time. It rests until the import is over,
  and leaves what the import made alone from then on, so that it is quick while a run goes on.
"""

import atexit
import ctypes
import gc
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self


class TorchImport:
    """A context around work that imports torch on its way; does nothing where that has happened already."""

    def __init__(self) -> None:
        self._waits = False

    def __enter__(self) -> Self:
        if "torch" not in sys.modules:
            load_libraries()
            gc.disable()
            self._waits = True
        return self

    def look(self, _told: object = None) -> None:
        """End the collector's rest if torch is there; to be called between the import and the work after it."""
        if self._waits and "torch" in sys.modules:
            self._waits = False
            gc.freeze()
            atexit.register(gc.unfreeze)  # else libraries complain at the end that their objects were never collected
            gc.enable()

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.look()
        gc.enable()


def load_libraries() -> None:
    """Open torch's C++ libraries ahead of the import. Linux only; elsewhere, and where one is missing, the import does it."""
    found = find_spec("torch") if sys.platform.startswith("linux") else None
    if found is None or found.origin is None:
        return
    folder = Path(found.origin).parent / "lib"
    # as the import itself: what CUDA's libraries share is global, the rest is not
    for name, scope in (("libtorch_global_deps.so", os.RTLD_GLOBAL), ("libtorch.so", os.RTLD_LOCAL)):
        _open_unlocked(folder / name, os.RTLD_LAZY | scope)


def _open_unlocked(path: Path, mode: int) -> None:
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    dlopen(os.fsencode(path), mode)
