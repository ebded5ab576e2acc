"""Tables of numbers and words as CSV files."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from vpns_engine.csv_text import Cell, csv_text
from vpns_engine.files import write_whole

__all__ = ["Cell", "csv_text", "write_csv"]


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a table whole, in UTF-8.

    Raises:
        EngineError: it cannot be written.
    """
    text = csv_text(header, rows)
    # bytes: on Windows, text mode would end each line twice
    write_whole(path, lambda beside: beside.write_bytes(text.encode("utf-8", "replace")))
