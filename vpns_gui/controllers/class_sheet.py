"""The contact sheet of the classes view: all wrong images, those of a class, or those of a cell of the matrix."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.looks import IntArray, Pictures, places_of, shrunk
from vpns_gui.models.class_figures import ClassFigures
from vpns_gui.models.thumbs import Thumb
from vpns_gui.session import Session
from vpns_gui.views.classes import ClassesView
from vpns_gui.views.confusion_drawing import Cell

PAGE = 48
_THUMB_PX = 144


@dataclass(frozen=True)
class _Page:
    thumbs: list[Thumb]
    places: dict[int, int]
    """Place in the test split of each image shown, by its row."""


class ClassSheet(QObject):
    """Loads a page at a time, beside the window; the latest request wins."""

    image_requested = Signal(int)
    """Show the test image of this place with the prompt."""

    def __init__(self, session: Session, view: ClassesView, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._figures: ClassFigures | None = None
        self._names: tuple[str, ...] = ()
        self._prompt = "plain"
        self._true: int | None = None
        self._predicted: int | None = None
        self._rows: IntArray = np.empty(0, np.int64)
        self._first = 0
        self._places: dict[int, int] = {}
        self._pictures = Pictures()
        self._reader = Background(self)
        self._reader.done.connect(self._take)
        self._reader.failed.connect(self._fail)
        view.confusion.matrix.picked.connect(self._choose_cell)
        view.accuracies.class_picked.connect(self._choose_class)
        view.sheet.all_requested.connect(self._choose_all)
        view.sheet.page_requested.connect(self._turn)
        view.sheet.picked.connect(self._tell)
        view.sheet.opened.connect(self._open)

    def clear(self) -> None:
        """Show nothing."""
        self._reader.drop()
        self._figures, self._true, self._predicted = None, None, None
        self._view.sheet.set_images("", (), 0, 0, PAGE)

    def show(self, figures: ClassFigures, names: tuple[str, ...], prompt: str) -> None:
        """Show what was chosen, of these predictions with the prompt or without."""
        self._figures, self._names, self._prompt = figures, names, prompt
        self._list()

    def _choose_cell(self, cell: Cell) -> None:
        self._true, self._predicted = cell
        self._list()

    def _choose_class(self, index: int) -> None:
        self._true, self._predicted = index, None
        self._list()

    def _choose_all(self) -> None:
        self._true = self._predicted = None
        self._view.confusion.matrix.set_mark(None)
        self._view.accuracies.clearSelection()
        self._list()

    def _list(self) -> None:
        figures = self._figures
        if figures is None:
            return
        if self._true is None:
            self._rows = figures.wrong[self._prompt]
        elif self._predicted is None:
            self._rows = figures.wrong_of(self._prompt, self._true)
        else:
            self._rows = figures.in_cell(self._prompt, self._true, self._predicted)
        self._first = 0
        self._load()

    def _turn(self, page: int) -> None:
        self._first = min(max(0, page * PAGE), max(0, len(self._rows) - 1)) // PAGE * PAGE
        self._load()

    @property
    def _title(self) -> str:
        count = f"{len(self._rows):,}"
        if self._true is None:
            return f"Wrong images, most confident first: {count}"
        true = self._names[self._true]
        if self._predicted is None:
            return f"Wrong images of {true}: {count}"
        what = "recognised" if self._true == self._predicted else f"taken for {self._names[self._predicted]}"
        return f"{true}, {what}: {count}"

    def _load(self) -> None:
        store = self._session.store
        rows = self._rows[self._first : self._first + PAGE]
        self._places = {}
        self._view.sheet.set_images(self._title, (), self._first, len(self._rows), PAGE, of_all=self._true is None)
        if not rows.size or store is None or self._figures is None:
            self._reader.drop()
            return
        self._view.sheet.set_empty("Reading the images …")
        self._reader.start(partial(_page, self._pictures, store, self._names, self._figures, self._prompt, rows))

    def _take(self, page: _Page) -> None:
        self._places = page.places
        self._view.sheet.set_images(self._title, page.thumbs, self._first, len(self._rows), PAGE, of_all=self._true is None)

    def _fail(self, why: str) -> None:
        self._view.sheet.set_empty(f"The images cannot be shown: {why}")

    def _tell(self, row: int) -> None:
        if self._figures is not None:
            can_open = self._figures.has_prompt and row in self._places
            self._view.sheet.set_words(_words(self._figures, self._names, row, self._places.get(row)), can_open=can_open)

    def _open(self, row: int) -> None:
        if row in self._places and self._figures is not None and self._figures.has_prompt:
            self.image_requested.emit(self._places[row])


def _page(
    pictures: Pictures,
    store: RunStore,
    names: tuple[str, ...],
    figures: ClassFigures,
    prompt: str,
    rows: IntArray,
) -> _Page:
    images = pictures.of(store, names)
    places = places_of(images, "test", figures.predictions.ids_N[rows])
    pixels, good = images.pictures("test", places.tolist())
    view, labels = figures.predictions.view(prompt), figures.predictions.labels_N
    thumbs = []
    by_row = dict(zip(rows.tolist(), places.tolist(), strict=True))
    for picture, row in zip(pixels, rows[good].tolist(), strict=True):
        taken, confidence = names[int(view.best_N[row])], f"{float(view.confidence_N[row]) * 100:.1f} %"
        lines = (names[int(labels[row])], f"→ {taken}", confidence)
        thumbs.append(Thumb(row, shrunk(picture, _THUMB_PX), lines, _words(figures, names, row, by_row[row])))
    return _Page(thumbs, by_row)


def _words(figures: ClassFigures, names: tuple[str, ...], row: int, place: int | None) -> str:
    """Say what an image is, and what it is taken for."""
    found = figures.predictions
    number = "" if place is None else f" {place + 1:,}"
    said = [f"Test image{number}, class {names[int(found.labels_N[row])]}."]
    for view, how in (("plain", "Without the prompt" if figures.has_prompt else "Taken for"), ("prompted", "With it")):
        if view in found.views:
            best = found.view(view)
            pairs = zip(best.classes_Nk[row][:3].tolist(), best.confidences_Nk[row][:3].tolist(), strict=True)
            said.append(f"{how}: " + ", ".join(f"{names[index]} {share * 100:.1f} %" for index, share in pairs) + ".")
    return " ".join(said)
