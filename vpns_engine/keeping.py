"""What a run's folder holds, kind by kind, how long each kind is kept, and clearing it."""

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from vpns_engine.errors import EngineError
from vpns_engine.files import explain, write_text
from vpns_engine.folders import config_folder
from vpns_engine.specs.fields import Spec, option
from vpns_engine.specs.problems import problems_in
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore, is_run

Kind = Literal["checkpoints", "epochs", "states", "exports", "rest"]
KIND_LABELS: dict[Kind, str] = {
    "checkpoints": "checkpoints",
    "epochs": "prompts and masks of each epoch",
    "states": "saved states",
    "exports": "exports inside the run folder",
    "rest": "settings, events, predictions, log",
}
CLEARABLE: tuple[Kind, ...] = ("checkpoints", "epochs", "states", "exports")
_BYTES_MAX = 65_536
# a file that was being written when its process died is called .NAME.1a2b3c4d (see vpns_engine.files)
_EPOCH = re.compile(r"\.?(prompt|masks)_(\d+)\.safetensors(\.[0-9a-f]{8})?")
_STATE = re.compile(r"\.?state\.safetensors(\.[0-9a-f]{8})?")
_BESIDE = re.compile(r"\..+\.[0-9a-f]{8}")


class Keeping(Spec):
    """How often a run makes sure that it can go on, and what of it stays."""

    checkpoint_minutes: float = option(10.0, "Within an epoch, a checkpoint every", unit="min", ge=0.05, le=1440)
    """Longest time between two checkpoints; one is written at each epoch's end in any case."""

    finished_checkpoints: Literal["remove", "keep"] = option(
        "remove", "Checkpoints of a finished run", words={"remove": "Remove", "keep": "Keep"}
    )
    """Nothing goes on from them any more once a run is finished; of a large network they take gigabytes."""

    epoch_artifacts: Literal["all", "last"] = option(
        "all", "Prompts and masks", words={"all": "Of every epoch", "last": "Of each phase's last epoch"}
    )
    """Of every epoch, to leaf through in the Prompt and Masks tabs, or only of the last one."""


def keeping_of(values: Mapping[str, Any]) -> Keeping:
    """Give the settings that plain values describe.

    Raises:
        EngineError: a value cannot work; the message names the first one.
    """
    try:
        return Keeping.model_validate(values)
    except ValidationError as error:
        raise EngineError(problems_in(error, Keeping)[0].message) from error


def read_keeping(say: Callable[[str], object] = lambda _line: None) -> Keeping:
    """Give the settings; where they cannot be read those of the program, and `say` is told why."""
    path = _path()
    try:
        with path.open("rb") as file:
            return Keeping.model_validate_json(file.read(_BYTES_MAX))
    except FileNotFoundError:
        return Keeping()
    except OSError as error:
        why = explain(error, path)
    except ValidationError as error:
        why = f"{path} cannot be read: {problems_in(error, Keeping)[0].message.lstrip(': ')}"
    say(f"{why}; the program's own settings are used")
    return Keeping()


def write_keeping(keeping: Keeping) -> None:
    """Set them for the window and the command line.

    Raises:
        EngineError: they cannot be written.
    """
    write_text(_path(), keeping.model_dump_json(indent=2) + "\n")


def _path() -> Path:
    return config_folder() / "keeping.json"


def usage_of(folder: Path) -> dict[Kind, int]:
    """Count the bytes of a run's files, kind by kind; what a link leads to is not the run's."""
    found = dict.fromkeys(KIND_LABELS, 0)
    for path, size in _files(folder):
        found[kind_of(path.relative_to(folder))] += size
    return found


def kind_of(relative: Path) -> Kind:
    """Tell what a file is, by its place in the run folder."""
    match relative.parts:
        case ("checkpoints", _, *_):
            return "checkpoints"
        case ("exports", _, *_):
            return "exports"
        case ("artifacts", _, *_) if _EPOCH.fullmatch(relative.name):
            return "epochs"
        case ("artifacts", _, *_) if _STATE.fullmatch(relative.name):
            return "states"
    return "rest"


def clear(folder: Path, kinds: Collection[Kind]) -> int:
    """Remove the files of these kinds from a run that nobody writes, and give the bytes that this freed.

    What was already measured stays. Without its checkpoints an unfinished run goes on from the start of a level, without its
    saved states nothing is left to look at, to export or to tune further.

    Raises:
        EngineError: the run is being written, or a file cannot be removed.
    """
    if "rest" in kinds:
        raise ValueError("settings and events are the run itself")
    if not is_run(folder):
        raise EngineError(f"{folder} is not a run: nothing is removed")
    store = RunStore(folder, RunConfig())  # whatever its settings are: a damaged run can be cleared too
    with store.writing():
        if _is_worked_on(store):
            raise EngineError(f"{folder.name} is being written: clear it once it has ended")
        return _remove([(path, size) for path, size in _files(folder) if kind_of(path.relative_to(folder)) in kinds])


def _is_worked_on(store: RunStore) -> bool:
    """Tell whether another machine works on a run, whose lock is not seen here."""
    try:
        return store.read_info().is_worked_on
    except EngineError:  # run.json is damaged or gone: nobody beats there
        return False


def tidy(store: RunStore, keeping: Keeping) -> int:
    """Remove what a finished run does not keep, with what interrupted writing left; give the bytes that this freed.

    To be called by whoever writes the run, after its end is told.

    Raises:
        EngineError: a file cannot be removed.
    """
    files = list(_files(store.folder))
    gone = [file for file in files if _BESIDE.fullmatch(file[0].name)]
    if keeping.finished_checkpoints == "remove":
        gone += [file for file in files if kind_of(file[0].relative_to(store.folder)) == "checkpoints"]
    if keeping.epoch_artifacts == "last":
        gone += _all_but_last(files, store.folder)
    return _remove(list(dict.fromkeys(gone)))


def thin(folder: Path, what: Literal["prompt", "masks"], epoch: int) -> None:
    """Remove a phase's prompts or masks of other epochs than `epoch` from the folder that they stand in.

    Raises:
        EngineError: one cannot be removed.
    """
    _remove([(path, 0) for path in _artifacts(folder) if (found := _epoch(path)) and found[0] == what and found[1] != epoch])


def _artifacts(folder: Path) -> list[Path]:
    try:
        return [folder / entry.name for entry in os.scandir(folder)]
    except OSError as error:
        raise EngineError(explain(error, folder)) from error


def _all_but_last(files: list[tuple[Path, int]], folder: Path) -> list[tuple[Path, int]]:
    last: dict[tuple[Path, str], int] = {}
    known = [(file, _epoch(file[0])) for file in files if kind_of(file[0].relative_to(folder)) == "epochs"]
    for (path, _), found in known:
        if found:
            place = (path.parent, found[0])
            last[place] = max(last.get(place, 0), found[1])
    return [file for file, found in known if found and found[1] < last[file[0].parent, found[0]]]


def _epoch(path: Path) -> tuple[str, int] | None:
    found = _EPOCH.fullmatch(path.name)
    return (found[1], int(found[2])) if found else None


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    """Give the files below a folder with their sizes; links as they are, and nothing behind them."""
    waiting = [folder]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:  # removed meanwhile, or not ours to look into
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                else:
                    yield Path(entry.path), entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue


def _remove(files: list[tuple[Path, int]]) -> int:
    freed = 0
    for path, size in files:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise EngineError(f"{path} cannot be removed: {error.strerror or error}") from error
        freed += size
    return freed
