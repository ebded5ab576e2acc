"""What a person notes on a run: tags and a note, in `notes.json` of the run's folder."""

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from vpns_engine.errors import EngineError
from vpns_engine.files import explained, read_json, write_text

MOST_TAGS, LONGEST_TAG, LONGEST_NOTE = 20, 30, 20_000
_FILE, _ASIDE = "notes.json", "notes.damaged.json"


class Marks(BaseModel):
    """Tags and a note. `checked` makes them of what a person typed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tags: tuple[str, ...] = ()
    note: str = ""


def tags_in(text: str) -> tuple[str, ...]:
    """Give the tags that a person typed with commas between them, each once, in their order."""
    return _tidy(text.split(","))


def checked(tags: Iterable[str], note: str) -> Marks:
    """Make marks that can be written.

    Raises:
        EngineError: too many tags, or one or the note is too long.
    """
    found = Marks(tags=_tidy(tags), note=note.strip())
    if len(found.tags) > MOST_TAGS:
        raise EngineError(f"{len(found.tags)} tags: a run has {MOST_TAGS} at most")
    for tag in found.tags:
        if len(tag) > LONGEST_TAG:
            raise EngineError(f"the tag {tag[:LONGEST_TAG]!r}... has {len(tag)} characters: {LONGEST_TAG} at most")
    if len(found.note) > LONGEST_NOTE:
        raise EngineError(f"a note of {len(found.note):,} characters: {LONGEST_NOTE:,} at most")
    return found


def read_marks(folder: Path) -> Marks:
    """Read a run's tags and note; none where there is no file.

    Raises:
        EngineError: the file is damaged.
    """
    path = folder / _FILE
    if not os.path.lexists(path):
        return Marks()
    try:
        found = Marks.model_validate(read_json(path))
    except ValidationError as error:
        raise EngineError(f"{path} cannot be read: {error.errors(include_url=False)[0]['msg']}") from error
    return checked(found.tags, found.note)


def write_marks(folder: Path, marks: Marks) -> None:
    """Write a run's tags and note whole; a damaged file that stands there is kept beside.

    Raises:
        EngineError: it cannot be written, or the run is gone.
    """
    if not folder.is_dir():
        raise EngineError(f"{folder} is not there")
    whole = checked(marks.tags, marks.note)
    path = folder / _FILE
    try:
        read_marks(folder)
    except EngineError:
        with explained(path):
            path.replace(folder / _ASIDE)
    write_text(path, whole.model_dump_json(indent=2) + "\n")


def _tidy(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for given in tags if (tag := " ".join(given.replace(",", " ").split()))))
