"""The timeline, kept up to date between two events too."""

import time

from PySide6.QtCore import QObject, QTimer

from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.timeline import TimelineView


class TimelineController(QObject):
    """Shows how far the session's run is, and the time left."""

    def __init__(self, session: Session, view: TimelineView, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._mark = refresh.add(view, self._draw)
        for changed in (session.run_changed, session.told, session.live_changed, session.standing_changed):
            changed.connect(self._mark)
        view.level_requested.connect(session.choose_level)
        clock = QTimer(self)
        clock.setInterval(1000)
        clock.timeout.connect(self._tick)
        clock.start()

    def _tick(self) -> None:
        if self._session.standing == "running":
            self._mark()

    def _draw(self) -> None:
        history = self._session.history
        standing = self._session.standing
        now = time.time() if standing == "running" or history is None else history.last_time
        self._view.set_history(history, now, standing)
