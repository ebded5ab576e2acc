"""What whoever watches a run may ask of it, from any thread, and from a signal handler."""

import threading


class Control:
    """Asks a run to stop or to pause; it does so within one batch."""

    def __init__(self) -> None:
        # a signal handler may come while this very thread holds the lock: a Condition's own lock lets it in again
        self._changed = threading.Condition()
        self._stop = False
        self._pause = False

    def stop(self) -> None:
        """Stop within one batch and keep the result so far; a run that is paused ends."""
        with self._changed:
            self._stop = True
            self._changed.notify_all()

    def pause(self) -> None:
        """Finish the batch, make sure that the run can go on, and let go of the device."""
        with self._changed:
            self._pause = True

    def go_on(self) -> None:
        """Go on after a pause, or take back that one was asked for."""
        with self._changed:
            self._pause = False
            self._changed.notify_all()

    @property
    def stopping(self) -> bool:
        """Tell whether a stop was asked for."""
        return self._stop

    @property
    def pausing(self) -> bool:
        """Tell whether a pause was asked for and not ended since."""
        return self._pause

    def wait(self) -> bool:
        """Wait for the end of the pause; False where the run is to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._stop or not self._pause)
            return not self._stop
