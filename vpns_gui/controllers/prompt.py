"""The prompt of the moment that is looked at, read and measured beside the window, a few epochs ahead."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject

from vpns_engine.artifacts import FloatArray, read_arrays
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, Event, LevelSaved, RunStarted
from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.offers import Offer, at, prompts_of, region_text, still_there
from vpns_gui.notices import Notices
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.prompt import PromptView
from vpns_gui.views.prompt_analysis import ShownPrompt, ready

_MOST_KEPT_BYTES = 96 * 2**20
_AHEAD = 4
"""Prompts read before they are asked for."""

Images = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class _Read:
    offer: Offer
    shown: ShownPrompt


class PromptController(QObject):
    """Follows the moment; the latest request wins, and what was read stays at hand."""

    def __init__(self, session: Session, view: PromptView, refresh: Refresh, notices: Notices, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._offers: list[Offer] = []
        self._examples: Images | None = None
        self._known: OrderedDict[Offer, ShownPrompt] = OrderedDict()
        self._due: int | None = None
        self._step = 1
        self._next: Offer | None = None
        self._unreadable: set[Offer] = set()
        self._reader, self._ahead, self._samples = Background(self), Background(self), Background(self)
        self._mark = refresh.add(view, self._offer)
        session.run_changed.connect(self._change_run)
        session.level_changed.connect(self._change_level)
        session.moment_changed.connect(self._follow)
        session.told.connect(self._take)
        self._reader.done.connect(self._show)
        self._ahead.done.connect(self._take_next)
        self._ahead.failed.connect(self._skip_next)
        self._samples.done.connect(self._take_samples)
        for reader in (self._reader, self._samples):
            reader.failed.connect(partial(notices.say, severity="warning"))

    def _change_run(self) -> None:
        self._samples.drop()
        self._examples = None
        self._change_level()
        self._read_samples()

    def _change_level(self) -> None:
        self._forget()
        self._offers = []
        self._view.set_prompt(None)
        self._mark()

    def _forget(self) -> None:
        for reader in (self._reader, self._ahead):
            reader.drop()
        self._known.clear()
        self._unreadable.clear()
        self._due = self._next = None

    def _take(self, told: Event) -> None:
        if isinstance(told, RunStarted):
            self._read_samples()
            self._mark()
        elif isinstance(told, EpochEnded | LevelSaved):
            self._mark()

    def _follow(self) -> None:
        if self._view.isVisible() and self._offers:
            self._show_due()
        else:
            self._mark()

    def _offer(self) -> None:
        history, store = self._session.history, self._session.store
        if history is None or store is None:
            self._view.set_prompt(None)
        elif not store.config.uses_prompt:
            self._view.set_no_prompt()
        else:
            told = prompts_of(history, self._session.level)
            self._offers = still_there(told, store.folder)
            if told and not self._offers:
                self._view.set_not_kept()
            elif self._offers:
                self._show_due()

    def _show_due(self) -> None:
        before, self._due = self._due, at(self._offers, self._session.moment)
        if self._due is None:
            self._reader.drop()
            self._view.set_not_here()
            return
        if before is not None and before != self._due:
            self._step = 1 if self._due > before else -1
        offer = self._offers[self._due]
        if offer in self._known:
            self._reader.drop()
            self._known.move_to_end(offer)
            self._view.set_prompt(self._known[offer])
            self._read_ahead()
        elif offer != self._next or not self._ahead.busy:
            self._reader.start(partial(self._reading(), offer))

    def _reading(self) -> Any:  # noqa: ANN401 - a function of an offer
        assert self._session.store is not None
        return partial(_read, self._session.store, self._examples)

    def _show(self, read: _Read) -> None:
        self._keep(read)
        if self._is_due(read.offer):
            self._view.set_prompt(read.shown)
            self._read_ahead()

    def _is_due(self, offer: Offer) -> bool:
        return self._due is not None and self._due < len(self._offers) and self._offers[self._due] == offer

    def _keep(self, read: _Read) -> None:
        self._known[read.offer] = read.shown
        self._known.move_to_end(read.offer)
        while len(self._known) > 1 and sum(shown.num_bytes for shown in self._known.values()) > _MOST_KEPT_BYTES:
            self._known.popitem(last=False)

    def _read_ahead(self) -> None:
        """Read what comes next in the direction in which the person goes."""
        if self._due is None or self._ahead.busy:
            return
        places = range(self._due + self._step, self._due + self._step * (_AHEAD + 1), self._step)
        wanted = [self._offers[place] for place in places if 0 <= place < len(self._offers)]
        new = [offer for offer in wanted if offer not in self._known and offer not in self._unreadable]
        if new:
            self._next = new[0]
            self._ahead.start(partial(self._reading(), new[0]))

    def _take_next(self, read: _Read) -> None:
        self._next = None
        self._keep(read)
        if self._is_due(read.offer):
            self._view.set_prompt(read.shown)
        self._read_ahead()

    def _skip_next(self) -> None:
        """Leave it until it is due: then its reader says why it cannot be read."""
        failed, self._next = self._next, None
        if failed is not None:
            self._unreadable.add(failed)
            if self._is_due(failed):
                self._reader.start(partial(self._reading(), failed))
        self._read_ahead()

    def _read_samples(self) -> None:
        history, store = self._session.history, self._session.store
        if store is not None and history is not None and history.started is not None and history.started.samples_path:
            self._samples.start(partial(_samples, store, history.started))

    def _take_samples(self, images: Images) -> None:
        self._examples = images
        self._forget()
        self._mark()


def read_prompt(store: RunStore, offer: Offer) -> tuple[FloatArray, FloatArray]:
    """Read what was learned and what is added, both (3, C, C), of an epoch or a saved state.

    Raises:
        EngineError: the file is gone or damaged, or holds no prompt of this run's canvas.
    """
    prefix = "prompt/" if offer.has_state else ""
    found = read_arrays(store.path(offer.path), (f"{prefix}delta", f"{prefix}added"))
    delta, added = found[f"{prefix}delta"], found[f"{prefix}added"]
    side = store.config.prompt.canvas
    if any(array.shape != (3, side, side) or array.dtype.kind != "f" for array in (delta, added)):
        raise EngineError(f"{offer.path} holds no prompt of {side} x {side} px")
    if not (np.isfinite(delta).all() and np.isfinite(added).all()):
        raise EngineError(f"{offer.path} holds values that are no numbers")
    return delta, added


def _read(store: RunStore, examples: Images | None, offer: Offer) -> _Read:
    delta, added = read_prompt(store, offer)
    prompt = store.config.effective_prompt
    region = f"{offer.label}: {region_text(prompt, store.config.data.image_size)}"
    return _Read(offer, ready(delta, added, region=region, formula=prompt.formula, examples_N3SS=examples))


def _samples(store: RunStore, started: RunStarted) -> Images:
    images: Images = read_arrays(store.path(started.samples_path), ("images",))["images"]
    if images.ndim != 4 or images.shape[1] != 3 or images.shape[2] != images.shape[3] or images.dtype != np.uint8:
        raise EngineError(f"{started.samples_path} holds no example images")
    return images
