"""Curves from the session's history."""

from PySide6.QtCore import QObject

from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.curves import CurvesView


class CurvesController(QObject):
    """Draws the curves of the level that is looked at."""

    def __init__(self, session: Session, view: CurvesView, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._mark = refresh.add(view, self._draw)
        for changed in (session.run_changed, session.told, session.level_changed):
            changed.connect(self._mark)
        self._mark()

    def _draw(self) -> None:
        self._view.set_history(self._session.history, self._session.level)
