"""A run's folder on disk, and a folder of runs. The layout is a public interface (README)."""

import datetime
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vpns_engine import events
from vpns_engine.errors import EngineError
from vpns_engine.files import (
    bounded_lines,
    explain,
    explained,
    open_plain,
    overwritten,
    parsed,
    read_bounded,
    read_json,
    write_text,
)
from vpns_engine.liveness import Place, is_alive, this_process
from vpns_engine.locks import only_one
from vpns_engine.replay import Replay, TakenBack
from vpns_engine.specs.run import RunConfig

SCHEMA_VERSION = 1
_STAMP = len("2026-11-20T10-12-33")
Status = Literal["running", "paused", "finished", "stopped", "failed"]
State = Literal["running", "paused", "finished", "stopped", "failed", "interrupted"]
"""How a run stands in truth; interrupted: it says that it is worked on, and nobody is there who does."""
MOST_LINE_BYTES = 8 * 2**20
"""No line of `events.jsonl` is longer: a longer one is damage."""
_Seconds = Annotated[float, Field(ge=0, le=1e11)]


class RunInfo(BaseModel):
    """`run.json`: how a run stands. Times are seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = SCHEMA_VERSION
    status: Status = "running"
    versions: dict[str, str] = {}
    device: str = ""
    seed: int = 0
    host: str = ""
    """Name of the machine that works on it, or did last."""
    boot: str = ""
    """Which start of that machine; on Linux also whose numbering of processes."""
    process: Annotated[int, Field(ge=0, lt=2**31)] = 0
    process_started: _Seconds = 0.0
    started: _Seconds = 0.0
    heartbeat: _Seconds = 0.0
    imported: bool = False
    """The run takes a checkpoint over; it does not train."""
    message: str = ""

    @property
    def state(self) -> State:
        """How the run stands in truth: `interrupted` where it says that it is worked on, and nobody does."""
        if self.status not in ("running", "paused"):
            return self.status
        place = Place(self.host or platform.node(), self.boot, self.process, self.process_started)
        return self.status if is_alive(place, self.heartbeat) else "interrupted"

    @property
    def is_worked_on(self) -> bool:
        """Tell whether a process has the run in hand, paused or not."""
        return self.state in ("running", "paused")

    @property
    def can_resume(self) -> bool:
        """Tell whether the run can be gone on with: it is not finished, nobody works on it, and it is no import."""
        return self.state in ("interrupted", "stopped", "failed") and not self.imported

    def taken_by_this_process(self) -> "RunInfo":
        """Give the same run, in the hands of this process."""
        place = this_process()
        return self.model_copy(update={**asdict(place), "status": "running", "message": "", "heartbeat": time.time()})


class RunIsHeld(EngineError):  # noqa: N818 - how it stands; nothing went wrong
    """Another process, or another thread, works on the run."""


class RunStore:
    """One run's folder. Made by `create` or `open`."""

    def __init__(self, folder: Path, config: RunConfig) -> None:
        self.folder = folder
        self.config = config
        self._events: IO[str] | None = None

    @classmethod
    def create(cls, runs: Path, config: RunConfig) -> "RunStore":
        """Make a new run folder below `runs`.

        Raises:
            EngineError: it cannot be written.
        """
        try:
            folder = _make_folder(runs, _folder_name(config))
        except OSError as error:
            raise EngineError(explain(error, runs)) from error
        store = cls(folder, config)
        try:
            write_text(folder / "config.json", config.model_dump_json(indent=2))
            store.write_info(RunInfo(seed=config.seed, started=time.time()).taken_by_this_process())
        except EngineError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return store

    @classmethod
    def open(cls, folder: Path) -> "RunStore":
        """Open an existing run folder.

        Raises:
            EngineError: it is no run folder, its config cannot be read, or it was made by a newer version.
        """
        check_version(folder)
        path = folder / "config.json"
        if not os.path.isfile(path):  # noqa: PTH113 - pathlib's raises where one may not look
            raise EngineError(f"{folder} is not a run: it has no config.json")
        if not is_run(folder):
            raise EngineError(f"{folder} is not a run: it has neither run.json nor events.jsonl")
        try:
            return cls(folder, RunConfig.model_validate_json(_read_small(path)))
        except ValidationError as error:
            raise EngineError(f"{path} cannot be read: {_reason(error)}") from error

    def read_info(self) -> RunInfo:
        """Read `run.json`.

        Raises:
            EngineError: it is missing or damaged.
        """
        path = self.folder / "run.json"
        try:
            return RunInfo.model_validate_json(_read_small(path))
        except ValidationError as error:
            raise EngineError(f"{path} cannot be read: {_reason(error)}") from error

    def write_info(self, info: RunInfo) -> None:
        """Write `run.json` whole; on a full disk into the room that it has: nothing may look as if it went on.

        Raises:
            EngineError: it cannot be written, or the folder is gone, which is not made again.
        """
        if not self.folder.is_dir():
            raise EngineError(f"{self.folder} is not there")
        path, text = self.folder / "run.json", info.model_dump_json(indent=2)
        try:
            write_text(path, text)
        except EngineError:
            if not overwritten(path, text):
                raise

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Have the run to oneself while the block runs: nobody else writes in its folder.

        Raises:
            RunIsHeld: somebody else has it.
            EngineError: the folder is gone or may not be written.
        """
        if not self.folder.is_dir():
            raise EngineError(f"{self.folder} is not there")
        with only_one(self.folder / "run.lock", self._refuse):
            yield

    def _refuse(self) -> None:
        raise RunIsHeld(f"{self.folder.name} is worked on by {self._holder()}")

    def _holder(self) -> str:
        with suppress(EngineError):
            info = self.read_info()
            if info.process == os.getpid():
                return "this program"
            if info.process:
                return f"process {info.process}" + (f" on {info.host}" if info.host else "")
        return "another program"

    def append(self, event: events.Event) -> None:
        """Append one event to `events.jsonl`.

        Raises:
            EngineError: it cannot be written (folder removed, disk full).
        """
        path = self.folder / "events.jsonl"
        try:
            if self._events is None:
                whole = _ends_with_a_line(path)
                self._events = path.open("a", encoding="utf-8")
                if not whole:  # the process before was cut off; its half line must not swallow ours
                    self._events.write("\n")
            if not _is_still(self._events, path):  # or it would be written where nobody looks for it
                raise EngineError(f"the run folder {self.folder} was removed or moved while the run went on")
            size = os.fstat(self._events.fileno()).st_size
            try:
                self._events.write(events.to_json(event) + "\n")
                self._events.flush()
            except OSError:
                self._take_back(path, size)
                raise
        except OSError as error:
            raise EngineError(explain(error, path)) from error

    def _take_back(self, path: Path, size: int) -> None:
        """Cut off what was written of a line that found no room: it would swallow the next one, which may find some."""
        self.close()
        with suppress(OSError):
            os.truncate(path, size)

    def sync(self) -> None:
        """Wait until what was appended stands on the disk.

        Raises:
            EngineError: it cannot be written.
        """
        if self._events is not None:
            with explained(self.folder / "events.jsonl"):
                os.fsync(self._events.fileno())

    def log(self, text: str) -> None:
        """Append a line to `log.txt`.

        Raises:
            EngineError: it cannot be written.
        """
        path = self.folder / "log.txt"
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{datetime.datetime.now().isoformat(timespec='seconds')} {text}\n")
        except OSError as error:
            raise EngineError(explain(error, path)) from error

    def close(self) -> None:
        """Close the events file."""
        if self._events is not None:
            file, self._events = self._events, None
            with suppress(OSError):  # `append` has told it
                file.close()

    def read(self, *, steps: bool = True) -> Replay:
        """Fold the events written so far. A line that is cut or damaged is counted, not fatal.

        Without `steps` the iterations, most of a long run's lines, are passed over. The last line of a run that goes on may
        still be being written: then it is neither.
        """
        replay = Replay(taken_back=TakenBack(self._lines()), steps=steps)
        whole, line = 0, b""
        for line in self._lines():
            whole = replay.damaged_lines
            replay.take(line)
        if line and not line.endswith(b"\n") and self._goes_on():
            replay.damaged_lines = whole
        return replay

    def _goes_on(self) -> bool:
        try:
            return self.read_info().is_worked_on
        except EngineError:
            return False

    def _lines(self) -> Iterator[bytes]:
        path = self.folder / "events.jsonl"
        if not os.path.lexists(path):
            return
        with open_plain(path) as file, explained(path, "read"):
            yield from bounded_lines(file, MOST_LINE_BYTES)

    def path(self, relative: str) -> Path:
        """Give the place of an artifact that an event names.

        Raises:
            EngineError: it lies outside the run folder, or that is gone: whoever writes there must not make it again.
        """
        root = self.folder.resolve()
        if not os.path.isdir(root):  # noqa: PTH112 - pathlib's raises where one may not look
            raise EngineError(f"the run folder {self.folder} is gone: it was removed or moved")
        try:
            path = (root / relative).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null character
            raise EngineError(f"artifact path {relative!r} is no path") from error
        if not relative or not path.is_relative_to(root):
            raise EngineError(f"artifact path {relative!r} leaves the run folder")
        return path

    def density_folder(self, density: float) -> str:
        """Name the artifacts folder of a level, relative to the run folder."""
        return f"artifacts/density_{density:.12g}"


class RunLibrary:
    """A folder of runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def runs(self) -> list[Path]:
        """List the run folders, newest first; those of the same second by when they were made, not by their names."""
        if not os.path.isdir(self.folder):  # noqa: PTH112 - pathlib's raises where one may not look
            return []
        found = [folder for folder in self.folder.glob("*") if is_run(folder)]
        return sorted(found, key=lambda folder: (folder.name[:_STAMP], _made(folder)), reverse=True)


def is_run(folder: Path) -> bool:
    """Tell a run, damaged or not, from an export: that has a config.json too."""
    return any(os.path.isfile(folder / name) for name in ("run.json", "events.jsonl"))  # noqa: PTH113


def check_version(folder: Path) -> None:
    """Refuse a run folder that a newer version laid out.

    Raises:
        EngineError: it is one. A folder that does not tell is not refused.
    """
    try:
        values = read_json(folder / "run.json")
    except EngineError:
        return
    version = values.get("schema_version") if isinstance(values, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise EngineError(
            f"{folder} was made by a newer VPNs Studio (schema version {version}, this one reads up to {SCHEMA_VERSION}): "
            "open it with that one"
        )


def _made(folder: Path) -> int:
    try:
        return (folder / "config.json").stat().st_mtime_ns
    except OSError:  # removed meanwhile, or damaged
        return 0


def _folder_name(config: RunConfig) -> str:
    stamp = datetime.datetime.now().strftime("%Y-%m-%dT%H-%M-%S")
    own = re.sub(r"[^\w-]+", "-", config.name).strip("-_")
    parts = [stamp, config.method, config.model.architecture, config.data.dataset, own, config.digest]
    return "_".join(part for part in parts if part)


def _make_folder(runs: Path, name: str) -> Path:
    runs.mkdir(parents=True, exist_ok=True)
    for attempt in range(100):
        folder = runs / (name if attempt == 0 else f"{name}_{attempt + 1}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise OSError(f"too many runs named {name}")


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


def _is_still(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _ends_with_a_line(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
            return file.read(1) in (b"", b"\n")
    except FileNotFoundError:
        return True


def _read_small(path: Path) -> bytes:
    data = read_bounded(path)
    parsed(data, str(path))
    return data
