"""How many test images a prompt turns from wrong to right and back, and the list of those, with thumbnails."""

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from vpns_engine.history import RunHistory
from vpns_engine.kept_predictions import read_kept, saved_of
from vpns_engine.predictions import Predictions
from vpns_engine.saved_states import level_words, saved_name
from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.examining import Examining
from vpns_gui.controllers.looks import IntArray, Network, Pictures, places_of, shrunk
from vpns_gui.models.class_figures import ClassFigures, class_figures
from vpns_gui.models.on_image import Changed
from vpns_gui.models.thumbs import Thumb
from vpns_gui.moments import saved_moments
from vpns_gui.session import Session
from vpns_gui.views.on_images_changes import ChangesBar

_MOST_LISTED = 200
"""Thumbnails in a list; stepping goes through all of its images."""
_THUMB_PX = 96
_NOT_READ = "What it says of each test image is not read yet."


class ChangedImages(QObject):
    """Of the saved state whose network is looked at."""

    picked = Signal(int)
    """Place, in the test split, of the image that was chosen in the list."""
    examined = Signal()
    """The test images were read once more."""

    def __init__(self, session: Session, bar: ChangesBar, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._bar = bar
        self._key: object = None
        self._network: Network | None = None
        self._figures: ClassFigures | None = None
        self._list = ""
        self._places: IntArray = np.empty(0, np.int64)
        self._pictures = Pictures()
        self._reader, self._lister = Background(self), Background(self)
        self._examining = Examining(self)
        self._reader.done.connect(self._take)
        self._reader.failed.connect(self._fail)
        self._lister.done.connect(self._show_list)
        self._lister.failed.connect(self._fail_list)
        self._examining.done.connect(self._take_examined)
        self._examining.failed.connect(self._fail)
        self._examining.reported.connect(lambda told: bar.set_progress(*told))
        bar.list_requested.connect(self._open_list)
        bar.picked.connect(self.picked)
        bar.examine_requested.connect(self._examine)
        bar.cancel_requested.connect(self._cancel)
        session.run_changed.connect(lambda _: self.follow(None))

    @property
    def listed(self) -> IntArray:
        """Places, in the test split, of the images in the list that is open, rising; none where none is."""
        return self._places

    def follow(self, network: Network | None) -> None:
        """Count for the saved state that a network is of."""
        store = self._session.store
        key = None if network is None or store is None else (store.folder, network.level, network.stage, network.saved)
        if key == self._key:
            self._network = network
            self._say()
            return
        self._key, self._network, self._figures = key, network, None
        for work in (self._reader, self._lister):
            work.drop()
        if self._examining.busy:
            self._examining.cancel()
        self.leave()
        self._bar.set_nothing("")
        self._read()

    def look_again(self) -> None:
        """Somebody else had the test images read."""
        if self._figures is None and not self._examining.busy:
            self._read()

    def leave(self) -> None:
        """Close the list."""
        self._list, self._places = "", np.empty(0, np.int64)
        self._bar.set_list("", ())

    def look_at(self, place: int | None) -> None:
        """Mark the image that is looked at, if it is in the list."""
        self._bar.strip.set_current(place)

    def _read(self) -> None:
        store, history = self._session.store, self._session.history
        if self._network is not None and store is not None and history is not None and store.config.uses_prompt:
            self._reader.start(partial(_read, store, history, self._network))

    def _take(self, figures: ClassFigures | None) -> None:
        if figures is None:
            self._bar.set_nothing(_NOT_READ, can_examine=self._network is not None)
            return
        self._figures = figures
        self._say()

    def _say(self) -> None:
        figures, history = self._figures, self._session.history
        if figures is None:
            return
        if figures.has_prompt and history is not None and self._network is not None:
            at_saved = self._session.moment in saved_moments(history, self._network.level)
            whose = "" if at_saved else f"Counted with the saved prompt and network: {_state_words(history, self._network)}."
            self._bar.set_changed(Changed(figures.num_images, len(figures.gained), len(figures.lost), whose))
        else:
            self._bar.set_nothing("")

    def _take_examined(self, predictions: Predictions) -> None:
        store = self._session.store
        history = self._session.history
        if store is not None and history is not None and history.started is not None:
            num = len(history.started.target_classes)
            self._reader.start(lambda: class_figures(predictions, num))
            self.examined.emit()

    def _fail(self, why: str) -> None:
        self._bar.set_nothing(why, can_examine=self._network is not None)

    def _examine(self) -> None:
        store, history = self._session.store, self._session.history
        if store is not None and history is not None and self._network is not None:
            self._bar.set_progress("Reading the test images", None)
            self._examining.examine(store, history, self._network.level, self._network.stage)

    def _cancel(self) -> None:
        self._examining.cancel()
        self._bar.set_nothing(_NOT_READ, can_examine=self._network is not None)

    def _open_list(self, key: str) -> None:
        store, history = self._session.store, self._session.history
        if not key:
            self.leave()
        elif self._figures is not None and store is not None and history is not None and history.started is not None:
            self._list = key
            self._bar.set_list(key, ())
            classes = history.started.target_classes
            self._lister.start(partial(_list, self._pictures, store, classes, self._figures, key))

    def _show_list(self, found: tuple[str, IntArray, list[Thumb]]) -> None:
        key, places, thumbs = found
        if key == self._list:
            self._places = places
            self._bar.set_list(key, thumbs)
            if places.size:
                self.picked.emit(int(places[0]))

    def _fail_list(self, why: str) -> None:
        self.leave()
        self._bar.set_note(f"The images cannot be listed: {why}")


def _state_words(history: RunHistory, network: Network) -> str:
    saved = saved_of(history, network.level, network.stage)
    if saved is None:
        return "the saved state"
    return f"{saved_name(history, saved)}, {level_words(history.phases[saved.phase].info)}"


def _read(store: RunStore, history: RunHistory, network: Network) -> ClassFigures | None:
    found = read_kept(store, history, network.level, network.stage)
    num = len(history.started.target_classes) if history.started is not None else 0
    return None if found is None else class_figures(found, num)


def _list(
    pictures: Pictures, store: RunStore, classes: tuple[str, ...], figures: ClassFigures, key: str
) -> tuple[str, IntArray, list[Thumb]]:
    images = pictures.of(store, classes)
    rows = figures.gained if key == "gained" else figures.lost
    predictions = figures.predictions
    places = places_of(images, "test", predictions.ids_N[rows])
    order = np.argsort(places, kind="stable")
    rows, places = rows[order], places[order]
    pixels, good = images.pictures("test", [int(place) for place in places[:_MOST_LISTED]])
    plain, prompted = predictions.view("plain").best_N, predictions.view("prompted").best_N
    thumbs = []
    for picture, at in zip(pixels, good.tolist(), strict=True):
        row, place = int(rows[at]), int(places[at])
        one, two = classes[int(plain[row])], classes[int(prompted[row])]
        tip = f"Test image {place + 1:,}, class {classes[int(predictions.labels_N[row])]}: {one} without, {two} with the prompt"
        thumbs.append(Thumb(place, shrunk(picture, _THUMB_PX), (f"{one} → {two}",), tip))
    return key, places, thumbs
