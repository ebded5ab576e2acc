"""Sweeps: what several values of the form's settings amount to, run by run, before they are put in the queue."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from vpns_engine.levels import TO_DO, run_digest, states_of
from vpns_engine.specs.problems import Problem
from vpns_engine.specs.run import RunConfig
from vpns_engine.specs.sweep import Choice, Combination, listed, product
from vpns_gui.background import Background
from vpns_gui.controllers.queue import QueueController
from vpns_gui.dialogs.axis_row import Setting
from vpns_gui.dialogs.sweep import Axis, SweepDialog, SweepRow, titled
from vpns_gui.forms.choices import Choices
from vpns_gui.forms.draft import Draft
from vpns_gui.forms.editors import read_number, read_whole, write_number
from vpns_gui.forms.fields import FormField, form_fields
from vpns_gui.forms.lists import SEED, first_of
from vpns_gui.forms.offered import entries_of
from vpns_gui.forms.percents import read_percents, write_percents
from vpns_gui.forms.setup_panel import SetupPanel
from vpns_gui.forms.verdict import config_of

AFTER_MS = 150
_METHOD = "method"
_NOT_SWEPT = frozenset(("name", "start_from"))
_HINTS = {"whole": "8, 16", "number": "0.001, 0.01", "percents": "80, 90, 95", "text": "one; another", "path": "one; another"}


@dataclass(frozen=True)
class _Made:
    """The runs of some axes."""

    axes: Mapping[str, Sequence[Any]]
    runs: tuple[Combination, ...]


class SweepController(QObject):
    """Opens the dialog with what stands in the form, and fills it as its values change."""

    def __init__(self, queue: QueueController, panel: SetupPanel, runs: Path, window: QWidget) -> None:
        super().__init__(window)
        self._queue = queue
        self._panel = panel
        self._runs = runs
        self._window = window
        self._dialog: SweepDialog | None = None
        self._settings = tuple(_settings())
        self._made = _Made({}, ())
        self._maker, self._looker = Background(self), Background(self)
        self._maker.done.connect(self._show)
        self._maker.failed.connect(self._fail)
        self._looker.done.connect(self._show_states)
        self._looker.busy_changed.connect(self._show_busy)
        self._soon = QTimer(self, singleShot=True, interval=AFTER_MS)
        self._soon.timeout.connect(self._make)

    def set_runs(self, runs: Path) -> None:
        """Runs are kept in another folder from now on."""
        self._runs = runs

    def open(self) -> None:
        """Open the dialog; the lists in the form, several seeds and the control arm stand in it already."""
        if self._dialog is not None:
            self._dialog.raise_()
            return
        self._settings = tuple(_settings())  # a prompt of one's own may have come
        dialog = self._dialog = SweepDialog(self._settings, list(_first_axes(self._panel)), self._window)
        dialog.axes_changed.connect(lambda _axes: self._soon.start())
        dialog.queue_requested.connect(self._add)
        dialog.finished.connect(self._close)
        dialog.open()
        self._make()

    def _close(self) -> None:
        dialog, self._dialog = self._dialog, None
        self._soon.stop()
        self._maker.drop()
        self._looker.drop()
        if dialog is not None:
            dialog.deleteLater()

    def _make(self) -> None:
        if self._dialog is None:
            return
        axes = axes_of(self._dialog.axes)
        state, lists = self._panel.state, self._panel.lists
        base = first_of(state.draft, lists)
        seed = base.values[SEED]
        if isinstance(seed, str) and SEED not in axes:  # several seeds in the form are an axis that was removed
            seeds = listed(seed)
            base = replace(base, values={**base.values, SEED: read_whole(seeds[0])}) if seeds else base
        make = partial(config_with, base, self._panel.choices)
        self._looker.drop()
        self._maker.start(lambda: _Made(axes, product(axes, make, run_digest)))

    def _fail(self, why: str) -> None:
        if self._dialog is not None:
            self._made = _Made({}, ())
            self._dialog.set_problem(why[:1].upper() + why[1:])

    def _show(self, made: _Made) -> None:
        if self._dialog is None:
            return
        self._made = made
        self._dialog.clear_problem()
        self._dialog.set_rows(self._titles(), rows_of(made.runs, ()))
        configs = [run.config for run in made.runs if run.wanted and run.config is not None]
        runs = self._runs
        self._looker.start(lambda: (made, tuple(states_of(configs, runs))))

    def _show_states(self, found: tuple[_Made, tuple[str, ...]]) -> None:
        made, states = found
        if self._dialog is not None and made is self._made:
            self._dialog.set_rows(self._titles(), rows_of(made.runs, states))

    def _show_busy(self, busy: bool) -> None:
        if self._dialog is not None:
            self._dialog.set_busy(busy)

    def _titles(self) -> list[str]:
        labels = titled(self._settings)
        return [labels[location] for location in self._made.axes]

    def _add(self, numbers: Sequence[int]) -> None:
        configs = [config for number in numbers if (config := self._made.runs[number].config) is not None]
        self._queue.add(configs)


def _settings() -> Iterator[Setting]:
    """Describe every setting that can take several values, as the form names it."""
    for location, field in form_fields().items():
        if location not in _NOT_SWEPT:
            label = f"{field.group}: {field.label}" if field.location.startswith("optim.") else field.label
            yield Setting(location, label, field.unit, _HINTS.get(field.kind, ""), _choices(field))


def _choices(field: FormField) -> tuple[tuple[str, str], ...]:
    if field.kind == "check":
        return (("true", "On"), ("false", "Off"))
    if field.kind == "pick":
        return tuple((entry.value, entry.text) for entry in entries_of(field) if not entry.off)
    return tuple((value, words) for value, words in field.words.items() if value != "unknown")


def _first_axes(panel: SetupPanel) -> Iterator[Axis]:
    """Give the axes that stand in the form."""
    state = panel.state
    method = str(state.draft.values[_METHOD])
    if state.control and method != "control":
        yield _METHOD, (method, "control")
    for location, values in panel.lists.items():
        yield location, ", ".join(_written(form_fields()[location], value) for value in values)
    yield SEED, str(state.draft.values[SEED])


def axes_of(axes: Sequence[Axis]) -> dict[str, tuple[Any, ...]]:
    """Read the values of each axis; one without any, or a second one of the same setting, is left out."""
    found: dict[str, tuple[Any, ...]] = {}
    for location, values in axes:
        read = _read(form_fields()[location], values)
        if read and location not in found:
            found[location] = read
    return {place: found[place] for place in sorted(found, key=lambda place: place != SEED)}  # seed by seed


def _read(field: FormField, values: str | tuple[str, ...]) -> tuple[Any, ...]:
    """Read values as the form's editor for the field would; each counts once."""
    if isinstance(values, tuple):
        return tuple(value == "true" for value in values) if field.kind == "check" else values
    match field.kind:
        case "whole":
            read: Sequence[Any] = [read_whole(part) for part in listed(values)]
        case "number":
            read = [read_number(part) for part in listed(values)]
        case "percents":
            read = [(share,) for share in read_percents(values)]
        case _:
            read = [part.strip() for part in values.split(";") if part.strip()]
    return tuple(dict.fromkeys(read))


def config_with(base: Draft, choices: Choices, choice: Choice) -> RunConfig | tuple[Problem, ...]:
    """Give the configuration of the form with some values put in, with what is suggested to go with them."""
    draft = base
    for location, value in choice.items():
        draft = draft.put(location, value)
    result = config_of(draft)
    return (choices.problems(result) or result) if isinstance(result, RunConfig) else result


def rows_of(runs: Sequence[Combination], states: Sequence[str]) -> list[SweepRow]:
    """Say each run; `states` are how those stand that can be, none while that is not known."""
    left = iter(states)
    return [_row(run, next(left, "") if run.wanted else "") for run in runs]


def _row(run: Combination, state: str) -> SweepRow:
    cells = tuple(_written(form_fields()[location], value) for location, value in run.choice.items())
    if not run.wanted:
        reason = run.reason[:1].upper() + run.reason[1:]
        return SweepRow(cells, reason, "danger" if run.problems else "muted", possible=False, wanted=False)
    done = state.startswith("done already")
    tone = "good" if done else "text" if state == TO_DO else "warning"
    return SweepRow(cells, state[:1].upper() + state[1:], tone, wanted=not done)


def _written(field: FormField, value: object) -> str:
    if field.kind == "check":
        return "On" if value else "Off"
    if field.kind == "percents":
        return write_percents(value)
    return field.words.get(str(value), write_number(value))


