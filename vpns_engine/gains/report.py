"""The report on one state as it is read: what was measured, what was tested, and what both mean."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from vpns_engine.density import Density, densities_of
from vpns_engine.gains.accuracy import Accuracy, accuracy_of
from vpns_engine.gains.headlines import headlines_of
from vpns_engine.gains.machine import this_machine
from vpns_engine.gains.model import Gains
from vpns_engine.gains.page import Page
from vpns_engine.gains.sections import sections_of
from vpns_engine.gains.sentences import sayings_of
from vpns_engine.gains.states import State
from vpns_engine.history import RunHistory
from vpns_engine.store import RunStore
from vpns_engine.words import duration, percent, printable, size_text

_BUSY = 0.25
"""Share of the processors in use by others from which on timings are doubtful."""


@dataclass(frozen=True)
class GainsReport:
    """All there is to show of a state."""

    state: State
    gains: Gains | None
    accuracy: Accuracy
    page: Page


def report_of(store: RunStore, history: RunHistory, state: State, gains: Gains | None, *, damage: str = "") -> GainsReport:
    """Make the report; `damage` says why a kept measurement could not be read."""
    accuracy = accuracy_of(store, history, state)
    page = Page(
        title=printable(store.folder.name),
        state=state.label,
        measured=measured_words(gains) if gains else "",
        warnings=tuple(([damage] if damage else []) + list(_warnings(gains) if gains else ())),
        headlines=headlines_of(gains, accuracy, _density(store, history, state)),
        sayings=sayings_of(gains, accuracy),
        sections=sections_of(gains, accuracy),
    )
    return GainsReport(state, gains, accuracy, page)


def _density(store: RunStore, history: RunHistory, state: State) -> Density | None:
    """Count the mask of a state; None where its file is gone or damaged."""
    num_source = len(history.started.source_classes) if history.started is not None else 0
    return densities_of(store, [state.saved.state_path], num_source).get(state.saved.state_path)


def measured_words(gains: Gains) -> str:
    """Say when, where and how it was measured."""
    machine = gains.machine
    when = datetime.datetime.fromtimestamp(gains.measured_at).strftime("%Y-%m-%d %H:%M")
    memory = f", {size_text(machine.memory)} of memory" if machine.memory else ""
    gpu = f", {machine.gpu}" if machine.gpu else ", no GPU"
    versions = ", ".join(f"{name} {found}" for name, found in machine.versions.items() if name != "vpns-studio")
    threads = f"{gains.threads} thread{'s' * (gains.threads != 1)} of {machine.cores}"
    how = "quickly " if gains.quick else ""
    words = (
        f"Measured {how}on {when} in {duration(gains.seconds)} on {machine.processor} ({threads}){memory}{gpu}; "
        f"{machine.system}; {versions}."
    )
    return printable(words)


def _warnings(gains: Gains) -> Iterator[str]:
    if gains.disturbed:
        yield f"Timings were disturbed: {printable(gains.disturbed)}. Measure again once nothing else works."
    if gains.busy is not None and gains.busy >= _BUSY:
        share = percent(gains.busy, 0)
        yield f"Other programs used {share} of the processors just before: timings may be too long, and spread more."
    if gains.noise_pictures:
        yield "The run's own pictures were gone: noise was passed through the network, which takes as long."
    if gains.machine.same_place != this_machine(gains.machine.gpu).same_place:
        yield "It was measured on another machine than this one."
