"""Runs that wait their turn: the queue, what may begin next, and the file that keeps it between two starts."""

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vpns_engine.errors import EngineError
from vpns_engine.files import write_text
from vpns_engine.liveness import started_at
from vpns_engine.locks import only_one
from vpns_engine.settings_files import damage, read_settings, set_aside
from vpns_engine.specs.problems import validate
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore

State = Literal["waiting", "running", "interrupted", "finished", "stopped", "failed", "done"]
STATE_LABELS: dict[State, str] = {
    "waiting": "waiting",
    "running": "running",
    "interrupted": "interrupted",
    "finished": "finished",
    "stopped": "stopped",
    "failed": "failed",
    "done": "done already",
}
"""What a person reads for each state."""

OVER: frozenset[State] = frozenset(("finished", "stopped", "failed", "done"))
RESUMABLE: frozenset[State] = frozenset(("interrupted", "stopped", "failed"))
"""What can go on where it was, given that it has a run folder."""

SCHEMA_VERSION = 1
MAX_ENTRIES = 1000
MAX_TEXT = 2000
_MAX_BYTES = 16 * 2**20


def _new_key() -> str:
    return uuid.uuid4().hex[:12]


class Entry(BaseModel):
    """One run of the queue."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str = Field(default_factory=_new_key, pattern="^[0-9a-f]{12}$")
    config: RunConfig
    again: bool = False
    """Do also what is done already."""
    state: State = "waiting"
    folder: str = Field("", max_length=4096)
    """Its run folder, once there is one; an entry that waits and has one goes on from there."""
    process: int = Field(0, ge=0)
    """The process of its own that works on it; 0 where none does."""
    process_started: float = 0.0
    text: str = Field("", max_length=MAX_TEXT)
    """Why it failed, or what else is to be said of how it stands."""

    def changed(self, **values: object) -> "Entry":
        """Give the entry with other values."""
        return self.model_copy(update=values)

    @property
    def resumable(self) -> bool:
        """Tell whether it can go on where it was."""
        return self.state in RESUMABLE and bool(self.folder)


@dataclass(frozen=True)
class Queue:
    """Entries in their order. Every method gives another queue."""

    entries: tuple[Entry, ...] = ()

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, key: str) -> Entry | None:
        """Give the entry with a key; None where there is none (any more)."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def add(self, entries: Iterable[Entry]) -> Self:
        """Put entries at the end.

        Raises:
            EngineError: the queue would be too long.
        """
        return self._of((*self.entries, *entries))

    def put(self, entry: Entry) -> Self:
        """Put an entry in the place of the one with its key."""
        return self._of(entry if entry.key == old.key else old for old in self.entries)

    def remove(self, keys: Collection[str]) -> Self:
        """Take entries out; those that run stay."""
        return self._of(entry for entry in self.entries if entry.key not in keys or entry.state == "running")

    def duplicate(self, keys: Collection[str]) -> Self:
        """Put a copy that waits after each of the entries.

        Raises:
            EngineError: the queue would be too long.
        """
        found: list[Entry] = []
        for entry in self.entries:
            found.append(entry)
            if entry.key in keys:
                found.append(Entry(config=entry.config, again=entry.again))
        return self._of(found)

    def move(self, keys: Collection[str], row: int) -> Self:
        """Move entries, in their order, to before the one that is at `row` now."""
        moved = [entry for entry in self.entries if entry.key in keys]
        before = [entry for entry in self.entries[:row] if entry.key not in keys]
        after = [entry for entry in self.entries[row:] if entry.key not in keys]
        return self._of((*before, *moved, *after))

    def shift(self, keys: Collection[str], by: int) -> Self:
        """Move entries one place up (`by` -1) or down (1), as a block; at the end they stay."""
        rows = [number for number, entry in enumerate(self.entries) if entry.key in keys]
        if not rows:
            return self
        return self.move(keys, max(0, rows[0] - 1) if by < 0 else min(len(self), rows[-1] + 2))

    def next(self, lane: Callable[[RunConfig], str], busy: Collection[str], skip: Collection[str] = ()) -> Entry | None:
        """Give the first entry that waits and whose device is free.

        Args:
            lane: the device a configuration computes on.
            busy: the devices that are at work.
            skip: keys of entries that may not begin now.
        """
        waiting = (entry for entry in self.entries if entry.state == "waiting" and entry.key not in skip)
        return next((entry for entry in waiting if lane(entry.config) not in busy), None)

    def in_state(self, *states: State) -> tuple[Entry, ...]:
        """Give the entries that are in one of these states."""
        return tuple(entry for entry in self.entries if entry.state in states)

    def _of(self, entries: Iterable[Entry]) -> Self:
        found = tuple(entries)
        if len(found) > max(MAX_ENTRIES, len(self.entries)):
            raise EngineError(f"{len(found):,} runs in the queue: at most {MAX_ENTRIES:,}; remove some first")
        return replace(self, entries=found)


def lane_of(wanted: str, devices: Sequence[str]) -> str:
    """Name the device that a setting stands for on this machine.

    Args:
        wanted: as in a configuration (`auto`, `cuda`, `cpu` ...).
        devices: what the machine has, best first (`auto` among them); empty while not known: then all count as one.
    """
    if not devices:
        return ""
    named = next((device for device in devices if device != "auto"), "cpu") if wanted == "auto" else wanted
    return "cuda:0" if named == "cuda" else named


def settled(entry: Entry) -> Entry:
    """Give an entry that was running as its run folder says that it stands now; it waits again where it has none."""
    if entry.state != "running":
        return entry
    if not entry.folder:
        alive = bool(entry.process) and started_at(entry.process) == entry.process_started
        return entry if alive else entry.changed(state="waiting", process=0, text="")
    try:
        info = RunStore.open(Path(entry.folder)).read_info()
    except EngineError as error:
        return entry.changed(state="interrupted", folder="", text=str(error)[:MAX_TEXT])
    state = "running" if info.state == "paused" else info.state
    return entry.changed(state=state, text=info.message[:MAX_TEXT] if state == "failed" else "")


class QueueFile:
    """`queue.json` in a settings folder. Only one window at a time owns it; any other can only read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "queue.json"
        self._held = ExitStack()
        self.own = False
        """This process may write."""

    def claim(self) -> bool:
        """Own the file if nobody else does; tell whether that is so.

        Raises:
            EngineError: the settings folder cannot be written.
        """
        if not self.own:
            with suppress(_Taken):
                self._held.enter_context(only_one(self.path.with_name("queue.lock"), _give_up))
                self.own = True
        return self.own

    def close(self) -> None:
        """Let others own it."""
        self.own = False
        self._held.close()

    def write(self, queue: Queue) -> None:
        """Write the queue whole.

        Raises:
            EngineError: it cannot be written, or another window owns it.
        """
        if not self.own:
            raise EngineError(f"{self.path} belongs to another window")
        values = {"schema_version": SCHEMA_VERSION, "entries": [entry.model_dump(mode="json") for entry in queue]}
        write_text(self.path, json.dumps(values, indent=1))

    def read(self) -> tuple[Queue, tuple[str, ...]]:
        """Give the queue, and a line for what could not be read; that is left out.

        Where this process owns the file, what was damaged is kept beside it under another name.
        """
        try:
            found, wrong = _entries_in(read_settings(self.path, _MAX_BYTES))
        except EngineError as error:
            found, wrong = (), str(error)
        if not wrong:
            return Queue(found), ()
        if not self.own:
            return Queue(found), (damage(self.path, wrong),)
        lines = [set_aside(self.path, wrong)]
        try:
            self.write(Queue(found))
        except EngineError as error:
            lines.append(str(error))
        return Queue(found), tuple(lines)


class _Taken(Exception):  # noqa: N818 - no error: somebody else was first
    pass


def _give_up() -> None:
    raise _Taken


def _entries_in(values: object) -> tuple[tuple[Entry, ...], str]:
    """Give what can be read of a queue's file, and what is wrong with the rest; empty where nothing is.

    Raises:
        EngineError: nothing can be read.
    """
    if values is None:
        return (), ""
    if not isinstance(values, dict) or not isinstance(values.get("entries"), list):
        raise EngineError("it is no list of runs")
    version = values.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise EngineError(f"it is of a newer VPNs Studio (version {version}, this one reads up to {SCHEMA_VERSION})")
    items: list[object] = values["entries"]
    found: dict[str, Entry] = {}
    wrong = f"{len(items):,} runs, at most {MAX_ENTRIES:,}" if len(items) > MAX_ENTRIES else ""
    for number, item in enumerate(items[:MAX_ENTRIES], 1):
        try:
            entry = Entry.model_validate(item)
        except ValidationError as error:
            wrong = wrong or f"run {number} of {len(items)}: {_reason(item, error)}"
        else:
            found.setdefault(entry.key, entry)
    return tuple(found.values()), wrong


def _reason(item: object, error: ValidationError) -> str:
    """Say what is wrong with an entry, in the words of its settings where it is one of them."""
    config = item.get("config") if isinstance(item, dict) else None
    result = validate(config) if isinstance(config, dict) else None
    if isinstance(result, tuple):
        return result[0].message
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
