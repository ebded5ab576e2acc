"""Where a run keeps what its tested states make of the test images, and reading it."""

from pathlib import Path

from vpns_engine.artifacts import read_info
from vpns_engine.errors import EngineError
from vpns_engine.events import LevelSaved, Tested
from vpns_engine.history import RunHistory
from vpns_engine.prediction_files import read_predictions
from vpns_engine.predictions import Predictions
from vpns_engine.specs.phase import DENSE, PhaseKind
from vpns_engine.store import RunStore

EXAMINED = "examined"
"""In the description of a file that was made after the run: the number of the event that saved the state."""


def predictions_file(store: RunStore, level: int, density: float, stage: PhaseKind) -> str:
    """Name the file of a tested state, relative to the run folder."""
    folder = "artifacts/dense" if level == DENSE else store.density_folder(density)
    return f"{folder}/{stage}/predictions.safetensors"


def saved_of(history: RunHistory, level: int, stage: PhaseKind) -> LevelSaved | None:
    """Give the saved state of a level's stage; None where there is none (the dense reference's is never saved)."""
    known = history.levels.get(level)
    saved = [] if known is None else known.saved
    return next((item for item in reversed(saved) if history.phases[item.phase].info.kind == stage), None)


def event_of(history: RunHistory, level: int, stage: PhaseKind) -> int | None:
    """Give the number of the event that made a state what it is; None where there is no such state to look at."""
    if level == DENSE:
        mapped = history.dense.mapped if history.dense is not None else None
        return None if mapped is None or stage != "map" else mapped.seq
    saved = saved_of(history, level, stage)
    return None if saved is None else saved.seq


def find_predictions(store: RunStore, history: RunHistory, level: int, stage: PhaseKind) -> Path | None:
    """Give the file with what a state makes of the test images; None where it was never written, or is gone.

    The dense reference may be another run's of the same folder.

    Args:
        store: the run.
        history: what its events tell.
        level: which density, from 0; -1: the dense reference.
        stage: `search` or `finetune`; of the dense reference `map` or `finetune`.

    Raises:
        EngineError: a path leads out of the run, or the file cannot be read.
    """
    tested = _tested(history, level, stage)
    if tested is not None and tested.taken_from:
        return _elsewhere(store, tested)
    if tested is not None and tested.predictions_path:
        path = store.path(tested.predictions_path)
        return path if path.is_file() else None
    path = _own_file(store, history, level, stage)
    # what was examined is of the state that was there then: a run that went on may have another one now
    fits = path.is_file() and read_info(path).get(EXAMINED) == event_of(history, level, stage)
    return path if fits else None


def read_kept(store: RunStore, history: RunHistory, level: int, stage: PhaseKind) -> Predictions | None:
    """Read what a state makes of the test images; None where nobody has looked. For the arguments see `find_predictions`.

    Raises:
        EngineError: the file is damaged, or is of other classes than the run's.
    """
    path = find_predictions(store, history, level, stage)
    if path is None:
        return None
    found = read_predictions(path)
    wanted = len(history.started.target_classes) if history.started is not None else 0
    if read_info(path).get("classes") != wanted:
        raise EngineError(f"{path.name} cannot be read: it is not of the run's {wanted} classes")
    return found


def _tested(history: RunHistory, level: int, stage: PhaseKind) -> Tested | None:
    if level != DENSE:
        known = history.levels.get(level)
        return None if known is None else known.test(stage)
    own = history.dense.test(stage) if history.dense is not None else None
    return own or next((test for test in reversed(history.dense_elsewhere) if test.stage == stage), None)


def _elsewhere(store: RunStore, tested: Tested) -> Path | None:
    name = tested.taken_from
    folder = store.folder.parent / name
    if Path(name).name != name or not tested.predictions_path or not folder.is_dir():
        return None
    path = RunStore(folder, store.config).path(tested.predictions_path)
    return path if path.is_file() else None


def _own_file(store: RunStore, history: RunHistory, level: int, stage: PhaseKind) -> Path:
    known = history.levels.get(level)
    if level != DENSE and known is None:
        raise EngineError(f"there is no level {level + 1}: the run has {len(history.levels)}")
    return store.path(predictions_file(store, level, known.density if known is not None else 1.0, stage))
