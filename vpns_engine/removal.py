"""Removing run folders: those that nobody works on, and nothing else."""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vpns_engine.errors import EngineError
from vpns_engine.files import explain
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore, is_run

_ASIDE = ".removed"
"""What is being removed stands in here meanwhile, where no run is looked for."""


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
    with store.writing():  # refused where somebody has it
        if os.name != "nt":  # there a folder in which a file is open cannot be renamed
            _take_away(folder)
            return
    _take_away(folder)


def _take_away(folder: Path) -> None:
    """Remove a folder, for everybody else at once: nobody may find half of it, or go on with it meanwhile."""
    aside = folder.parent / _ASIDE
    gone = aside / folder.name
    try:
        aside.mkdir(exist_ok=True)
        if gone.exists():  # a removal was cut off
            shutil.rmtree(gone)
        folder.rename(gone)
        shutil.rmtree(gone)
    except OSError as error:
        with suppress(OSError):  # what cannot be removed is to be seen
            if not folder.exists():
                gone.rename(folder)
        raise EngineError(f"{folder.name} is not removed: {explain(error, folder)}") from error
    finally:
        with suppress(OSError):
            aside.rmdir()


def _is_worked_on(store: RunStore) -> bool:
    try:
        return store.read_info().is_worked_on
    except EngineError:  # nobody works on what cannot be read
        return False
