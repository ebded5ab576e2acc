"""The views that draw with pyqtgraph, whose import takes as long as the rest of the window: made once that is on screen."""

from vpns_gui.controllers.classes import ClassesController
from vpns_gui.controllers.compare import CompareController
from vpns_gui.controllers.curves import CurvesController
from vpns_gui.controllers.mask_compare import MaskCompareController
from vpns_gui.controllers.masks import MaskController
from vpns_gui.controllers.saving import Savable, SavingController
from vpns_gui.main_window import MainWindow, put
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.classes import ClassesView
from vpns_gui.views.compare import CompareView
from vpns_gui.views.curves import CurvesView
from vpns_gui.views.mask import MaskView
from vpns_gui.views.mask_compare import MaskCompareView
from vpns_gui.views.mask_page import ONE, TWO, MaskPage


class Plots:
    """Curves, masks and the comparison, in the pages that wait for them."""

    def __init__(self, window: MainWindow, session: Session, refresh: Refresh) -> None:
        self.curves = CurvesView(window.curves_page)
        self.mask_page = MaskPage(window.masks_page)
        self.masks = MaskView(self.mask_page)
        self.compare = CompareView(window.compare_page)
        self._window = window
        put(self.curves, window.curves_page)
        self.two_masks = MaskCompareView(self.mask_page)
        self.mask_page.put(ONE, self.masks)
        self.mask_page.put_beside(ONE, self.masks.headline)
        self.mask_page.put(TWO, self.two_masks)
        put(self.mask_page, window.masks_page)
        put(self.compare, window.compare_page)
        self.classes = ClassesView(window.classes_page)
        put(self.classes, window.classes_page)
        self.class_images = ClassesController(session, self.classes, refresh, window)
        CurvesController(session, self.curves, refresh, window)
        MaskController(session, self.masks, refresh, window)
        self.mask_comparison = MaskCompareController(session, self.two_masks, refresh, window)
        self._comparison = CompareController(session, self.compare, refresh, window)
        self._session = session

    def connect_saving(self, saving: SavingController) -> None:
        """Say what of curves and comparison can be saved."""
        saving.add(self._window.curves_page, self._saved_curves)
        saving.add(self._window.compare_page, self._comparison.savable)
        self.compare.save_requested.connect(saving.open)

    def _saved_curves(self) -> Savable | None:
        store = self._session.store
        if store is None or self.curves.is_empty:
            return None
        tables = [("Curves", lambda: self.curves.table)]
        return Savable(f"{store.folder.name}_curves", tables, lambda: self.curves.picture)
