"""What the library's table is filled with: rows read beside the window, as lines of text; tags and notes written there."""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from vpns_engine.errors import EngineError
from vpns_engine.index import RunIndex
from vpns_engine.marks import Marks, checked, read_marks, tags_in, write_marks
from vpns_engine.run_columns import COLUMNS
from vpns_engine.run_rows import STATE_LABELS, RowState, RunRow
from vpns_engine.words import size_text
from vpns_gui.background import Background
from vpns_gui.models.runs_table import LineTexts, RunLine
from vpns_gui.views.run_marks import MarksEdit

_TONES: dict[RowState, str] = {
    "running": "good",
    "paused": "warning",
    "interrupted": "warning",
    "failed": "danger",
    "damaged": "danger",
}
_NOTE_SHOWN = 400


@dataclass(frozen=True)
class Item:
    """A run in the table: its row, how it stands, and the line that says so."""

    row: RunRow
    state: RowState
    line: RunLine

    @classmethod
    def of(cls, row: RunRow, *, is_open: bool = False) -> "Item":
        """Make the line of a row."""
        state = row.state
        return cls(row, state, RunLine(row.folder, partial(_texts, row, state), is_open=is_open))

    def noted(self, edit: MarksEdit) -> "Item":
        """Give the item as it is once an edit is written."""
        marks = marked(Marks(tags=self.row.tags, note=self.row.note), edit)
        return Item.of(replace(self.row, tags=marks.tags, note=marks.note), is_open=self.line.is_open)

    def renewed(self, *, is_open: bool) -> "Item":
        """Give the item as it is now: a run's process may have ended without a word."""
        same = self.line.is_open == is_open and (not self.row.goes_on or self.row.state == self.state)
        return self if same else Item.of(self.row, is_open=is_open)


@dataclass(frozen=True)
class Found:
    """What a look at the folder found: runs that are new or other than before, those that are gone, and how far it is."""

    runs: Path
    items: tuple[Item, ...]
    gone: tuple[Path, ...] = ()
    looked: int = 0
    total: int = 0


class Looked(NamedTuple):
    """A look that is over."""

    runs: Path
    seconds: float


class IndexReader(Background):
    """Looks at a folder of runs and hands on what has changed, as it is read; `done` gives a Looked."""

    found = Signal(object)
    """Found, several times; first of all what was known already."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._known: Path | None = None
        self._left = False

    def look(self, runs: Path) -> None:
        """Begin to look."""
        self._left = False
        self.start(lambda: self._look(runs))

    def leave(self) -> None:
        """Leave off after the run that is being read; the next look begins with what is known."""
        self._left, self._known = True, None

    def close(self) -> None:
        """Leave off, and wait for that; nothing is delivered any more."""
        self.leave()
        super().close()

    def _look(self, runs: Path) -> Looked:
        begun = time.monotonic()
        with RunIndex(runs) as index:
            if self._known != runs:
                self.found.emit(Found(runs, tuple(map(Item.of, index.rows()))))
            for changes in index.refresh():
                self.found.emit(Found(runs, tuple(map(Item.of, changes.rows)), changes.gone, changes.looked, changes.total))
                if self._left:
                    return Looked(runs, 0.0)
        self._known = runs
        return Looked(runs, time.monotonic() - begun)


class MarksWriter(Background):
    """Writes tags and notes, one edit after the other; what waits is written when the window closes."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent, matters=True)
        self._edits: deque[MarksEdit] = deque()

    def write(self, edit: MarksEdit) -> None:
        """Write an edit, now or after those before it.

        Raises:
            EngineError: it cannot be written as it stands, for example a tag is too long.
        """
        checked(tags_in(edit.tags), edit.note or "")
        self._edits.append(edit)
        self.start(self._work)

    def close(self) -> None:
        """Write what is left."""
        super().close()
        self._work()

    def _work(self) -> None:
        refused = []
        while self._edits:
            edit = self._edits.popleft()
            for folder in edit.folders:
                try:
                    write_marks(folder, marked(_marks_of(folder), edit))
                except EngineError as error:
                    refused.append(str(error))
        if refused:
            raise EngineError(refused[0] + (f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""))


def marked(marks: Marks, edit: MarksEdit) -> Marks:
    """Give a run's marks after an edit: of several runs' tags, only those that all had in common were seen."""
    before, now = tags_in(edit.tags_before), tags_in(edit.tags)
    kept = tuple(tag for tag in marks.tags if tag in now or tag not in before)
    return checked((*kept, *now), marks.note if edit.note is None else edit.note)


def common_tags(rows: Iterable[RunRow]) -> tuple[str, ...]:
    """Give the tags that all of these runs have."""
    found = [row.tags for row in rows]
    return tuple(tag for tag in found[0] if all(tag in tags for tags in found)) if found else ()


def _marks_of(folder: Path) -> Marks:
    try:
        return read_marks(folder)
    except EngineError:  # kept aside when the new ones are written
        return Marks()


def _texts(row: RunRow, state: RowState) -> LineTexts:
    return LineTexts(tuple(column.text(row) for column in COLUMNS), _tip(row, state), _TONES.get(state, ""))


def _tip(row: RunRow, state: RowState) -> str:
    lines = [row.folder.name, f"{STATE_LABELS[state]}, {size_text(row.num_bytes)}"]
    lines += [row.message] * bool(row.message and state in ("failed", "stopped"))
    lines += [f"Damaged: {row.damage}"] * bool(row.damage)
    lines += [row.note if len(row.note) <= _NOTE_SHOWN else f"{row.note[:_NOTE_SHOWN]} …"] * bool(row.note)
    return "\n".join(lines)
