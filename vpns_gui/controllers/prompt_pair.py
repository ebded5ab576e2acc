"""Two prompts to compare, each of any run of the folder, read beside the window."""

from functools import partial

from PySide6.QtCore import QObject

from vpns_engine.words import sparsity_of
from vpns_gui.background import Background
from vpns_gui.controllers.offers import prompts_of
from vpns_gui.controllers.other_run import OtherMoment, OtherRun
from vpns_gui.controllers.prompt import read_prompt
from vpns_gui.notices import Notices
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.prompt_pair import NamedPrompt, PromptPairView


class PromptPairController(QObject):
    """A follows the window until another run is chosen for it."""

    def __init__(self, session: Session, view: PromptPairView, refresh: Refresh, notices: Notices, parent: QObject) -> None:
        super().__init__(parent)
        self._view = view
        self._mark = refresh.add(view, self._read)
        self._reader = Background(self)
        self._reader.done.connect(self._show)
        self._reader.failed.connect(view.set_note)
        self.a = OtherRun(session, view.a, prompts_of, self, follows=True)
        self.b = OtherRun(session, view.b, prompts_of, self)
        for side in (self.a, self.b):
            side.chosen.connect(self._change)
            side.refused.connect(partial(notices.say, severity="warning"))
        self._mark()

    def _change(self) -> None:
        if self._view.isVisible():
            self._read()
        else:
            self._mark()

    def _read(self) -> None:
        one, other = self.a.moment, self.b.moment
        if one is None or other is None:
            self.a.look()
            self.b.look()
            self._reader.drop()
            self._view.set_prompts(None, None)
            self._view.set_note(self._missing())
        else:
            self._reader.start(partial(_both, one, other))

    def _missing(self) -> str:
        """Say which run has no prompt; nothing where one is still to be chosen."""
        for side, run in (("A", self.a.without), ("B", self.b.without)):
            if run:
                return f"{side} has no prompt at this sparsity: {run} learned none, or did not keep it."
        return ""

    def _show(self, both: tuple[NamedPrompt, NamedPrompt]) -> None:
        self._view.set_prompts(*both)


def _both(one: OtherMoment, other: OtherMoment) -> tuple[NamedPrompt, NamedPrompt]:
    return _named(one), _named(other)


def _named(moment: OtherMoment) -> NamedPrompt:
    delta, added = read_prompt(moment.store, moment.offer)
    density = moment.history.levels[moment.level].density
    label = f"seed {moment.store.config.seed}, {sparsity_of(density)}, {moment.offer.label}"
    return NamedPrompt(delta, added, label, tip=moment.label)
