"""The classes view: the states it offers, the predictions of the chosen one, its matrix, its tables and its images."""

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from vpns_engine.events import EpochEnded, Event, LabelsMapped, LevelSaved, RunStarted, Tested
from vpns_engine.history import RunHistory
from vpns_engine.kept_predictions import read_kept
from vpns_engine.predictions import Predictions
from vpns_engine.specs.phase import DENSE, PhaseKind
from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.class_sheet import ClassSheet
from vpns_gui.controllers.class_states import ClassState, chosen_state, states_to_show, summary_of
from vpns_gui.controllers.examining import Examining
from vpns_gui.controllers.mapping_words import mapping_texts
from vpns_gui.models.class_figures import ClassFigures, class_figures
from vpns_gui.models.class_table import class_rows
from vpns_gui.models.confusion_picture import ConfusionPicture, confusion_picture
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.classes import ClassesView

_ASK = (
    "The test images are not read yet",
    "The run noted how many it gets right, not which. Reading them once more shows the confusion of the classes, the accuracy "
    "of each and the images that go wrong; it takes about as long as the run's own test.",
)
_NOT_KEPT = ("Not known for this state", "Nothing was noted of each test image, and its network is not kept.")
_NO_STATE = ("No state is saved yet", "The classes can be looked at once the search of this level is done.")
_CANCELLED = ("Not read", "You stopped the reading; nothing was lost.")


@dataclass(frozen=True)
class _Read:
    state: ClassState
    figures: ClassFigures | None


class ClassesController(QObject):
    """Follows the level; reads the predictions of the state that is chosen, and the mapping of the moment."""

    image_requested = Signal(int)
    """Show the test image of this place with the prompt."""
    examined = Signal()
    """The test images were read once more."""

    def __init__(self, session: Session, view: ClassesView, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._states: list[ClassState] = []
        self._stage: PhaseKind | None = None
        self._dense = False
        self._asked: ClassState | None = None
        self._figures: ClassFigures | None = None
        self._prompt, self._as_share = "plain", True
        self._reader, self._drawer = Background(self), Background(self)
        self._examining = Examining(self)
        self.sheet = ClassSheet(session, view, self)
        self.sheet.image_requested.connect(self.image_requested)
        self._mark = refresh.add(view, self._fill)
        session.run_changed.connect(self._change_run)
        for changed in (session.level_changed, session.moment_changed):
            changed.connect(self._mark)
        session.told.connect(self._take)
        self._connect()
        self._mark()  # a run may be open already

    def _connect(self) -> None:
        view = self._view
        view.state_requested.connect(self._choose_state)
        view.prompt_requested.connect(self._choose_prompt)
        view.confusion.share_requested.connect(self._choose_share)
        view.ask.read_requested.connect(self._examine)
        view.ask.cancel_requested.connect(self._cancel)
        self._reader.done.connect(self._take_read)
        self._reader.failed.connect(self._fail)
        self._drawer.done.connect(self._show_picture)
        self._examining.done.connect(self._take_examined)
        self._examining.failed.connect(self._fail)
        self._examining.reported.connect(lambda told: view.ask.set_progress(*told))

    def _change_run(self) -> None:
        self._forget()
        self._stage, self._dense, self._prompt, self._states = None, False, "plain", []
        self._mark()

    def _forget(self) -> None:
        """Let go of the state that was shown."""
        for work in (self._reader, self._drawer):
            work.drop()
        if self._examining.busy:
            self._examining.cancel()
        self._asked, self._figures = None, None
        self._view.set_summary("")
        self.sheet.clear()

    def _take(self, told: Event) -> None:
        if isinstance(told, RunStarted | EpochEnded | LabelsMapped | LevelSaved | Tested):
            self._mark()

    def _fill(self) -> None:
        history, store = self._session.history, self._session.store
        if history is None or store is None or history.started is None:
            self._view.show_content(False)
            return
        texts = mapping_texts(history, store.config.mapping.kind, self._session.level, self._session.moment)
        self._view.mapping.set_mapping(texts.rows, texts.title, texts.note)
        states = states_to_show(history, self._session.level)
        self._view.show_content(bool(states or texts.rows or texts.note))
        chosen = chosen_state(states, self._stage, dense=self._dense)
        if states != self._states:
            self._states = states
            self._view.set_states([state.label for state in states], chosen)
        self._read(store, history, None if chosen is None else states[chosen])

    def _read(self, store: RunStore, history: RunHistory, state: ClassState | None) -> None:
        if state is None:
            self._forget()
            self._ask(*_NO_STATE)
        elif state != self._asked:
            if self._figures is None:  # else the last ones stay until these are there
                self._view.set_asking("Reading …", "What was made of each test image is read.")
            self._forget()
            self._asked = state
            self._reader.start(partial(_read, store, history, state))

    def _take_read(self, read: _Read) -> None:
        self._figures = read.figures
        if read.figures is None:
            self._ask(*(_ASK if read.state.can_examine else _NOT_KEPT))
        else:
            self._show(read.figures)

    def _take_examined(self, predictions: Predictions) -> None:
        history = self._session.history
        if self._asked is not None and history is not None and history.started is not None:
            names, state = history.started.target_classes, self._asked
            self._reader.start(lambda: _Read(state, class_figures(predictions, len(names))))
            self.examined.emit()

    def look_again(self) -> None:
        """Somebody else had the test images read."""
        if self._figures is None and not self._examining.busy:
            self._asked = None
            self._mark()

    def _fail(self, why: str) -> None:
        self._ask("This cannot be shown", why)

    def _ask(self, title: str, text: str) -> None:
        self._view.set_prompt(self._prompt, has_prompt=False)
        self._view.set_asking(title, text, can_read=self._asked is not None and self._asked.can_examine)

    def _examine(self) -> None:
        history, store = self._session.history, self._session.store
        if self._asked is not None and history is not None and store is not None:
            self._view.ask.set_progress("The network is opened.", None)
            self._examining.examine(store, history, self._asked.level, self._asked.stage)

    def _cancel(self) -> None:
        self._examining.cancel()
        self._ask(*_CANCELLED)

    def _choose_state(self, index: int) -> None:
        self._stage, self._dense = self._states[index].stage, self._states[index].level == DENSE
        self._mark()

    def _choose_prompt(self, key: str) -> None:
        self._prompt = key
        if self._figures is not None:
            self._show(self._figures)

    def _choose_share(self, as_share: bool) -> None:
        self._as_share = as_share
        if self._figures is not None:
            self._draw(self._figures)

    @property
    def _shown_prompt(self) -> str:
        has_prompt = self._figures is not None and self._figures.has_prompt
        return self._prompt if has_prompt else "plain"

    def _show(self, figures: ClassFigures) -> None:
        names = self._names
        prompt, found = self._shown_prompt, figures.predictions
        self._view.set_prompt(prompt, has_prompt=figures.has_prompt)
        prompted = found.accuracy("prompted") if figures.has_prompt else None
        self._view.set_summary(summary_of(figures.num_images, found.accuracy("plain"), prompted))
        self._view.set_accuracies(class_rows(figures, names, prompt), has_prompt=figures.has_prompt)
        self._view.set_figures_shown()
        self.sheet.show(figures, names, prompt)
        self._draw(figures)

    @property
    def _names(self) -> tuple[str, ...]:
        history = self._session.history
        return history.started.target_classes if history is not None and history.started is not None else ()

    def _draw(self, figures: ClassFigures) -> None:
        counts_TT = figures.confusion_TT[self._shown_prompt]
        self._drawer.start(partial(confusion_picture, counts_TT, self._names, as_share=self._as_share))

    def _show_picture(self, picture: ConfusionPicture) -> None:
        self._view.confusion.set_picture(picture)


def _read(store: RunStore, history: RunHistory, state: ClassState) -> _Read:
    found = read_kept(store, history, state.level, state.stage)
    num = len(history.started.target_classes) if history.started is not None else 0
    return _Read(state, None if found is None else class_figures(found, num))
