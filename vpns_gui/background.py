"""Work that takes time, done beside the window: one callable after another, the latest request wins."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from vpns_engine.errors import EngineError

Work = Callable[[], Any]


class Background(QObject):
    """Runs a callable in a thread of its own and delivers the outcome in the thread this object lives in.

    A request made while another one is at work replaces the one that waits; only the outcome of the latest request is
    delivered. `close` before the object goes away.
    """

    done = Signal(object)
    """What the latest callable returned."""
    failed = Signal(str)
    """Why the latest callable failed, for a person."""
    busy_changed = Signal(bool)
    """Work begins, or nothing is at work any more; after the outcome."""
    reported = Signal(object)
    """(text, share done or None): progress, emitted by `report`."""

    def __init__(self, parent: QObject | None, *, matters: bool = False) -> None:
        """`matters`: it changes something, so the window stays until it is done; what only reads can be dropped."""
        super().__init__(parent)
        self.matters = matters
        self._thread = _Worker(self)
        self._waiting: Work | None = None
        self._thread.finished.connect(self._finish)

    @property
    def busy(self) -> bool:
        """Tell whether an outcome is still to come."""
        return self._thread.work is not None

    def start(self, work: Work) -> None:
        """Run `work`, now or as soon as the thread is free."""
        if self.busy:
            self._waiting = work
        else:
            self._thread.begin(work)
            self.busy_changed.emit(True)

    def report(self, text: str, done: float | None) -> None:
        """Pass progress on to the window; may be called from the working thread."""
        self.reported.emit((text, done))

    def drop(self) -> None:
        """Forget what waits and the outcome of what is at work."""
        self._waiting = None
        self._thread.wanted = False

    def close(self) -> None:
        """Wait for the thread; nothing is delivered any more."""
        self.drop()
        self._thread.wait()

    def _finish(self) -> None:
        thread, waiting = self._thread, self._waiting
        outcome, wanted = thread.take(), thread.wanted and waiting is None
        self._waiting = None
        if waiting is not None:
            thread.begin(waiting)
        if wanted and isinstance(outcome, _Failure):
            self.failed.emit(outcome.text)
        elif wanted:
            self.done.emit(outcome)
        if not self.busy:
            self.busy_changed.emit(False)


class _Failure:
    def __init__(self, text: str) -> None:
        self.text = text


class _Worker(QThread):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.work: Work | None = None
        self.wanted = True
        self._outcome: Any = None

    def begin(self, work: Work) -> None:
        self.work = work
        self.wanted = True
        self._outcome = _Failure("an unexpected error; the log has the details")
        self.start()

    def take(self) -> Any:  # noqa: ANN401 - whatever the callable returned
        self.wait()  # `finished` is sent a moment before the thread is over
        outcome, self.work, self._outcome = self._outcome, None, None
        return outcome

    def run(self) -> None:
        # anything else goes to the exception hook, and the outcome stays the failure set in `begin`
        assert self.work is not None
        try:
            self._outcome = self.work()
        except EngineError as error:
            self._outcome = _Failure(str(error))
        except MemoryError:
            self._outcome = _Failure("not enough memory for this")
