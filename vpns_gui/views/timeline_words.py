"""What the timeline says: states, counts and times of a run, without any widget."""

from dataclasses import dataclass
from typing import Literal

from vpns_engine.history import PhaseHistory, RunHistory
from vpns_engine.specs.phase import DENSE, PHASE_LABELS, PhaseKind
from vpns_gui.views.words import duration, level_title, sparsity_name

State = Literal["waiting", "running", "paused", "done", "stopped", "interrupted", "failed"]
RunState = Literal["running", "paused", "finished", "stopped", "failed", "interrupted"]
"""How a whole run stands."""

GLYPHS: dict[State, str] = {
    "waiting": "○",
    "running": "▶",
    "paused": "‖",
    "done": "✓",
    "stopped": "■",
    "interrupted": "■",
    "failed": "✕",
}
STATE_WORDS: dict[State, str] = {
    "waiting": "waiting",
    "running": "running",
    "paused": "paused",
    "done": "done",
    "stopped": "stopped",
    "interrupted": "interrupted",
    "failed": "failed",
}
EXPLAINED: dict[PhaseKind, str] = {
    "rewind": "Back to the pre-trained weights, the initial scores and the zero prompt.",
    "load": "Take over a saved state: weights, scores, mask, prompt and label mapping.",
    "score": "Set the mask once, by a criterion over all layers together.",
    "map": "Label mapping: find the source class that stands for each target class.",
    "search": "Stage 1: learn the scores (and the prompt); weights are frozen. The mask follows from the scores.",
    "finetune": "Stage 2: learn the weights (and the prompt); the mask is fixed.",
    "test": "Read the test images with the dense network, its labels mapped, untuned.",
}


@dataclass(frozen=True)
class PhaseLine:
    """One phase as shown."""

    label: str
    count: str
    state: State
    done: float
    tooltip: str


@dataclass(frozen=True)
class LevelLine:
    """One level as shown."""

    level: int
    name: str
    state: State
    done: float
    phases: tuple[PhaseLine, ...]
    tooltip: str


def state_of(history: RunHistory) -> RunState:
    """Give how a run stands as far as its events tell: one without an end goes on."""
    if history.ended is not None:
        return history.ended.status
    return "paused" if history.paused is not None else "running"


def level_lines(history: RunHistory, state: RunState | None = None) -> tuple[LevelLine, ...]:
    """Describe the dense reference and every level with its phases; the rewind before takes no time and is left out.

    `state` is how the run stands; what its events tell where nothing else is known.
    """
    dense = (DENSE,) if history.dense is not None else ()
    return tuple(_level(history, level, state or state_of(history)) for level in (*dense, *sorted(history.levels)))


def current_level(history: RunHistory) -> int:
    """Give the level that is worked on, or was worked on last."""
    if history.current is not None:
        return history.phases[history.current].info.level
    return min(history.levels, default=0)


def progress_text(history: RunHistory | None, now: float, state: RunState | None = None) -> str:
    """Say in one line how the run stands and how long it still takes."""
    if history is None:
        return "Choose the settings and press Start, or open a run from the File menu."
    state = state or state_of(history)
    if state != "running":
        return _at_rest(history, state)
    if history.preparing is not None:
        return history.preparing.text
    if history.started is None or history.current is None:
        return "The run is starting …"
    phase_left, run_left = history.seconds_left(now)
    label = PHASE_LABELS[history.phases[history.current].info.kind]
    if phase_left is None or run_left is None:
        return f"{label}: time left not known yet"
    return f"about {duration(phase_left)} left in this phase, {duration(run_left)} in the run"


def _at_rest(history: RunHistory, state: RunState) -> str:
    spent = duration(history.seconds)
    match state:
        case "running" | "paused" | "interrupted":
            return f"{state} after {spent}"
        case "finished":
            return f"finished after {spent}"
        case "stopped":
            kept = any(level.saved for level in history.levels.values())
            return f"stopped after {spent}" + ("; the result so far is kept" if kept else "")
        case "failed":
            text = history.ended.text if history.ended is not None else ""
            return f"failed: {text or 'no reason given'}"


def _level(history: RunHistory, level: int, run: RunState) -> LevelLine:
    phases = [(index, phase) for index, phase in enumerate(history.phases) if phase.info.level == level]
    lines = tuple(_phase(history, index, phase, run) for index, phase in phases if phase.info.kind != "rewind")
    weight = sum(phase.weight for _, phase in phases)
    done = sum(phase.weight * phase.done for _, phase in phases) / weight if weight else 0.0
    states = {line.state for line in lines}
    state: State = "waiting"
    for found in ("failed", "stopped", "interrupted", "paused", "running"):
        if found in states:
            state = found
            break
    else:
        if states == {"done"}:
            state = "done"
        elif "done" in states:
            state = _left(run)
    tooltip = f"{level_title(history, level)}: {STATE_WORDS[state]}, {done:.0%} done"
    name = "dense" if level == DENSE else sparsity_name(history.levels[level].density)
    return LevelLine(level, name, state, done, lines, tooltip)


def _phase(history: RunHistory, index: int, phase: PhaseHistory, run: RunState) -> PhaseLine:
    state = _state(history, index, phase, run)
    label = PHASE_LABELS[phase.info.kind]
    return PhaseLine(
        label, _count(phase, state), state, phase.done, f"{label}: {STATE_WORDS[state]}. {EXPLAINED[phase.info.kind]}"
    )


def _state(history: RunHistory, index: int, phase: PhaseHistory, run: RunState) -> State:
    if phase.ended is not None:
        cut = run not in ("finished", "running") and index == history.current and phase.done < 1
        return "stopped" if cut else "done"
    if phase.started is None:
        return "waiting"
    return "failed" if run == "failed" else _left(run)


def _left(run: RunState) -> State:
    """Give the state of what a run has begun and not done."""
    return run if run in ("running", "paused", "interrupted") else "stopped"


def _count(phase: PhaseHistory, state: State) -> str:
    if phase.info.kind in ("search", "finetune"):
        return f"{sum(1 for epoch in phase.epochs if epoch.epoch > 0)} / {phase.info.epochs} epochs"
    return STATE_WORDS[state]
