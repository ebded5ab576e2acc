"""The index of a folder of runs: what its table shows, kept in SQLite in the cache folder.

It holds nothing that the run folders do not: deleted, damaged or out of date, it is made again from them. A run is read
again when one of the files that tell about it has another time, size or number than when it was read.
"""

import hashlib
import json
import os
import sqlite3
import stat
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from vpns_engine import __version__
from vpns_engine.errors import EngineError
from vpns_engine.files import explain
from vpns_engine.folders import cache_folder
from vpns_engine.run_rows import RunRow, read_row

_FIELDS = tuple(field.name for field in fields(RunRow))[1:]
_STAMP = " ".join((__version__, *(f"{field.name}:{field.type}" for field in fields(RunRow))))
"""An index of another version is made anew."""
_WATCHED = ("", "config.json", "notes.json", "exports")
"""What tells, beside run.json and the events, that a run has changed; "" is its folder, where files appear by being renamed."""
_QUIET_SECONDS = 10.0
"""Events younger than this are still being written: they count once it is quiet, or when anything else changes."""
_BATCH_SECONDS = 0.25
_DAMAGE = (sqlite3.Error, TypeError, ValueError)
"""What SQLite and reading rows raise; a damaged file also gives error messages that are no text."""
_UNUSABLE = (*_DAMAGE, OSError)
_PATIENCE_SECONDS = 2.0
"""How long another process that writes the index is waited for."""


@dataclass(frozen=True)
class Changes:
    """Rows that are new or other than before, runs that are gone, and how many of the folder's runs were looked at."""

    rows: tuple[RunRow, ...]
    gone: tuple[Path, ...]
    looked: int
    total: int


class RunIndex:
    """The rows of a folder of runs. To be used in the thread that makes it, and closed."""

    def __init__(self, runs: Path, file: Path | None = None) -> None:
        """Open the index of `runs`, in `file` or where indexes belong; where that cannot be, one in memory."""
        self.runs = runs.absolute()
        self._file = file or index_file(self.runs)
        self._base = self._opened()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_what: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def rows(self) -> list[RunRow]:
        """Give the rows as they were when last looked at, newest run first; nothing but the index is read."""
        try:
            found = self._base.execute("SELECT name, row, sum FROM runs ORDER BY name DESC")
            return [_row(self.runs / name, text, check) for name, text, check in found]
        except _DAMAGE as error:
            self._begin_anew(error)
            return []

    def refresh(self) -> Iterator[Changes]:
        """Look at every run folder, and read those that have changed, newest first; at least one answer, with no rows at worst.

        Raises:
            EngineError: the folder of runs is there and cannot be read.
        """
        known, found = self._keys(), _keys_in(self.runs)
        gone = tuple(self.runs / name for name in known.keys() - found.keys())
        self._write("DELETE FROM runs WHERE name = ?", [(folder.name,) for folder in gone])
        changed = sorted((name for name in found if known.get(name) != found[name]), reverse=True)
        looked, rows, due = len(found) - len(changed), list[RunRow](), 0.0
        for name in changed:
            rows.append(read_row(self.runs / name))
            looked += 1
            if time.monotonic() >= due:
                self._keep(rows, found)
                yield Changes(tuple(rows), gone, looked, len(found))
                rows, gone, due = [], (), time.monotonic() + _BATCH_SECONDS
        self._keep(rows, found)
        yield Changes(tuple(rows), gone, looked, len(found))

    def _keep(self, rows: list[RunRow], keys: dict[str, str]) -> None:
        values = []
        for row in rows:
            text = _text(row)
            values.append((row.folder.name, keys[row.folder.name], text, _check(row.folder.name, text)))
        self._write("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", [value for value in values if _is_text(value[0])])

    def _write(self, statement: str, values: Sequence[tuple[str | int, ...]]) -> None:
        with suppress(*_DAMAGE), self._base:  # what is not kept is read again
            if values:
                self._base.executemany(statement, values)

    def _keys(self) -> dict[str, str]:
        try:
            return {str(name): key for name, key in self._base.execute("SELECT name, key FROM runs")}
        except _DAMAGE as error:
            self._begin_anew(error)
            return {}

    def _opened(self) -> sqlite3.Connection:
        base = None
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            base = sqlite3.connect(self._file, timeout=_PATIENCE_SECONDS)
            _prepare(base)
        except _UNUSABLE as error:
            if base is not None:
                base.close()
            return self._made_anew(error)
        return base

    def _begin_anew(self, error: Exception) -> None:
        self._base.close()
        self._base = self._made_anew(error)

    def _made_anew(self, error: Exception) -> sqlite3.Connection:
        """Make an index without rows: in the place of one that is damaged, in memory where another program is at it."""
        if not _is_busy(error):
            with suppress(*_UNUSABLE):
                self._file.unlink(missing_ok=True)
                base = sqlite3.connect(self._file, timeout=_PATIENCE_SECONDS)
                _prepare(base)
                return base
        base = sqlite3.connect(":memory:")
        _prepare(base)
        return base


def index_file(runs: Path) -> Path:
    """Give the place of the index of a folder of runs."""
    digest = hashlib.sha256(os.fsencode(runs.absolute())).hexdigest()[:16]
    return cache_folder() / "library" / f"{digest}.sqlite"


def _prepare(base: sqlite3.Connection) -> None:
    base.execute("PRAGMA synchronous = OFF")  # what a power cut leaves is found out, or is read again
    with base:
        base.execute("CREATE TABLE IF NOT EXISTS about (stamp TEXT)")
        base.execute("CREATE TABLE IF NOT EXISTS runs (name TEXT PRIMARY KEY, key TEXT, row TEXT, sum INTEGER)")
        if base.execute("SELECT stamp FROM about").fetchall() != [(_STAMP,)]:
            base.execute("DELETE FROM about")
            base.execute("DELETE FROM runs")
            base.execute("INSERT INTO about VALUES (?)", (_STAMP,))


def _text(row: RunRow) -> str:
    """Write a row, its folder left out."""
    return json.dumps([getattr(row, name) for name in _FIELDS], separators=(",", ":"))


def _row(folder: Path, text: str, check: int) -> RunRow:
    """Read a row.

    Raises:
        ValueError: it is not as it was written.
    """
    if check != _check(folder.name, text):
        raise ValueError("damaged")
    values: list[Any] = [tuple(value) if type(value) is list else value for value in json.loads(text)]
    return RunRow(folder, *values)


def _check(name: str, text: str) -> int:
    return zlib.crc32(text.encode(), zlib.crc32(name.encode("utf-8", "surrogateescape")))


def _is_text(name: str) -> bool:
    """Tell whether a folder's name can be kept; a run whose name cannot is read again each time."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _keys_in(runs: Path) -> dict[str, str]:
    """Give, for each run folder's name, what its files' times, sizes and numbers come to."""
    try:
        entries = list(os.scandir(runs))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise EngineError(explain(error, runs, "read")) from error
    now = time.time()
    keys = ((entry.name, _key(entry.path, now)) for entry in entries)
    return {name: key for name, key in keys if key}


def _key(folder: str, now: float) -> str:
    events, info = (_stat(f"{folder}{os.sep}{name}") for name in ("events.jsonl", "run.json"))
    if not (_is_file(events) or _is_file(info)):
        return ""  # no run (see store.is_run)
    marks = [_mark(_stat(f"{folder}{os.sep}{name}")) for name in _WATCHED]
    being_written = events is not None and abs(now - events.st_mtime) < _QUIET_SECONDS
    return " ".join((*marks, _mark(info), "young" if being_written else _mark(events)))


def _mark(found: os.stat_result | None) -> str:
    return "-" if found is None else f"{found.st_mtime_ns:x}/{found.st_size:x}/{found.st_ino:x}"


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - of ten thousand runs: a Path for each takes as long as the look itself
    except (OSError, ValueError):
        return None


def _is_file(found: os.stat_result | None) -> bool:
    return found is not None and stat.S_ISREG(found.st_mode)
