"""Small JSON files in the settings folder: read within bounds, and kept under another name where they are damaged."""

import datetime
from pathlib import Path
from typing import Any

from vpns_engine.errors import EngineError
from vpns_engine.files import MOST_JSON_BYTES, explain, parsed, read_bounded
from vpns_engine.words import printable

_LONGEST = 300


def read_settings(path: Path, most: int = MOST_JSON_BYTES) -> Any:  # noqa: ANN401 - whatever stands in the file
    """Give what a file says; None where there is no file.

    Raises:
        EngineError: it cannot be read, or is no JSON within bounds.
    """
    if not path.exists():
        return None
    found = parsed(read_bounded(path, most), "it")
    if found is None:
        raise EngineError("it says nothing")
    return found


def set_aside(path: Path, why: str) -> str:
    """Keep a damaged file under another name, so that nothing in it is lost; give the line that says so."""
    stamp = f"{datetime.datetime.now():%Y-%m-%dT%H-%M-%S-%f}"
    aside = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    try:
        path.rename(aside)
    except OSError as error:
        return f"{damage(path, why)}; it could not be kept: {explain(error, aside)}"
    return f"{damage(path, why)}; it is kept as {aside.name}"


def damage(path: Path, why: str) -> str:
    """Say that a file is damaged."""
    return f"{path} is damaged: {printable(why)[:_LONGEST]}"
