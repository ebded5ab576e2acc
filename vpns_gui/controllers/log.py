"""The log: what a run says in words, live or read again, and what the window itself has to say."""

import time

from PySide6.QtCore import QObject

from vpns_engine.events import (
    EpochEnded,
    Event,
    LabelsMapped,
    LevelSaved,
    Message,
    Paused,
    PhaseStarted,
    Preparing,
    Resumed,
    RunEnded,
    RunStarted,
    Tested,
)
from vpns_engine.history import RunHistory
from vpns_engine.saved_states import DENSE_LABELS, level_words, saved_name
from vpns_engine.specs.phase import DENSE, PHASE_LABELS, PhaseKind
from vpns_engine.words import percent
from vpns_gui.notices import Notice, Notices, Severity
from vpns_gui.session import Session
from vpns_gui.views.log import LogView

_STAGES: dict[PhaseKind, str] = {"search": "mask now, untuned", "finetune": "tuned"}


class LogController(QObject):
    """Writes lines; a run that is opened brings its messages along."""

    def __init__(self, session: Session, notices: Notices, view: LogView, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._view = view
        self._last_preparing = ""
        session.run_changed.connect(self._change_run)
        session.told.connect(self._take)
        notices.posted.connect(self._post)

    def _change_run(self) -> None:
        self._last_preparing = ""
        self._view.clear()
        store, history = self._session.store, self._session.history
        if store is None or history is None:
            return
        self._view.append(f"Run folder: {store.folder}", "info")
        for told in known_events(history):
            self._write(told, history)

    def _take(self, told: Event) -> None:
        history = self._session.history
        if history is None or (isinstance(told, Preparing) and told.text == self._last_preparing):
            return
        if isinstance(told, Preparing):
            self._last_preparing = told.text
        self._write(told, history)

    def _write(self, told: Event, history: RunHistory) -> None:
        line = line_of(told, history)
        if line:
            self._view.append(line, severity_of(told), told.time)

    def _post(self, notice: Notice) -> None:
        self._view.append(notice.text, notice.severity, time.time())


def known_events(history: RunHistory) -> list[Event]:
    """Give the events that a history holds and the log speaks of, in order."""
    found: list[Event] = [*history.messages, *history.resumed]
    found += [told for told in (history.started, history.ended) if told is not None]
    found += [epoch for phase in history.phases for epoch in phase.epochs[:1] if epoch.epoch == 0]
    found += [phase.begun for phase in history.phases if phase.begun is not None]
    levels = [*history.levels.values(), *([history.dense] if history.dense is not None else [])]
    found += [level.mapped for level in levels if level.mapped is not None]
    for level in levels:
        found += [*level.saved, *level.tested]
    return sorted(found, key=lambda told: told.seq)


def severity_of(told: Event) -> Severity:
    """Give the severity of an event's line."""
    match told:
        case Message():
            return told.severity
        case RunEnded(status="failed"):
            return "error"
        case _:
            return "info"


def line_of(told: Event, history: RunHistory) -> str:
    """Say an event in words; empty for what the curves show."""
    match told:
        case RunStarted():
            return _start_line(told)
        case PhaseStarted():
            info = history.phases[told.phase].info
            place = level_words(info)
            return "" if info.kind == "rewind" else f"{place[0].upper()}{place[1:]}: {PHASE_LABELS[info.kind].lower()}"
        case LabelsMapped():
            return f"Label mapping{f' of epoch {told.epoch}' if told.epoch else ''}: {_mapping(told, history)}"
        case EpochEnded(epoch=0):
            return f"Before the first epoch: validation accuracy {percent(told.val_accuracy)} without prompt"
        case LevelSaved():
            return f"Saved: {saved_name(history, told)}"
        case Tested():
            with_prompt = f", {percent(told.accuracy_prompted)} with prompt" if told.accuracy_prompted is not None else ""
            stage = DENSE_LABELS[told.stage].lower() if told.level == DENSE else _STAGES.get(told.stage, told.stage)
            return f"Test accuracy, {stage}: {percent(told.accuracy)} without prompt{with_prompt}"
        case Preparing() | Message() | Paused() | Resumed():
            return told.text
        case RunEnded():
            return f"Run {told.status}" + (f": {told.text}" if told.text else "")
        case _:
            return ""


def _start_line(told: RunStarted) -> str:
    weights = sum(layer.numel for layer in told.layers)
    threads = f", {told.threads} thread{'s' * (told.threads != 1)}" if told.device == "cpu" else ""
    return (
        f"{told.num_train:,} training, {told.num_validation:,} validation and {told.num_test:,} test images, "
        f"{len(told.target_classes)} classes; {weights:,} scored weights in {len(told.layers)} layers, "
        f"{told.num_prompt_values:,} prompt values; device {told.device}{threads}"
    )


def _mapping(told: LabelsMapped, history: RunHistory) -> str:
    assert history.started is not None
    targets, sources = history.started.target_classes, history.started.source_classes
    pairs = [f"{target} → {sources[source]}" for target, source in zip(targets, told.sources, strict=False)]
    shown = ", ".join(pairs[:12])
    return shown + (f", … ({len(pairs)} in all)" if len(pairs) > 12 else "")
