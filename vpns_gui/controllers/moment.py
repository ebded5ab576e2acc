"""The epoch that is looked at: from the session to the bar, and back; playing through all of them."""

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QTabWidget, QWidget

from vpns_gui.moments import SAVED, Moment, name_of, saved_moments
from vpns_gui.session import Session
from vpns_gui.views.moment_bar import MomentBar

_WHOLE_MS, _FASTEST_MS, _SLOWEST_MS = 12_000, 50, 400
"""A whole run in about this long, but no step shorter or longer than these."""


class MomentController(QObject):
    """Moves the session's moment; the bar is seen with the views that follow it."""

    def __init__(
        self, session: Session, bar: MomentBar, tabs: QTabWidget, pages: Sequence[QWidget], parent: QObject | None
    ) -> None:
        """`pages` are the tabs that follow the moment; keys that nothing in them takes move the slider."""
        super().__init__(parent)
        self._session, self._bar, self._tabs, self._pages = session, bar, tabs, tuple(pages)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._step)
        bar.chosen.connect(self._choose)
        bar.play_requested.connect(self.play)
        session.run_changed.connect(self._stop)
        session.moments_changed.connect(self._offer)
        session.moment_changed.connect(self._show)
        tabs.currentChanged.connect(self._see)
        for page in self._pages:
            page.installEventFilter(self)
        self._offer()
        bar.set_playing(False)

    @property
    def is_playing(self) -> bool:
        """Tell whether the epochs go by."""
        return self._timer.isActive()

    def play(self, playing: bool) -> None:
        """Go through the epochs from where they are, from the first if that is the last; or stop."""
        moments = self._session.moments
        if not playing or len(moments) < 2:
            self._stop()
            return
        if self._session.moment == moments[-1]:
            self._session.choose_moment(moments[0])
        self._timer.start(min(_SLOWEST_MS, max(_FASTEST_MS, _WHOLE_MS // len(moments))))
        self._bar.set_playing(True)

    def _stop(self) -> None:
        self._timer.stop()
        self._bar.set_playing(False)

    def _step(self) -> None:
        moments = self._session.moments
        place = _place(moments, self._session.moment)
        if place is not None and place + 1 < len(moments):
            self._session.choose_moment(moments[place + 1])
        if place is None or place + 2 >= len(moments):
            self._stop()

    def _choose(self, index: int) -> None:
        self._stop()
        self._session.choose_moment(self._session.moments[index])

    def _offer(self) -> None:
        history, moments = self._session.history, self._session.moments
        if history is None:
            self._bar.set_moments((), None)
        else:
            known = saved_moments(history, self._session.level)
            saved = [index for index, moment in enumerate(moments) if moment in known]
            labels = [name_of(history, moment) + (SAVED if moment in known else "") for moment in moments]
            self._bar.set_moments(labels, _place(moments, self._session.moment), saved=saved, ends=_ends(moments))
        self._see()

    def _show(self) -> None:
        self._bar.set_index(_place(self._session.moments, self._session.moment))

    def _see(self) -> None:
        self._bar.setVisible(bool(self._session.moments) and self._tabs.currentWidget() in self._pages)

    def eventFilter(self, watched: QObject, happened: QEvent) -> bool:  # noqa: N802
        """Give the bar the keys that nothing in a page took."""
        plain = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier
        if isinstance(happened, QKeyEvent) and happened.type() == QEvent.Type.KeyPress and happened.modifiers() in plain:
            return self._bar.steer(Qt.Key(happened.key()))
        return super().eventFilter(watched, happened)


def _place(moments: Sequence[Moment], moment: Moment | None) -> int | None:
    return moments.index(moment) if moment in moments else None


def _ends(moments: Sequence[Moment]) -> list[int]:
    """Find the last moment of each phase but the last."""
    return [index for index, (here, after) in enumerate(pairwise(moments)) if here.phase != after.phase]
