"""Torch's large libraries, mapped in without Python's lock, so that the window does not freeze while they load.

`import torch` opens them with the lock held, and nothing in the window moves for half a second. A foreign call
releases it; the import then finds them in place.
"""

import ctypes
import os
import sys
from importlib.util import find_spec
from pathlib import Path


def load_libraries() -> None:
    """Open torch's C++ libraries ahead of the import. Linux only; elsewhere, and where one is missing, the import does it."""
    if not sys.platform.startswith("linux") or "torch" in sys.modules:
        return
    found = find_spec("torch")
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
