"""The images beside the prompt: which one is looked at, with which network and prompt."""

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from vpns_engine.events import Event, LevelSaved, RunStarted, Tested
from vpns_engine.history import RunHistory
from vpns_engine.image_folders import SUFFIXES
from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.changed_images import ChangedImages
from vpns_gui.controllers.image_reading import PARTS, SAMPLES, PromptFile, Shown, Wanted, look_at
from vpns_gui.controllers.looks import IntArray, Looks, Pictures, network_at
from vpns_gui.controllers.offers import Offer, at, prompts_of, still_there
from vpns_gui.models.on_image import step_to
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.on_images import OnImagesPanel

_NO_RUN = "Images with and without the prompt appear here, with what the network takes them for."
_ANY = -1


class OnImagesController(QObject):
    """Follows the moment; the latest request wins."""

    shown = Signal(object)
    """The image that is seen now (Shown)."""

    def __init__(self, session: Session, panel: OnImagesPanel, refresh: Refresh, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._panel = panel
        self._part, self._index, self._class = "test", 0, _ANY
        self._file: Path | None = None
        self._missing = ""
        self._labels: IntArray = np.empty(0, np.int64)
        self._offers: list[Offer] = []
        self._offers_of: object = None
        self._random = np.random.default_rng()
        self._looks, self._pictures = Looks(), Pictures()
        self._reader = Background(self)
        self._reader.done.connect(self._show)
        self._reader.failed.connect(self._fail)
        self.changed = ChangedImages(session, panel.changes, self)
        self.changed.picked.connect(self.show_test_image)
        self._mark = refresh.add(panel, self._fill)
        session.run_changed.connect(self._change_run)
        session.moment_changed.connect(self._mark)
        session.told.connect(self._take)
        self._connect_panel()

    def _connect_panel(self) -> None:
        self._panel.set_endings(SUFFIXES)
        chooser = self._panel.chooser
        chooser.part_requested.connect(self._choose_part)
        chooser.number_requested.connect(self._go_to)
        chooser.step_requested.connect(self._step)
        chooser.random_requested.connect(self._go_anywhere)
        chooser.class_requested.connect(self._choose_class)
        chooser.open_requested.connect(self._choose_file)
        self._panel.file_dropped.connect(self.show_file)

    def show_test_image(self, index: int) -> None:
        """Look at an image of the test split, by its place in it."""
        self._part = "test"
        self._go_to(index)

    def show_file(self, path: Path) -> None:
        """Look at a picture of one's own."""
        self._file = path
        self._mark()

    def _change_run(self) -> None:
        self._reader.drop()
        self._part, self._index, self._class, self._file, self._missing = "test", 0, _ANY, None, ""
        self._labels = np.empty(0, np.int64)
        self._panel.set_classes((), ())
        self._panel.set_nothing(_NO_RUN)
        self._offer_parts()
        self._mark()

    def _take(self, told: Event) -> None:
        if isinstance(told, RunStarted):
            self._offer_parts()
        if isinstance(told, RunStarted | LevelSaved | Tested):
            self._mark()

    def _offer_parts(self) -> None:
        started = self._session.history.started if self._session.history is not None else None
        if started is None:
            return
        there = {
            "test": started.num_test,
            "validation": started.num_validation,
            "train": started.num_train,
            SAMPLES: bool(started.samples_path),
        }
        self._panel.set_classes([(key, PARTS[key]) for key, num in there.items() if num], started.target_classes)
        self._part = next((key for key, num in there.items() if num), "test")

    def _fill(self) -> None:
        history, store = self._session.history, self._session.store
        if history is None or store is None or history.started is None:
            self._panel.set_nothing(_NO_RUN)
            self.changed.follow(None)
            return
        network = network_at(store, history, self._session.moment)
        self.changed.follow(network)
        wanted = Wanted(store, history.started, network, self._prompt(store, history), self._part, self._index, self._file)
        self._reader.start(partial(look_at, self._looks, self._pictures, wanted))

    def _prompt(self, store: RunStore, history: RunHistory) -> PromptFile | None:
        if not store.config.uses_prompt:
            return None
        known = (store.folder, self._session.level, history.last_seq)
        if known != self._offers_of:  # the same for every moment that is played through
            self._offers_of = known
            self._offers = still_there(prompts_of(history, self._session.level), store.folder)
        found = at(self._offers, self._session.moment)
        if found is None:
            return None
        offer = self._offers[found]
        return PromptFile(store.path(offer.path), "prompt/" if offer.has_state else "", offer.label)

    def _show(self, shown: Shown) -> None:
        wanted = shown.wanted
        if wanted.file is None:
            self._labels = shown.labels_N
            self._panel.chooser.set_place(wanted.part, wanted.index, len(shown.labels_N))
        missing = self._missing if wanted.file is None and wanted.part == SAMPLES else ""
        self._panel.set_image(shown.seen, f"{missing} {shown.words}".strip())
        self.changed.look_at(wanted.index if wanted.file is None and wanted.part == "test" else None)
        self.shown.emit(shown)

    def _fail(self, why: str) -> None:
        chooser = self._panel.chooser
        if self._file is None and self._part != SAMPLES and not self._labels.size and chooser.has_part(SAMPLES):
            self._missing = f"The data set cannot be read: {why}"
            self._choose_part(SAMPLES)  # the run keeps a few, whatever became of the rest
            return
        self._panel.set_nothing(f"This image cannot be shown: {why}")
        chooser.set_place(self._part, self._index, max(self._index + 1, len(self._labels)))

    def _go_to(self, index: int) -> None:
        self._index, self._file = index, None
        self._mark()

    def _choose_part(self, part: str) -> None:
        self._part, self._labels = part, np.empty(0, np.int64)
        self.changed.leave()
        self._go_to(0)

    def _choose_class(self, index: int) -> None:
        self._class = index
        self.changed.leave()
        ours = self._ours()
        if ours.size and self._index not in ours:
            self._go_to(int(ours[0]))

    def _ours(self) -> IntArray:
        """Give the images to step through: those of the list, of the class, or all."""
        listed = self.changed.listed
        if self._part == "test" and listed.size:
            return listed
        if self._class == _ANY:
            return np.arange(len(self._labels))
        return np.flatnonzero(self._labels == self._class).astype(np.int64, copy=False)

    def _step(self, by: int) -> None:
        ours = self._ours()
        if ours.size:
            self._go_to(step_to(ours, self._index, by))

    def _go_anywhere(self) -> None:
        others = self._ours()
        others = others[others != self._index]
        if others.size:
            self._go_to(int(self._random.choice(others)))

    def _choose_file(self) -> None:
        dialog = QFileDialog(self._panel, "Open a picture")
        dialog.setObjectName("openPictureDialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(f"Pictures ({' '.join(f'*{ending}' for ending in sorted(SUFFIXES))})")
        dialog.fileSelected.connect(lambda path: self.show_file(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
