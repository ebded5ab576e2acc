"""The columns of the library's table: what each says of a run, how it sorts, and what a CSV file gets."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vpns_engine.csv_files import Cell
from vpns_engine.run_rows import STATE_LABELS, RunRow
from vpns_engine.words import size_text, sparsity_of

Key = tuple[float | str, ...]
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d_(?=.)")


@dataclass(frozen=True)
class Column:
    """One column. `key` sorts; an empty one stands last, whichever way is sorted."""

    name: str
    title: str
    tip: str
    text: Callable[[RunRow], str]
    key: Callable[[RunRow], Key]
    cell: Callable[[RunRow], Cell]
    """What a file gets: numbers as numbers; accuracies and sparsities in percent, the levels' with semicolons between."""
    is_number: bool = False


def name_of(row: RunRow) -> str:
    """Name a run: by its own name, else by its folder's, without the time in it."""
    return row.name or _STAMP.sub("", row.folder.name)


def table_of(rows: Iterable[RunRow]) -> tuple[list[str], list[tuple[Cell, ...]]]:
    """Give rows as a table for a file, with each run's note, what of it cannot be read, and its folder."""
    header = [*(column.title for column in COLUMNS), "Note", "Damage", "Folder"]
    return header, [(*(column.cell(row) for column in COLUMNS), row.note, row.damage, str(row.folder)) for row in rows]


def sorted_rows(rows: Iterable[RunRow], name: str, *, falling: bool = False) -> list[RunRow]:
    """Sort rows by the column of that name; those that say nothing there come last, newer runs first where two are alike."""
    column = next(column for column in COLUMNS if column.name == name)
    newest = sorted(rows, key=lambda row: (row.began, row.folder.name), reverse=True)
    keyed = [(column.key(row), row) for row in newest]
    said = sorted((pair for pair in keyed if pair[0]), key=lambda pair: pair[0], reverse=falling)
    return [row for _, row in said] + [row for key, row in keyed if not key]


def _sparsities(densities: Iterable[float]) -> str:
    found = ", ".join(sparsity_of(density).removesuffix(" %") for density in densities)
    return f"{found} %" if found else "–"


def _texts(values: Iterable[float | None]) -> str:
    found = ["–" if value is None else f"{value * 100:.1f}" for value in values]
    return ", ".join(found) if any(text != "–" for text in found) else "–"


def _cells(values: Iterable[float | None], digits: int = 4) -> str:
    found = ["" if value is None else f"{round(value * 100, digits):g}" for value in values]
    return ";".join(found) if any(found) else ""


def _sparsest(row: RunRow, values: tuple[float | None, ...]) -> Key:
    """Sort by the accuracy at the highest sparsity that has one."""
    known = [(density, value) for density, value in zip(row.densities, values, strict=False) if value is not None]
    return (min(known)[1],) if known else ()


def _word(text: str) -> Key:
    return (text.casefold(),) if text else ()


def _words(name: str, title: str, tip: str, text: Callable[[RunRow], str]) -> Column:
    return Column(name, title, tip, lambda row: text(row) or "–", lambda row: _word(text(row)), text)


def _accuracies(name: str, title: str, tip: str, values: Callable[[RunRow], tuple[float | None, ...]]) -> Column:
    tip = f"{tip}; one for each sparsity. Sorts by the highest sparsity"
    return Column(
        name,
        title,
        tip,
        lambda row: _texts(values(row)),
        lambda row: _sparsest(row, values(row)),
        lambda row: _cells(values(row)),
        is_number=True,
    )


def _state_text(row: RunRow) -> str:
    state = row.state
    how_far = f" · {int(row.done * 100)} %" if state in ("running", "paused", "interrupted") and row.done > 0 else ""
    return STATE_LABELS[state] + how_far


COLUMNS = (
    _words("name", "Name", "The run's own name, else what its folder is called after the time", name_of),
    Column(
        "state",
        "State",
        "How the run stands; interrupted: its process has ended without saying so",
        _state_text,
        lambda row: (list(STATE_LABELS).index(row.state), row.done),
        lambda row: STATE_LABELS[row.state].lower(),
    ),
    _words("architecture", "Architecture", "The network", lambda row: row.architecture),
    _words("data", "Data", "The data set", lambda row: row.data),
    _words("method", "Method", "How the mask is found", lambda row: row.method),
    _words("prompt", "Prompt", "Kind and size of the visual prompt", lambda row: row.prompt),
    Column(
        "sparsity",
        "Sparsity",
        "Share of the scored weights that is pruned. Sorts by the highest",
        lambda row: _sparsities(row.densities),
        lambda row: (1 - min(row.densities),) if row.densities else (),
        lambda row: _cells((1 - density for density in row.densities), 6),
        is_number=True,
    ),
    _accuracies("plain", "Test %", "Test accuracy without the prompt", lambda row: row.plain),
    _accuracies("prompted", "with prompt %", "Test accuracy with the prompt", lambda row: row.prompted),
    Column(
        "dense",
        "Dense %",
        "Test accuracy of the unpruned network, without the prompt",
        lambda row: _texts((row.dense,)),
        lambda row: () if row.dense is None else (row.dense,),
        lambda row: _cells((row.dense,)),
        is_number=True,
    ),
    Column(
        "seed",
        "Seed",
        "Decides batch order, augmentation and what is random",
        lambda row: "–" if row.seed is None else str(row.seed),
        lambda row: () if row.seed is None else (row.seed,),
        lambda row: row.seed,
        is_number=True,
    ),
    Column(
        "date",
        "Begun",
        "When the run began",
        lambda row: f"{row.started:%Y-%m-%d %H:%M}" if row.started else "–",
        lambda row: (row.began,) if row.began > 0 else (),
        lambda row: f"{row.started:%Y-%m-%d %H:%M:%S}" if row.started else None,
    ),
    Column(
        "size",
        "Size",
        "What the run's folder occupies on the disk",
        lambda row: size_text(row.num_bytes),
        lambda row: (row.num_bytes,),
        lambda row: row.num_bytes,
        is_number=True,
    ),
    _words("tags", "Tags", "Your own tags", lambda row: ", ".join(row.tags)),
)
"""All columns, in their order."""
