"""A process that measures: it is asked by a file, tells lines of JSON, and is ended at once where it is not wanted any more."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from vpns_engine.errors import EngineError

_LOOK_SECONDS = 0.1
_END_SECONDS = 10
_MOST_LINE = 2**22
_NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows opens a console otherwise


class Cancelled(EngineError):  # noqa: N818 - asked for; nothing went wrong
    """The measurement was cancelled; nothing of it is kept."""


class MeasuringProcess:
    """A process of ours that tells lines of JSON; it ends with the block, whatever happens."""

    def __init__(self, module: str, request: dict[str, Any], folder: Path, threads: int, cancelled: Callable[[], bool]) -> None:
        """Begin it.

        Args:
            module: which of this package's programs.
            request: what it is asked, as JSON.
            folder: where the request, its errors and its files go.
            threads: of the CPU.
            cancelled: is asked again and again while its lines are read.
        """
        self._cancelled = cancelled
        path = folder / f"{module}.json"
        path.write_text(json.dumps(request), encoding="utf-8")
        self._errors = (folder / f"{module}.txt").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"vpns_engine.gains.{module}", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")},
            cwd=folder,
            creationflags=_NO_WINDOW,
        )
        assert self._process.stdout is not None
        self._said: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(self._process.stdout, self._said), daemon=True).start()
        self.why_it_ended = ""

    def __enter__(self) -> "MeasuringProcess":
        return self

    def __exit__(self, *_raised: object) -> None:
        self._process.kill()
        self._process.wait(_END_SECONDS)
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()

    def lines(self) -> Iterator[dict[str, Any]]:
        """Give what it tells until it ends.

        Raises:
            Cancelled: it was asked for.
        """
        while True:
            if self._cancelled():
                raise Cancelled("cancelled")
            try:
                line = self._said.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if line is None:
                break
            yield _parsed(line)
        code = self._process.wait(_END_SECONDS)
        self.why_it_ended = self._why(code)

    def _why(self, code: int) -> str:
        if code < 0:
            return f"the measuring process was ended by signal {-code}: the memory may not have been enough"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"the measuring process failed: {lines[-1][:300] if lines else f'exit code {code}'}"


def _listen(stream: IO[bytes], said: "queue.SimpleQueue[bytes | None]") -> None:
    try:
        for line in iter(lambda: stream.readline(_MOST_LINE), b""):
            said.put(line)
    except (OSError, ValueError):  # it was closed: nobody listens any more
        pass
    said.put(None)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
