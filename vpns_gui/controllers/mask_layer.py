"""The chosen layer in detail: counts first, then the tiles in sight and the histograms, all read beside the window."""

from functools import partial

from PySide6.QtCore import QObject

from vpns_engine.errors import EngineError
from vpns_engine.layer_counts import classifier_of
from vpns_gui.background import Background
from vpns_gui.controllers.latest import Latest
from vpns_gui.controllers.layer_reading import Place, Tiles, read_detail, read_histograms, read_tiles
from vpns_gui.controllers.offers import Offer
from vpns_gui.session import Session
from vpns_gui.views.mask import LAYER, MaskView
from vpns_gui.views.mask_pictures import LayerDetail, TileKey

_LEARNS_SCORES = ("vpns", "control")
"""Methods whose search learns scores and leaves the weights as they are; the others never move their scores."""


class LayerController(QObject):
    """Reads the layer that the view asks for, while its page is seen."""

    def __init__(self, session: Session, view: MaskView, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._view = session, view
        self._offer: Offer | None = None
        self._used: frozenset[int] = frozenset()
        self._place: Place | None = None
        self._shown: Place | None = None
        self._reader, self._tiler = Latest(self), Latest(self)
        self._binner = Background(self)
        self._reader.done.connect(self._show)
        self._reader.failed.connect(self._show_why)
        self._tiler.done.connect(self._show_tiles)
        self._tiler.failed.connect(self._show_why)
        self._binner.done.connect(view.panel.set_histograms)
        self._binner.failed.connect(self._show_why)
        view.panel.tiles_wanted.connect(self._read_tiles)

    def drop(self) -> None:
        """Forget the run that was looked at."""
        for worker in (self._reader, self._tiler, self._binner):
            worker.drop()
        self._offer = self._place = self._shown = None

    def set_offer(self, offer: Offer, used: frozenset[int]) -> None:
        """Look at another moment; the layer stays."""
        self._offer, self._used = offer, used
        if self._view.layer is not None:
            self.read(self._view.layer)

    def read(self, layer: str) -> None:
        """Read a layer now, or once its page is seen."""
        try:
            self._place = self._find(layer)
        except EngineError as error:
            self._show_why(str(error))
            return
        self.read_due()

    def read_due(self) -> None:
        """Read what is to be seen and was not read yet."""
        if self._place is not None and self._place != self._shown and self._view.page == LAYER:
            self._reader.start(partial(read_detail, self._place))

    def _find(self, layer: str) -> Place | None:
        store, offer = self._session.store, self._offer
        if store is None or offer is None:
            return None
        learns = store.config.method in _LEARNS_SCORES
        state = offer.path if offer.has_state else self._state_of_search(offer) if learns else ""
        architecture = store.config.model.architecture
        return Place(
            path=store.path(offer.path),
            layer=layer,
            weights_path=store.path(state) if state else None,
            has_scores=offer.has_state and learns,
            architecture=architecture,
            used=self._used if layer == classifier_of(architecture) else frozenset(),
            is_saved=offer.has_state,
        )

    def _state_of_search(self, offer: Offer) -> str:
        """Find the saved state of the same search: its weights are those of each of its epochs."""
        level = None if self._session.history is None else self._session.history.level(self._session.level)
        if level is None or offer.moment is None:
            return ""
        found = [saved.state_path for saved in level.saved if saved.phase == offer.moment.phase and saved.state_path]
        return found[-1] if found else ""

    def _show(self, read: tuple[Place, LayerDetail]) -> None:
        place, detail = read
        self._shown = place
        self._view.set_layer(detail)
        self._binner.start(partial(read_histograms, place))

    def _read_tiles(self, keys: tuple[TileKey, ...]) -> None:
        if self._shown is not None:
            self._tiler.start(partial(read_tiles, self._shown, keys, self._view.panel.top))

    def _show_tiles(self, found: Tiles) -> None:
        if found.place == self._shown:
            self._view.panel.mosaic.set_tiles(found.tiles)

    def _show_why(self, why: str) -> None:
        self._view.set_layer(None, why)
