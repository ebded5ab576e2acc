"""One at a time: a lock file that the system lets go of when its holder ends, however it ends."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vpns_engine.errors import EngineError
from vpns_engine.files import explain

_BUSY = (BlockingIOError, PermissionError)
_SECONDS_BETWEEN = 0.1


@contextmanager
def only_one(path: Path, waiting: Callable[[], object]) -> Iterator[None]:
    """Hold the lock file `path` while the block runs; wait for it where another process or thread has it.

    Where a file system has no locks, go on without.

    Args:
        path: the lock file; its folder is made, and the file is gone afterwards.
        waiting: called several times a second while somebody else holds it; what it raises ends the waiting.

    Raises:
        EngineError: the file cannot be made.
    """
    handle = _hold(path, waiting)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # while it is still held: nobody may hold a file that is no longer there (_hold looks)
        os.close(handle)


def _hold(path: Path, waiting: Callable[[], object]) -> int:
    while True:
        handle = _opened(path)
        try:
            _lock(handle)
        except _BUSY:
            os.close(handle)
            waiting()
            time.sleep(_SECONDS_BETWEEN)
            continue
        except OSError:  # a network file system without locks
            return handle
        if _is_still(handle, path):
            return handle
        os.close(handle)  # its last holder has just removed it


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise EngineError(explain(error, path.parent)) from error


def _is_still(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
