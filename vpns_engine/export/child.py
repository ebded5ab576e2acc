"""A process of its own that works for an export: its progress is passed on, and it is killed when it is not wanted any more."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from vpns_engine.errors import EngineError
from vpns_engine.export.progress import Progress

PROGRESS = "progress.txt"
"""In the folder of a child's request: `share text`, written anew at each step."""
_SECONDS = 3600
_LOOK_SECONDS = 0.1
_LEFT = 4
"""Exit code where whoever asked is gone."""
_NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows opens a console otherwise


def run_child(words: Sequence[str], place: Path, cwd: Path, progress: Progress, what: str) -> None:
    """Run `python WORDS` to its end.

    Args:
        words: after the interpreter's name.
        place: the folder of its request, where it says how far it is.
        cwd: where it works.
        progress: told what it says.
        what: what a message says it could not do.

    Raises:
        ExportCancelled: it was killed since nobody wants it any more.
        EngineError: it failed, or took too long.
    """
    ends, said = time.monotonic() + _SECONDS, ""
    (place / PROGRESS).unlink(missing_ok=True)  # another child may have worked there before
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-B", *words],
            stdin=subprocess.PIPE,  # it ends with us: our end of the pipe is closed then
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd=cwd,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            creationflags=_NO_WINDOW,
        )
        try:
            while not _ended(child):
                said = _pass_on(place / PROGRESS, said, progress)
                if time.monotonic() > ends:
                    raise EngineError(f"{what} within {_SECONDS} s")
        finally:
            child.kill()  # does nothing where it has ended
            child.wait()
            if child.stdin is not None:
                child.stdin.close()
        if child.returncode != 0:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            raise EngineError(f"{what}: {lines[-1][:400] if lines else f'exit code {child.returncode}'}")


def tell(place: Path, text: str, done: float) -> None:
    """Say, in the child, how far it is."""
    beside = place / f".{PROGRESS}"
    beside.write_text(f"{done:.4f} {text}", encoding="utf-8")
    beside.replace(place / PROGRESS)


def end_with_parent() -> None:
    """End, in the child, once whoever began it is gone: nobody would kill it, and what it makes is of no use."""
    threading.Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    # not sys.stdin: a thread that reads that aborts the interpreter when it shuts down
    while os.read(0, 1):
        pass
    os._exit(_LEFT)


def _ended(child: "subprocess.Popen[bytes]") -> bool:
    with suppress(subprocess.TimeoutExpired):
        child.wait(_LOOK_SECONDS)
    return child.returncode is not None


def _pass_on(path: Path, said: str, progress: Progress) -> str:
    progress.check()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:  # it has said nothing yet
        return said
    share, _, words = text.partition(" ")
    if text != said and words:
        progress(words, float(share))
    return text
