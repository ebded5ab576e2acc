"""Closing the window while something is at work: ask, stop cleanly, wait. Nothing is ever cut off."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from vpns_gui.background import Background
from vpns_gui.controllers.run import RunController
from vpns_gui.dialogs.question import ask

_KEPT = "The best and the last state are kept, and Resume goes on at the same batch when the window is open again."


class Closing(QObject):
    """Decides whether the window may close now; closes it later where it may not."""

    waiting = Signal(str)
    """The window closes as soon as this is over."""

    def __init__(self, run: RunController, window: QWidget) -> None:
        super().__init__(window)
        self._run = run
        self._window = window
        self._agreed = False
        self._question: QMessageBox | None = None
        run.state_changed.connect(self._look_again)

    def may_close(self) -> bool:
        """Tell whether the window may close now; else ask, or wait for what is at work."""
        if self._run.state != "idle":
            if self._agreed:
                self._stop()
            else:
                self._ask()
            return False
        busy = [work for work in self._window.findChildren(Background) if work.busy and work.matters]
        if busy:
            self._agreed = True
            self.waiting.emit("Finishing what is at work …")
            for work in busy:
                work.busy_changed.connect(self._look_again)
        return not busy

    def _ask(self) -> None:
        if self._question is not None:
            return
        paused = self._run.state == "paused"
        self._question = ask(
            self._window,
            "A run is paused." if paused else "A run is on.",
            f"{'End the pause by stopping it' if paused else 'Stop it'} and close the window? {_KEPT}",
            accept="Stop and close",
            refuse="Keep it paused" if paused else "Keep running",
            accepted=self._stop,
        )
        self._question.finished.connect(self._answered)

    def _answered(self) -> None:
        self._question = None

    def _stop(self) -> None:
        self._agreed = True
        self.waiting.emit("Stopping the run, then closing …")
        self._run.stop()
        self._look_again()

    def _look_again(self) -> None:
        if self._question is not None and self._run.state == "idle":
            self._question.reject()  # there is nothing left to ask
        if self._agreed and self._run.state == "idle":
            self._window.close()
