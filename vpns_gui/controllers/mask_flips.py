"""How the mask moved from epoch to epoch: the files of neighbouring epochs compared, a few at a time, beside the window."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QObject

from vpns_engine.errors import EngineError
from vpns_engine.mask_files import MaskFile, flips
from vpns_gui.background import Background
from vpns_gui.controllers.offers import Offer
from vpns_gui.models.flips import Flips, Step
from vpns_gui.moments import Moment
from vpns_gui.session import Session
from vpns_gui.views.layer_panel import LayerPanel

_AT_ONCE_SECONDS = 0.4
_ONCE = "This method sets its mask once, by a criterion: it does not move from epoch to epoch."
_FEW = "The masks of fewer than two epochs are kept: File > Keeping says what runs keep."


@dataclass(frozen=True)
class _Epoch:
    path: Path
    x: float
    label: str


@dataclass(frozen=True)
class _Found:
    flips: Flips
    whole: bool
    """False where further epochs are still to be compared."""


class FlipsController(QObject):
    """Compares what was not compared yet, and shows it as it comes."""

    def __init__(self, session: Session, panel: LayerPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._panel = session, panel
        self._epochs: tuple[_Epoch, ...] = ()
        self._known: dict[tuple[Path, Path], Step] = {}
        self._whole = True
        self._worker = Background(self)
        self._worker.done.connect(self._show)
        self._worker.failed.connect(lambda why: panel.set_flips(None, why))

    def drop(self) -> None:
        """Forget the run that was looked at."""
        self._worker.drop()
        self._epochs, self._known, self._whole = (), {}, True
        self._panel.set_flips(None)

    def set_moment(self, moment: Moment | None) -> None:
        """Mark the moment whose mask is looked at."""
        self._panel.flips.set_cursor(None if moment is None else float(moment.epoch))

    def read(self, offers: Sequence[Offer]) -> None:
        """Compare the masks of these epochs, each with the one before it."""
        store = self._session.store
        if store is None:
            return
        try:
            epochs = tuple(
                _Epoch(store.path(offer.path), float(offer.moment.epoch), offer.label) for offer in offers if offer.moment
            )
        except EngineError as error:
            self._panel.set_flips(None, str(error))
            return
        if len(epochs) < 2:
            searches = store.config.method in ("vpns", "control")
            self._panel.set_flips(None, "" if searches and self._session.live else _FEW if searches else _ONCE)
        elif epochs != self._epochs:
            self._epochs = epochs
            self._go_on()

    def _go_on(self) -> None:
        self._worker.start(partial(_compare, self._epochs, self._known))

    def _show(self, found: _Found) -> None:
        self._panel.set_flips(found.flips)
        if not found.whole:
            self._go_on()


def _compare(epochs: Sequence[_Epoch], known: dict[tuple[Path, Path], Step]) -> _Found:
    """Compare for a while; `known` takes in what was found."""
    begun = time.monotonic()
    steps: list[Step] = []
    with MaskFile.open(epochs[-1].path) as last:
        layers = last.layers
        numels = tuple(last.numel(layer) for layer in layers)
    for before, after in pairwise(epochs):
        key = before.path, after.path
        if key not in known:
            if time.monotonic() - begun > _AT_ONCE_SECONDS:
                return _Found(Flips(layers, numels, tuple(steps)), whole=False)
            known[key] = _step(before, after, layers)
        steps.append(known[key])
    return _Found(Flips(layers, numels, tuple(steps)), whole=True)


def _step(before: _Epoch, after: _Epoch, layers: tuple[str, ...]) -> Step:
    with MaskFile.open(before.path) as first, MaskFile.open(after.path) as second:
        if first.shapes != second.shapes:
            raise EngineError(f"{after.path.name} has other layers than {before.path.name}: they cannot be compared")
        moved = [flips(first.bits(layer), second.bits(layer), first.numel(layer)) for layer in layers]
    return Step(after.x, after.label, tuple(kept for kept, _ in moved), tuple(pruned for _, pruned in moved))
