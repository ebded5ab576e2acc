"""The view of one mask: the layers at the moment that is looked at, counted beside the window."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from vpns_engine.artifacts import read_state_info
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, Event, LabelsMapped, LevelSaved, RunStarted
from vpns_engine.history import LevelHistory
from vpns_engine.layer_counts import layer_counts
from vpns_engine.mask_files import MaskFile
from vpns_gui.controllers.latest import Latest
from vpns_gui.controllers.mask_flips import FlipsController
from vpns_gui.controllers.mask_layer import LayerController
from vpns_gui.controllers.offers import Offer, at, masks_of, still_there
from vpns_gui.models.layers_table import LayerRow
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.mask import LAYER, MaskView


class MaskController(QObject):
    """Finds the mask of the session's moment. During tuning that is the found one."""

    def __init__(self, session: Session, view: MaskView, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._offers: list[Offer] = []
        self._offer: Offer | None = None
        self.counted: Offer | None = None
        """The offer whose file the view shows the counts of."""
        self._counter = Latest(self)
        self._counter.done.connect(self._show_counted)
        self._counter.failed.connect(self._show_why)
        self._layer = LayerController(session, view, self)
        self._flips = FlipsController(session, view.panel, self)
        self._mark = refresh.add(view, self._look)
        session.run_changed.connect(self._start_over)
        session.level_changed.connect(self._start_over)
        session.moment_changed.connect(self._follow)
        session.told.connect(self._take)
        view.layer_requested.connect(self._layer.read)
        view.page_changed.connect(self._turn)
        self._mark()

    def _start_over(self) -> None:
        self._counter.drop()
        self._layer.drop()
        self._flips.drop()
        self._offers, self._offer, self.counted = [], None, None
        self._view.set_layers(())
        self._mark()

    def _take(self, told: Event) -> None:
        if isinstance(told, EpochEnded | LevelSaved | LabelsMapped):
            self._mark()

    def _look(self) -> None:
        """List what there is anew."""
        history, store = self._session.history, self._session.store
        told = [] if history is None else masks_of(history, self._session.level)
        self._offers = [] if store is None else still_there(told, store.folder)
        self._view.set_not_kept(bool(told) and not self._offers)
        self._follow()
        self._turn(self._view.page)

    def _follow(self) -> None:
        """Show the mask of the moment, unless it is shown."""
        if not self._view.isVisible():
            self._mark()
            return
        index = at(self._offers, self._session.moment)
        offer = None if index is None else self._offers[index]
        if offer is None:
            self._counter.drop()  # what is counted is of another moment
            self._view.set_layers(())
        elif offer != self._offer:
            self._show(offer)
        self._offer = offer

    def _show(self, offer: Offer) -> None:
        history, store = self._session.history, self._session.store
        if history is None or history.started is None or store is None:
            return
        if not self._view.rows and offer.kept:
            self._view.set_layers(rows_of(history.started, offer.kept))
        used = _sources_at(history.level(self._session.level), offer)
        self._layer.set_offer(offer, frozenset(used))
        self._flips.set_moment(offer.moment)
        try:
            path = store.path(offer.path)
        except EngineError as error:
            self._show_why(str(error))
            return
        self._counter.start(partial(_count, path, offer, store.config.model.architecture, used))

    def _turn(self, page: int) -> None:
        """Read what only the chosen layer's page shows, once it is seen."""
        if page == LAYER:
            self._layer.read_due()
            self._flips.read([offer for offer in self._offers if not offer.has_state])

    def _show_counted(self, counted: "_Counted") -> None:
        self.counted = counted.offer
        self._view.set_layers(counted.rows)

    def _show_why(self, why: str) -> None:
        history = self._session.history
        if self._offer is not None and self._offer.kept and history is not None and history.started is not None:
            self._view.set_layers(rows_of(history.started, self._offer.kept))
        self._view.set_layer(None, why)


@dataclass(frozen=True)
class _Counted:
    offer: Offer
    rows: list[LayerRow]


def rows_of(started: RunStarted, kept: tuple[int, ...]) -> list[LayerRow]:
    """Give the rows of the table from the counts of an event."""
    return [
        LayerRow(name=layer.name, shape=layer.shape, numel=layer.numel, kept=count)
        for layer, count in zip(started.layers, kept, strict=False)
    ]


def _sources_at(level: LevelHistory | None, offer: Offer) -> tuple[int, ...]:
    """Give the source classes that served as target classes then: the mapping may be found anew with every epoch."""
    if level is None or offer.moment is None:
        return ()
    then = (offer.moment.phase, offer.moment.epoch)
    before = [mapped.sources for mapped in level.mappings if (mapped.phase, mapped.epoch) <= then]
    return before[-1] if before else level.sources


def _count(path: Path, offer: Offer, architecture: str, used: tuple[int, ...]) -> _Counted:
    if offer.has_state:
        used = read_state_info(path).mapping
    with MaskFile.open(path) as file:
        found = layer_counts(file, architecture=architecture, used=used)
    rows = [LayerRow(one.layer, one.shape, one.numel, one.kept, one.empty_out, one.empty_in, one.unused) for one in found]
    return _Counted(offer, rows)
