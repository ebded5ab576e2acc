"""Which saved states of a run can be reported on, and where their reports are kept: `gains_*.json` in the run's folder."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from vpns_engine.errors import EngineError
from vpns_engine.events import LevelSaved
from vpns_engine.export.source import Stage, choose
from vpns_engine.files import read_bounded, write_text
from vpns_engine.gains.model import SCHEMA_VERSION, Gains
from vpns_engine.history import RunHistory
from vpns_engine.saved_states import saved_name
from vpns_engine.store import RunStore
from vpns_engine.words import sparsity_of


@dataclass(frozen=True)
class State:
    """One saved state: the last one that a stage of a level left."""

    saved: LevelSaved
    stage: Stage
    density: float
    label: str
    """What a person reads: sparsity, and how far it is tuned."""

    @property
    def level(self) -> int:
        """Which density of the run, from 0."""
        return self.saved.level

    @property
    def file_name(self) -> str:
        """Name of the kept report."""
        return f"gains_{self.density:.12g}_{self.stage}.json"


def states_of(history: RunHistory) -> tuple[State, ...]:
    """List the saved states of a run: level by level, the untuned before the tuned."""
    found: dict[tuple[int, Stage], State] = {}
    for number in sorted(history.levels):
        for saved in history.levels[number].saved:
            stage: Stage = "finetune" if history.phases[saved.phase].info.kind == "finetune" else "search"
            density = history.levels[number].density
            label = f"{sparsity_of(density)} sparsity: {saved_name(history, saved)}"
            found[number, stage] = State(saved, stage, density, label)
    return tuple(found.values())


def state_of(history: RunHistory, *, level: int | None, stage: Stage | None) -> State:
    """Choose a saved state: the last one that fits.

    Raises:
        EngineError: there is none.
    """
    wanted = choose(history, level=level, stage=stage)
    return next(state for state in states_of(history) if state.saved == wanted)


def write_gains(store: RunStore, state: State, gains: Gains) -> Path:
    """Keep a report in the run's folder, in the place of an earlier one of the same state.

    Raises:
        EngineError: it cannot be written.
    """
    path = store.path(state.file_name)
    write_text(path, json_of(gains))
    return path


def json_of(gains: Gains) -> str:
    """Write a report as JSON for programs and people."""
    return gains.model_dump_json(indent=2) + "\n"


def read_gains(store: RunStore, state: State) -> Gains | None:
    """Read the kept report on a state; None where there is none, or it is of an earlier state of the same stage.

    Raises:
        EngineError: it is damaged, or of a newer version.
    """
    path = store.path(state.file_name)
    if not path.exists():
        return None
    data = read_bounded(path)
    try:
        gains = Gains.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise EngineError(f"{path.name} cannot be read ({place or 'no JSON'}: {first['msg']}): measure again") from error
    if gains.schema_version > SCHEMA_VERSION:
        raise EngineError(f"{path.name} was written by a newer VPNs Studio: measure again, or open it with that one")
    same = (gains.saved_seq, gains.level, gains.stage) == (state.saved.seq, state.level, state.stage)
    return gains if same else None
