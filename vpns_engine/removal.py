"""Removing run folders: those that nobody works on, and nothing else."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vpns_engine.errors import EngineError
from vpns_engine.files import explain
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore, is_run


@dataclass(frozen=True)
class Removed:
    """Folders that are gone, and why others are not."""

    folders: tuple[Path, ...]
    refused: tuple[str, ...]


def remove_runs(folders: Iterable[Path], runs: Path) -> Removed:
    """Remove run folders below `runs` with everything in them; one that cannot be removed does not keep the others."""
    gone: list[Path] = []
    refused: list[str] = []
    for folder in folders:
        try:
            _remove(folder, runs)
            gone.append(folder)
        except EngineError as error:
            refused.append(str(error))
    return Removed(tuple(gone), tuple(refused))


def _remove(folder: Path, runs: Path) -> None:
    if folder.is_symlink() or folder.resolve().parent != runs.resolve() or not is_run(folder):
        raise EngineError(f"{folder} is no run folder in {runs}: not removed")
    store = RunStore(folder, RunConfig())  # a damaged one can be removed as well
    if _is_worked_on(store):
        raise EngineError(f"{folder.name} is being worked on: not removed")
    with store.writing():  # refused where somebody has it; let go of before: an open file may not be removed on every system
        pass
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise EngineError(f"{folder.name} is not removed: {explain(error, folder)}") from error


def _is_worked_on(store: RunStore) -> bool:
    try:
        return store.read_info().is_worked_on
    except EngineError:  # nobody works on what cannot be read
        return False
