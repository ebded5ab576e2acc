"""Curves from the session's history, and the moment that is looked at as their cursor."""

from PySide6.QtCore import QObject

from vpns_gui.moments import x_of
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
        session.moment_changed.connect(self._show_moment)
        view.moment_requested.connect(self._choose)
        self._mark()

    def _draw(self) -> None:
        self._view.set_history(self._session.history, self._session.level)
        self._show_moment()

    def _show_moment(self) -> None:
        history, moment = self._session.history, self._session.moment
        self._view.set_moment(None if history is None or moment is None else x_of(history, moment))

    def _choose(self, x: float) -> None:
        history, moments = self._session.history, self._session.moments
        if history is not None and moments:
            self._session.choose_moment(min(moments, key=lambda moment: abs(x_of(history, moment) - x)))
