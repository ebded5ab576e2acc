"""The mask view: layers of the epoch that is looked at, and the chosen layer in detail, read beside the window."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from vpns_engine.artifacts import BoolArray, FloatArray, read_array, read_mask, read_names, read_state_info
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, Event, LevelSaved, RunStarted
from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.offers import Offer, masks_of, still_there
from vpns_gui.models.layers_table import LayerRow
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.mask import MaskView
from vpns_gui.views.mask_pictures import LayerDetail, layer_detail


class MaskController(QObject):
    """Offers the masks of the level that is looked at; the latest request wins."""

    def __init__(self, session: Session, view: MaskView, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._offers: list[Offer] = []
        self._reader = Background(self)
        self._reader.done.connect(self._show_layer)
        self._reader.failed.connect(self._show_why)
        self._counter = Background(self)
        self._counter.done.connect(self._show_layers)
        self._counter.failed.connect(self._show_why)
        self._mark = refresh.add(view, self._offer)
        session.run_changed.connect(self._start_over)
        session.level_changed.connect(self._start_over)
        session.told.connect(self._take)
        view.masks_requested.connect(self._show_masks)
        view.layer_requested.connect(self._read_layer)
        self._mark()

    def _start_over(self) -> None:
        self._reader.drop()
        self._counter.drop()
        self._offers = []
        self._view.set_masks(())
        self._view.set_layers(())
        self._mark()

    def _take(self, told: Event) -> None:
        if isinstance(told, EpochEnded | LevelSaved):
            self._mark()

    def _offer(self) -> None:
        history, store = self._session.history, self._session.store
        told = [] if history is None else masks_of(history, self._session.level)
        self._offers = [] if store is None else still_there(told, store.folder)
        self._view.set_masks([offer.label for offer in self._offers])
        self._view.set_not_kept(bool(told) and not self._offers)

    def _show_masks(self, index: int) -> None:
        history, store = self._session.history, self._session.store
        if history is None or history.started is None or store is None or not 0 <= index < len(self._offers):
            return
        offer = self._offers[index]
        if offer.kept:
            self._show_layers(rows_of(history.started, offer.kept))
        else:
            self._counter.start(partial(_count, store, history.started, offer))

    def _show_layers(self, rows: list[LayerRow]) -> None:
        before = self._view.layer
        self._view.set_layers(rows)
        if self._view.layer is not None and self._view.layer == before:
            self._read_layer(before)

    def _show_layer(self, detail: LayerDetail) -> None:
        self._view.set_layer(detail)

    def _show_why(self, why: str) -> None:
        self._view.set_layer(None, why)

    def _read_layer(self, name: str) -> None:
        store, index = self._session.store, self._view.index
        if store is not None and index is not None and index < len(self._offers):
            self._reader.start(partial(_read, store, self._offers[index], name))


def rows_of(started: RunStarted, kept: tuple[int, ...]) -> list[LayerRow]:
    """Give the rows of the table from the counts of an event."""
    return [
        LayerRow(name=layer.name, shape=layer.shape, numel=layer.numel, kept=count)
        for layer, count in zip(started.layers, kept, strict=False)
    ]


def _count(store: RunStore, started: RunStarted, offer: Offer) -> list[LayerRow]:
    path = store.path(offer.path)
    return rows_of(started, tuple(int(read_mask(path, layer.name).sum()) for layer in started.layers))


def _read(store: RunStore, offer: Offer, name: str) -> LayerDetail:
    path = store.path(offer.path)
    mask = read_mask(path, name)
    if not offer.has_state:
        return layer_detail(name, mask, None, None, None, is_saved=False)
    names = read_names(path)
    # the methods that set their mask by a criterion never move the scores: they would explain nothing
    learned = store.config.method in ("vpns", "control")
    weights = _find(path, names, (f"weights/{name}.weight", f"weights/{name}.in_proj_weight", f"weights/{name}"), mask)
    scores = _find(path, names, (f"scores/{name}",), mask) if learned else None
    return layer_detail(name, mask, weights, scores, read_state_info(path).threshold)


def _find(path: Path, names: tuple[str, ...], wanted: tuple[str, ...], mask: BoolArray) -> FloatArray | None:
    """Read the first of the wanted arrays that is there."""
    name = next((name for name in wanted if name in names), None)
    if name is None:
        return None
    array = read_array(path, name)
    if array.shape != mask.shape:
        raise EngineError(f"{path.name} is damaged: {name} has the shape {array.shape}, its mask {mask.shape}")
    return array
