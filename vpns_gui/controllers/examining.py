"""Has the test images of a run read once more, beside the window: for runs that have not kept what they made of them."""

from threading import Event as Flag

from PySide6.QtCore import QObject

from vpns_engine.history import RunHistory
from vpns_engine.kept_predictions import saved_of
from vpns_engine.looking import examine
from vpns_engine.predictions import Predictions
from vpns_engine.specs.phase import DENSE, PhaseKind
from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.preload import TorchImport


class Examining(Background):
    """One reading at a time; it can be called off, and is when the window goes. Its outcome is the Predictions."""

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self._off = Flag()

    def examine(self, store: RunStore, history: RunHistory, level: int, stage: PhaseKind) -> None:
        """Read the test images with a saved state, or with the dense reference as it was mapped."""
        saved = None if level == DENSE else saved_of(history, level, stage)
        if level != DENSE and saved is None:
            return
        off = self._off = Flag()

        def work() -> Predictions:
            with TorchImport():
                return examine(store, "dense" if saved is None else saved, self.report, off.is_set)

        self.start(work)

    def cancel(self) -> None:
        """Call it off: within a batch. Nothing is said of it any more."""
        self._off.set()
        self.drop()

    def close(self) -> None:
        """Call it off, and wait for it."""
        self.cancel()
        super().close()
