"""The prompt view: which prompts there are, and the one that is asked for, read beside the window."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from vpns_engine.artifacts import read_arrays
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, Event, LevelSaved, RunStarted
from vpns_engine.history import RunHistory
from vpns_engine.store import RunStore
from vpns_gui.background import Background
from vpns_gui.controllers.offers import Offer, prompts_of, region_text, still_there
from vpns_gui.notices import Notices
from vpns_gui.refresh import Refresh
from vpns_gui.session import Session
from vpns_gui.views.prompt import PromptView

_SAVED = ", saved"


class PromptController(QObject):
    """Offers the prompts of the level that is looked at; the latest request wins."""

    def __init__(self, session: Session, view: PromptView, refresh: Refresh, notices: Notices, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._offers: list[Offer] = []
        self._prompts = Background(self)
        self._samples = Background(self)
        self._mark = refresh.add(view, self._offer)
        session.run_changed.connect(self._change_run)
        session.level_changed.connect(self._change_level)
        session.told.connect(self._take)
        view.prompt_requested.connect(self._read_prompt)
        self._prompts.done.connect(self._show_prompt)
        self._samples.done.connect(self._show_samples)
        for reader in (self._prompts, self._samples):
            reader.failed.connect(partial(notices.say, severity="warning"))

    def _change_run(self) -> None:
        self._samples.drop()
        self._view.set_samples(None, ())
        self._change_level()
        self._read_samples()

    def _change_level(self) -> None:
        self._prompts.drop()
        self._offers = []
        self._view.set_prompts(())
        self._mark()

    def _take(self, told: Event) -> None:
        if isinstance(told, RunStarted):
            self._read_samples()
            self._mark()
        elif isinstance(told, EpochEnded | LevelSaved):
            self._mark()

    def _offer(self) -> None:
        history, store = self._session.history, self._session.store
        if history is None or store is None:
            self._view.set_prompts(())
        elif not store.config.uses_prompt:
            self._view.set_no_prompt()
        else:
            told = prompts_of(history, self._session.level)
            self._offers = still_there(told, store.folder)
            saved = saved_prompt(history, self._session.level, self._offers)
            # named as in the mask view
            labels = [offer.label.removesuffix(" (chosen)").removesuffix(_SAVED) for offer in self._offers]
            if saved is not None:
                labels[saved] += _SAVED
            self._view.set_prompts(labels, saved)
            if told and not labels:
                self._view.set_not_kept()

    def _read_prompt(self, index: int) -> None:
        store = self._session.store
        if store is not None and 0 <= index < len(self._offers):
            self._prompts.start(partial(_prompt, store, self._offers[index]))

    def _show_prompt(self, arrays: dict[str, Any]) -> None:
        store = self._session.store
        if store is not None:
            region = region_text(store.config.effective_prompt, store.config.data.image_size)
            self._view.set_prompt(arrays["delta"], arrays["added"], region)

    def _read_samples(self) -> None:
        history, store = self._session.history, self._session.store
        if store is not None and history is not None and history.started is not None and history.started.samples_path:
            self._samples.start(partial(_samples, store, history.started))

    def _show_samples(self, found: tuple[Any, list[str]]) -> None:
        images, names = found
        self._view.set_samples(images, names)


def saved_prompt(history: RunHistory, level: int, offers: Sequence[Offer]) -> int | None:
    """Find the prompt of the level's last saved state, which is tested and exported; None while a later phase goes on."""
    saved = history.levels[level].saved if level in history.levels else []
    begun = [index for index, phase in enumerate(history.phases) if phase.info.level == level and phase.epochs]
    if not saved or any(index > saved[-1].phase for index in begun):
        return None
    places = {offer.path: index for index, offer in enumerate(offers)}
    for state in reversed(saved):
        if state.state_path in places:  # its own prompt was not kept beside it
            return places[state.state_path]
        found = [e.prompt_path for e in history.phases[state.phase].epochs if e.epoch == state.epoch]
        if found and found[-1] in places:
            return places[found[-1]]
        if state.epoch > 0:
            break
        # the state before the first epoch of a phase is the one that the phase before it saved
    return None


def _prompt(store: RunStore, offer: Offer) -> dict[str, Any]:
    prefix = "prompt/" if offer.has_state else ""
    found = read_arrays(store.path(offer.path), (f"{prefix}delta", f"{prefix}added"))
    arrays = {name.removeprefix(prefix): array for name, array in found.items()}
    side = store.config.prompt.canvas
    if any(array.shape != (3, side, side) for array in arrays.values()):
        raise EngineError(f"{offer.path} holds no prompt of {side} x {side} px")
    return arrays


def _samples(store: RunStore, started: RunStarted) -> tuple[Any, list[str]]:
    arrays = read_arrays(store.path(started.samples_path), ("images", "labels"))
    images, labels = arrays["images"], arrays["labels"]
    if images.ndim != 4 or images.shape[1] != 3 or labels.shape != images.shape[:1]:
        raise EngineError(f"{started.samples_path} holds no example images")
    classes = started.target_classes
    return images, [classes[int(label)] if 0 <= label < len(classes) else "?" for label in labels]
