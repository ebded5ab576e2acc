"""Work beside the window that is asked for faster than it is done: every outcome is shown, then the newest request begins."""

from typing import Any

from PySide6.QtCore import QObject, Signal

from vpns_gui.background import Background, Work


class Latest(QObject):
    """Like a Background, but a request in the meantime does not throw away what is at work: a film would stand still."""

    done = Signal(object)
    """What a callable returned."""
    failed = Signal(str)
    """Why it failed, for a person."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._due: Work | None = None
        self._worker = Background(self)
        self._worker.done.connect(self._pass_on)
        self._worker.failed.connect(self.failed)
        self._worker.busy_changed.connect(self._go_on)

    @property
    def busy(self) -> bool:
        """Tell whether an outcome is still to come."""
        return self._worker.busy

    def start(self, work: Work) -> None:
        """Run `work` now, or after what is at work; what waited until now is forgotten."""
        if self._worker.busy:
            self._due = work
        else:
            self._worker.start(work)

    def drop(self) -> None:
        """Forget what waits and the outcome of what is at work."""
        self._due = None
        self._worker.drop()

    def _pass_on(self, outcome: Any) -> None:  # noqa: ANN401 - whatever the callable returned
        self.done.emit(outcome)

    def _go_on(self, busy: bool) -> None:
        if not busy and self._due is not None:
            due, self._due = self._due, None
            self._worker.start(due)
