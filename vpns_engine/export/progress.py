"""How far an export is, and whether it is still wanted."""

from collections.abc import Callable
from dataclasses import dataclass

from vpns_engine.errors import EngineError

Report = Callable[[str, float | None], None]
Cancelled = Callable[[], bool]


class ExportCancelled(EngineError):  # noqa: N818 - what happened, not what went wrong
    """The person has called it off."""

    def __init__(self) -> None:
        super().__init__("cancelled: nothing was written")


def silent(_text: str, _done: float | None) -> None:
    """Take a report and tell nobody."""


def never() -> bool:
    """Say that nobody calls it off."""
    return False


@dataclass(frozen=True)
class Progress:
    """Told at each step; `first` and `last` are the share that these steps stand for."""

    report: Report = silent
    cancelled: Cancelled = never
    first: float = 0.0
    last: float = 1.0

    def __call__(self, text: str, done: float) -> None:
        """Say what is done next, and how much of these steps is behind.

        Raises:
            ExportCancelled: it is not wanted any more.
        """
        self.check()
        self.report(text, self.first + (self.last - self.first) * done)

    def check(self) -> None:
        """Go on only while it is wanted.

        Raises:
            ExportCancelled: it is not wanted any more.
        """
        if self.cancelled():
            raise ExportCancelled

    def part(self, first: float, last: float) -> "Progress":
        """Give the progress of a part of these steps."""
        whole = self.last - self.first
        return Progress(self.report, self.cancelled, self.first + whole * first, self.first + whole * last)
