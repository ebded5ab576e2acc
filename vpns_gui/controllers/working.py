"""The run that works in this window while another one is looked at: a line above the views says how it stands."""

from PySide6.QtCore import QObject, QTimer

from vpns_gui.controllers.outcome import place_of
from vpns_gui.controllers.run import RunController
from vpns_gui.controllers.run_bar import title_of
from vpns_gui.session import Session
from vpns_gui.views.offer_bar import Choice, OfferBar

_SHOW = Choice("show", "Show", "Look at the run that works here again")
_WORDS = {"running": "On", "pausing": "Pausing", "paused": "Paused", "stopping": "Stopping"}
_INTERVAL_MS = 1000


class WorkingController(QObject):
    """Shows the line, and brings the run back into the views."""

    def __init__(self, session: Session, run: RunController, bar: OfferBar, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._run = run
        self._bar = bar
        bar.chosen.connect(self._show)
        for changed in (session.run_changed, session.live_changed, run.state_changed):
            changed.connect(self._update)
        clock = QTimer(self)
        clock.setInterval(_INTERVAL_MS)
        clock.timeout.connect(self._update)
        clock.start()

    def _show(self, _key: str) -> None:
        self._session.show_working()

    def _update(self) -> None:
        store, history = self._session.working, self._session.working_history
        if store is None or history is None or self._session.live:
            self._bar.withdraw()
            return
        word = _WORDS.get(self._run.state, "On")
        details = f"{history.done:.0%} done, {place_of(history)}".replace("%", " %", 1)
        self._bar.offer(f"{word} in this window: {title_of(store.config)}", details, (_SHOW,))
