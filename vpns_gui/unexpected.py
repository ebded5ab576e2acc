"""Unexpected errors: told to the person in one line, kept whole for whoever mends them; the window lives."""

import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal


class UnexpectedErrors(QObject):
    """Takes what nobody caught, in any thread, while it is installed."""

    happened = Signal(object)
    """(one line, whole traceback)."""

    def install(self) -> None:
        """Become the hook of the process and of its threads."""
        sys.excepthook = self.take
        threading.excepthook = self._take_from_thread

    def uninstall(self) -> None:
        """Put Python's own hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def take(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Tell an error; to the terminal in full, as Python does."""
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, Exception):
            line = traceback.format_exception_only(kind, error)[-1].strip()
            self.happened.emit((line, "".join(traceback.format_exception(kind, error, trace))))

    def _take_from_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self.take(args.exc_type, args.exc_value, args.exc_traceback)
