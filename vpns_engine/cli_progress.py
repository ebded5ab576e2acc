"""A run in a terminal: one line that moves where there is a terminal, plain lines where there is none."""

import shutil
import time
from collections.abc import Callable
from typing import TextIO

from vpns_engine.events import (
    EpochEnded,
    Event,
    LabelsMapped,
    Message,
    Paused,
    PhaseStarted,
    Preparing,
    Resumed,
    RunEnded,
    RunStarted,
)
from vpns_engine.history import PhaseHistory, RunHistory
from vpns_engine.saved_states import level_words
from vpns_engine.specs.phase import PHASE_LABELS
from vpns_engine.words import duration, percent, printable, sparsity_of

_SECONDS_BETWEEN = 0.1
_SHORTEST_BAR, _LONGEST_BAR = 5, 30


class Progress:
    """Takes a run's events and shows how far it is."""

    def __init__(self, out: TextIO, *, moving: bool | None = None, clock: Callable[[], float] = time.time) -> None:
        self.history = RunHistory()
        self._out = out
        self._moving = out.isatty() if moving is None else moving
        self._clock = clock
        self._drawn = 0.0
        self._width = 0
        self._prepared = ""

    def __call__(self, event: Event) -> None:
        """Take one event in."""
        self.history.apply(event)
        line = self._line(event)
        if line or isinstance(event, RunEnded):
            self._say(line or "")
        if self._moving and not isinstance(event, RunEnded):
            self._draw(now=line is not None)

    def begin_anew(self) -> None:
        """Forget the events: others come in their place."""
        self.history = RunHistory()

    def end(self) -> None:
        """Leave the moving line, where a run ends without saying so."""
        self._say("")

    def _line(self, event: Event) -> str | None:
        """Give the line an event leaves behind; None where it only moves the bar."""
        match event:
            case RunStarted():
                return _started_line(event)
            case PhaseStarted():
                phase = self.history.phases[event.phase].info
                return f"{PHASE_LABELS[phase.kind]}, {level_words(phase)}" if phase.epochs else None
            case LabelsMapped():
                return self._mapped_line(event)
            case EpochEnded():
                return self._epoch_line(event)
            case Message():
                return event.text if event.severity == "info" else f"{event.severity}: {event.text}"
            case Paused() | Resumed():
                return event.text
            case Preparing() if not self._moving and event.text != self._prepared:
                self._prepared = event.text
                return event.text
        return None

    def _mapped_line(self, event: LabelsMapped) -> str | None:
        started = self.history.started
        if started is None or event.epoch:  # found anew at each epoch: the tables tell the last one
            return None
        names = zip(started.target_classes, event.sources, strict=False)
        shown = [f"{target}->{started.source_classes[source]}" for target, source in names]
        return printable("Labels mapped: " + "  ".join(shown[:20]) + ("  ..." if len(shown) > 20 else ""))

    def _epoch_line(self, event: EpochEnded) -> str:
        phase = self.history.phases[event.phase].info
        return f"  epoch {event.epoch}/{phase.epochs}  " + _measures(event)

    def _say(self, line: str) -> None:
        if self._width:
            self._out.write("\r" + " " * self._width + "\r")
            self._width = 0
        if line:
            self._out.write(line + "\n")
        self._out.flush()

    def _draw(self, *, now: bool) -> None:
        clock = self._clock()
        if not now and clock - self._drawn < _SECONDS_BETWEEN:
            return
        self._drawn = clock
        room = max(20, shutil.get_terminal_size().columns - 1)
        line = printable(self._status(clock, room))[:room]
        self._out.write("\r" + line.ljust(min(self._width, room)))
        self._out.flush()
        self._width = len(line)

    def _status(self, now: float, room: int) -> str:
        history = self.history
        preparing = history.preparing
        if history.paused is not None:
            return history.paused.text
        if history.current is None or preparing is not None:
            share = f" {percent(preparing.done, 0)}" if preparing and preparing.done is not None else ""
            return f"{preparing.text if preparing else 'Preparing'}{share}"
        phase_left, run_left = history.seconds_left(now)
        left = f"phase {duration(phase_left)}, run {duration(run_left)} left"
        words = f"{history.done * 100:3.0f} %  {_where(history.phases[history.current])}  {left}"
        width = max(_SHORTEST_BAR, min(_LONGEST_BAR, room - len(words) - 3))
        return f"[{'#' * int(history.done * width):-<{width}}] {words}"


def _where(phase: PhaseHistory) -> str:
    label = f"{PHASE_LABELS[phase.info.kind]} {'dense' if phase.info.is_dense else sparsity_of(phase.info.density)}"
    step = phase.last_step
    if not phase.info.epochs or step is None:
        return label
    accuracy = f"  batch accuracy {percent(step.accuracies[-1], 0):>5}" if step.accuracies else ""
    return f"{label} {step.epoch:>{len(str(phase.info.epochs))}}/{phase.info.epochs}{accuracy}"


def _measures(event: EpochEnded) -> str:
    measures = (
        ("loss", None if event.loss is None else f"{event.loss:.3f}"),
        ("train", None if event.train_accuracy is None else percent(event.train_accuracy)),
        ("validation", None if event.val_accuracy is None else percent(event.val_accuracy)),
        ("with prompt", None if event.val_accuracy_prompted is None else percent(event.val_accuracy_prompted)),
    )
    return "  ".join(f"{name} {value}" for name, value in measures if value is not None)


def _started_line(event: RunStarted) -> str:
    images = f"{event.num_train} training, {event.num_validation} validation, {event.num_test} test images"
    weights = sum(layer.numel for layer in event.layers)
    threads = f"{event.threads} thread{'s' if event.threads != 1 else ''}"
    return f"{images}; {weights:,} scored weights; {event.num_prompt_values:,} prompt values; {event.device}, {threads}"
