"""The views that draw with pyqtgraph, whose import takes as long as the rest of the window: made once that is on screen."""

from PySide6.QtWidgets import QWidget

from vpns_gui.controllers.curves import CurvesController
from vpns_gui.controllers.masks import MaskController
from vpns_gui.main_window import MainWindow
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.curves import CurvesView
from vpns_gui.views.mask import MaskView


class Plots:
    """Curves and masks, in the pages that wait for them."""

    def __init__(self, window: MainWindow, session: Session, refresh: Refresh) -> None:
        self.curves = CurvesView(window.curves_page)
        self.masks = MaskView(window.masks_page)
        _put(self.curves, window.curves_page)
        _put(self.masks, window.masks_page)
        CurvesController(session, self.curves, refresh, window)
        MaskController(session, self.masks, refresh, window)


def _put(view: QWidget, page: QWidget) -> None:
    layout = page.layout()
    assert layout is not None
    layout.addWidget(view)
