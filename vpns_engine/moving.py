"""Moving the folder of runs: every run is copied and compared before anything of the old one goes.

Cut off at any moment, nothing is lost: until the setting names the new folder the old one is whole, and from then on the new
one is. `runs-moving.json` of the settings folder says what goes on, so that the next move, or `finish_move`, clears up behind
one that was cut off.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from vpns_engine.errors import EngineError
from vpns_engine.files import explain, explained, flush_folder, read_bounded, write_text
from vpns_engine.folders import config_folder, runs_folder, set_runs_folder
from vpns_engine.locks import only_one
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunLibrary, RunStore
from vpns_engine.words import printable, size_text

Report = Callable[[str, float | None], object]
"""Told what is done and the share of it; what it raises calls the move off."""
_CHUNK = 1 << 20
_STAGING, _GONE, _LOCK = ".moving", ".moved", ".moving.lock"
_LEFT_OUT = ("run.lock",)
_WRITTEN_ON = ("events.jsonl", "log.txt", "run.json")
"""Files that a run writes into; all others are replaced. Under a second name they would change in both places."""
_NOTE_BYTES = 64 * 2**20


def _plain(name: str) -> str:
    if name in ("", ".", "..") or Path(name).name != name:
        raise ValueError("no name of a run")
    return name


_Name = Annotated[str, AfterValidator(_plain)]


@dataclass(frozen=True)
class Moved:
    """What a move did."""

    num_runs: int
    notes: tuple[str, ...] = ()
    """What stayed behind, and why."""


class _Note(BaseModel):
    model_config = ConfigDict(frozen=True)

    source: str
    target: str
    signatures: dict[_Name, str]
    """Of each run's files, as they were when they were copied."""


def move_runs(target: Path, report: Report = lambda _text, _share: None) -> Moved:
    """Move all runs to another folder, and make it the folder of runs. What else stands in the old one stays there.

    Raises:
        EngineError: a run is being written, the folders do not go together, there is no room, or a file cannot be copied;
            everything is as it was then.
    """
    _refuse_environment()
    source, target = runs_folder().absolute(), target.absolute()
    _check(source, target)
    if not source.is_dir():
        set_runs_folder(_made(target))
        return Moved(0)
    _made(target)
    with only_one(source / _LOCK, _refuse_second):
        _sweep_up(source, target)
        signatures = _copied(source, target, report)
        _write_note(_Note(source=str(source), target=str(target), signatures=signatures))
        for name in signatures:
            _rename(target / _STAGING / name, target / name)
        _rmdir(target / _STAGING)
        flush_folder(target)
        set_runs_folder(target)
        return _clear_up(source, target, signatures, report)


def unfinished_move() -> Path | None:
    """Give the folder in which a move that was cut off left copies of runs; None where there is none."""
    note = _read_note()
    if note is None or Path(note.target) != runs_folder().absolute():
        return None
    source = Path(note.source)
    return source if (source / _GONE).is_dir() or any((source / name).exists() for name in note.signatures) else None


def finish_move(report: Report = lambda _text, _share: None) -> Moved:
    """Remove from the old folder what a move that was cut off has copied already.

    Raises:
        EngineError: there is no such move, or a run cannot be removed.
    """
    source, note = unfinished_move(), _read_note()
    if source is None or note is None:
        raise EngineError("no move of the runs was cut off")
    with only_one(source / _LOCK, _refuse_second):
        return _clear_up(source, Path(note.target), note.signatures, report)


def _refuse_environment() -> None:
    if given := os.environ.get("VPNS_RUNS"):
        raise EngineError(f"VPNS_RUNS={given} decides where runs are: the setting changes nothing while it is set")


def _refuse_second() -> None:
    raise EngineError("the runs are being moved already, by another window or terminal")


def _check(source: Path, target: Path) -> None:
    real_source, real_target = source.resolve(), target.resolve()
    if real_source == real_target:
        raise EngineError(f"the runs are in {target} already")
    if real_target.is_relative_to(real_source) or real_source.is_relative_to(real_target):
        raise EngineError(f"{target} and {source} lie within each other: choose a folder beside")


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # of what was to be made, "is not there" would say nothing
        raise EngineError(f"{folder} cannot be made: choose another folder") from error
    except OSError as error:
        raise EngineError(explain(error, folder)) from error
    return folder


def _sweep_up(source: Path, target: Path) -> None:
    """Remove what an earlier move between the two left in the new folder before it was cut off."""
    _remove_tree(target / _STAGING)
    note = _read_note()
    if note is not None and (Path(note.source), Path(note.target)) == (source, target):
        for name, signature in note.signatures.items():
            if (source / name).exists() and (target / name).exists() and _signature(target / name) == signature:
                _remove_tree(target / name)


def _copied(source: Path, target: Path, report: Report) -> dict[str, str]:
    """Copy every run to a hidden folder of the new one and compare; a run that comes meanwhile too."""
    signatures: dict[str, str] = {}
    try:
        _check_room(source, target, report)
        while waiting := [run for run in RunLibrary(source).runs() if run.name not in signatures]:
            for run in reversed(waiting):
                if (target / run.name).exists():
                    raise EngineError(f"{target} has a run {run.name} already: nothing is moved")
                report(f"Copying {printable(run.name)}", _share(len(signatures), len(signatures) + len(waiting)))
                signatures[run.name] = _copy_run(run, target / _STAGING / run.name, report)
    except BaseException:  # also a cancel: what is there so far is only in the way
        _remove_tree(target / _STAGING)
        raise
    return signatures


def _check_room(source: Path, target: Path, report: Report) -> None:
    report("Counting", None)
    if source.stat().st_dev == target.stat().st_dev:
        return  # linked, but for a few small files
    needed = sum(_size(path) for run in RunLibrary(source).runs() for path in _walk(run))
    free = shutil.disk_usage(target).free
    if needed > free:
        raise EngineError(f"the runs take {size_text(needed)}, {target} has {size_text(free)} free: nothing is moved")


def _share(done: int, of: int) -> float:
    return done / max(1, of)


def _copy_run(run: Path, place: Path, report: Report) -> str:
    """Copy a run while nobody writes it; give the signature of what was copied."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if run.is_symlink():
        place.symlink_to(run.resolve())
        return _signature(run)
    store = RunStore(run, RunConfig())
    with store.writing(), explained(run, "copy"):
        _refuse_worked_on(store)
        signature = _signature(run)
        place.mkdir()
        for path in _walk(run):
            report(f"Copying {printable(run.name)}", None)
            _copy(path, place / path.relative_to(run))
        shutil.copystat(run, place)
        for folder in (place, *(path for path in _walk(place) if path.is_dir() and not path.is_symlink())):
            flush_folder(folder)
    return signature


def _refuse_worked_on(store: RunStore) -> None:
    try:
        worked_on = store.read_info().is_worked_on
    except EngineError:  # run.json is damaged or gone: nobody beats there
        return
    if worked_on:
        raise EngineError(f"{store.folder.name} is being written: move the runs once it has ended")


def _walk(run: Path) -> Iterator[Path]:
    """Give what stands below a run folder, folders before what is in them."""
    for folder, folders, files in os.walk(run):
        for name in sorted([*folders, *files]):
            if name not in _LEFT_OUT:
                yield Path(folder) / name


def _copy(path: Path, place: Path) -> None:
    if path.is_symlink():
        place.symlink_to(path.readlink())
    elif path.is_dir():
        place.mkdir()
    else:
        _copy_file(path, place)


def _copy_file(path: Path, place: Path) -> None:
    """Give a file a second name where both are on one disk and it is never written into; else copy it and compare."""
    if path.name not in _WRITTEN_ON:
        with suppress(OSError):
            os.link(path, place)
            return
    shutil.copy2(path, place)
    with place.open("rb+") as file:
        os.fsync(file.fileno())
    if not _same(path, place):
        raise EngineError(f"the copy {place} is not what it should be: nothing is moved")


def _same(one: Path, other: Path) -> bool:
    with one.open("rb") as left, other.open("rb") as right:
        while chunk := left.read(_CHUNK):
            if chunk != right.read(_CHUNK):
                return False
        return not right.read(1)


def _signature(run: Path) -> str:
    """Say which files a run has, as large and as old as they are."""
    return json.dumps([[str(path.relative_to(run)), _size(path), _changed(path)] for path in _walk(run)])


def _size(path: Path) -> int:
    return 0 if path.is_dir() and not path.is_symlink() else path.lstat().st_size


def _changed(path: Path) -> int:
    return 0 if path.is_dir() and not path.is_symlink() else path.lstat().st_mtime_ns


def _clear_up(source: Path, target: Path, signatures: dict[str, str], report: Report) -> Moved:
    """Remove the runs that were copied from the old folder; one that has changed since stays in both."""
    notes = []
    _remove_tree(source / _GONE)
    for number, (name, signature) in enumerate(signatures.items()):
        report(f"Removing the old {printable(name)}", _share(number, len(signatures)))
        if why := _remove_run(source, name, signature):
            notes.append(f"{name} stays in {source} too: {why}")
    came = [run.name for run in RunLibrary(source).runs() if run.name not in signatures]
    notes += [f"{name} was begun while the others were moved: it stays in {source}" for name in came]
    _rmdir(source / _GONE)
    with suppress(OSError):
        _note_path().unlink(missing_ok=True)
    return Moved(len(signatures), tuple(notes) + _references(source, target, signatures))


def _remove_run(source: Path, name: str, signature: str) -> str:
    """Remove a run that is as it was when it was copied; else say why it stays."""
    run = source / name
    if not run.exists():
        return ""
    try:
        if run.is_symlink():
            run.unlink()
            return ""
        with RunStore(run, RunConfig()).writing():
            if _signature(run) != signature:
                return "it has changed since it was copied"
        (source / _GONE).mkdir(exist_ok=True)
        run.rename(source / _GONE / name)  # at once: half a run must never be found there
        _remove_tree(source / _GONE / name)
    except (OSError, EngineError) as error:
        return str(error)
    return ""


def _references(source: Path, target: Path, signatures: dict[str, str]) -> tuple[str, ...]:
    """Name the runs whose settings start from a saved state at its old place."""
    found = []
    for name in signatures:
        with suppress(EngineError):
            start = RunStore.open(target / name).config.start_from
            if start and Path(start).is_relative_to(source):
                found.append(name)
    return tuple(f"{name} was started from a saved state that its settings still name in {source}" for name in found)


def _note_path() -> Path:
    return config_folder() / "runs-moving.json"


def _write_note(note: _Note) -> None:
    write_text(_note_path(), note.model_dump_json())


def _read_note() -> _Note | None:
    try:
        return _Note.model_validate_json(read_bounded(_note_path(), _NOTE_BYTES))
    except (EngineError, ValidationError):
        return None


def _rename(path: Path, place: Path) -> None:
    try:
        path.rename(place)
    except OSError as error:
        raise EngineError(explain(error, place)) from error


def _rmdir(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _remove_tree(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    elif folder.is_dir():
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise EngineError(f"{folder} cannot be removed: {error.strerror or error}") from error
