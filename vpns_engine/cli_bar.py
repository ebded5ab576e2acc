"""How far a long piece of work is, on the terminal."""

import shutil
import sys
import time

from vpns_engine.words import percent, printable

_SECONDS_BETWEEN = 0.1


class ReportLine:
    """What goes on, on one line that moves where there is a terminal; plain lines, one for each thing, where there is none."""

    def __init__(self) -> None:
        self._moving = sys.stderr.isatty()
        self._said = ""
        self._width = 0
        self._next = 0.0

    def __enter__(self) -> "ReportLine":
        return self

    def __exit__(self, *_raised: object) -> None:
        self._write("")

    def __call__(self, text: str, done: float | None) -> None:
        """Take a report."""
        head = text.split(": ")[0]  # the sizes after it change all the time
        if not self._moving and head != self._said:
            print(printable(head), file=sys.stderr, flush=True)
        elif self._moving and (head != self._said or time.monotonic() >= self._next):
            self._next = time.monotonic() + _SECONDS_BETWEEN
            self._write(text if done is None else f"{text}  {percent(done, 0)}")
        self._said = head

    def _write(self, text: str) -> None:
        """Put a text in the place of the last one; an empty one clears the line."""
        if self._moving:
            line = printable(text)[: shutil.get_terminal_size().columns - 1]
            sys.stderr.write("\r" + line.ljust(self._width) + ("" if line else "\r"))
            sys.stderr.flush()
            self._width = len(line)
