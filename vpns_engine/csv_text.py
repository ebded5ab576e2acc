"""Tables of numbers and words as CSV text, for spreadsheets and for programs."""

import csv
import io
from collections.abc import Iterable, Sequence

Cell = str | float | int | None
"""A number is written as it is, with a point; None leaves the cell empty."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write a table as CSV.

    A text that a spreadsheet would take for a formula gets an apostrophe in front: names come out of folders that others made.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_safe(cell) for cell in header])
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def _safe(cell: Cell) -> Cell:
    if not isinstance(cell, str) or not cell.startswith(_FORMULA) or _is_number(cell):
        return cell
    return f"'{cell}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == "-"  # what stands for "not known"
    return True
