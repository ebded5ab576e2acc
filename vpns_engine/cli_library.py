"""`vpns list` and `vpns mark`: the library in the terminal, with its filter, its tags and its table as CSV."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from vpns_engine.cli_options import UsageError
from vpns_engine.cli_show import find_run
from vpns_engine.cli_tables import table
from vpns_engine.csv_files import write_csv
from vpns_engine.exit_codes import FINISHED
from vpns_engine.index import RunIndex
from vpns_engine.marks import checked, read_marks, tags_in, write_marks
from vpns_engine.run_columns import COLUMNS, sorted_rows, table_of
from vpns_engine.run_rows import STATE_LABELS, Filter, RunRow
from vpns_engine.words import printable, size_text

AddRuns = Callable[[argparse.ArgumentParser], None]
_FALLING = ("date", "size", "plain", "prompted", "dense", "sparsity")
"""Columns of which the largest comes first."""


def add_list(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: AddRuns) -> argparse.ArgumentParser:
    """Add `vpns list`; `add_runs` adds the option that names the folder of runs."""
    parser = commands.add_parser("list", help="list runs with settings, results, size, state and tags; write the table as CSV")
    parser.add_argument("word", nargs="*", metavar="WORD", help="only runs in whose line every word is found")
    parser.add_argument("--state", choices=tuple(STATE_LABELS), help="only runs that stand like this")
    parser.add_argument("--tag", metavar="TAG", default="", help="only runs with this tag")
    parser.add_argument(
        "--sort", choices=tuple(column.name for column in COLUMNS), default="date", help="column to sort by (default: date)"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the table to a CSV file instead")
    add_runs(parser)
    return parser


def list_library(options: argparse.Namespace, runs: Path) -> int:
    """Do `vpns list`.

    Raises:
        EngineError: the folder of runs cannot be read, or the file cannot be written.
    """
    wanted = Filter(text=" ".join(options.word), state=options.state or "", tag=options.tag)
    rows = sorted_rows(wanted.of(_rows(runs)), options.sort, falling=options.sort in _FALLING)
    if options.csv is not None:
        write_csv(options.csv, *table_of(rows))
        print(f"{options.csv}: {len(rows):,} run{'s' * (len(rows) != 1)}")
    elif not rows:
        print(f"no such run in {runs}" if wanted != Filter() else f"no runs in {runs}")
    else:
        print("\n".join(table([column.title for column in COLUMNS], [_cells(row) for row in rows])))
        print(f"\n{len(rows):,} run{'s' * (len(rows) != 1)}, {size_text(sum(row.num_bytes for row in rows))}, in {runs}")
    sys.stdout.flush()
    return FINISHED


def add_mark(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: AddRuns) -> argparse.ArgumentParser:
    """Add `vpns mark`."""
    parser = commands.add_parser("mark", help="show or change a run's tags and note")
    parser.add_argument("run", metavar="RUN", help="a run folder, part of its name, or latest")
    parser.add_argument("--tag", action="append", default=[], metavar="TAG", help="add a tag, or several with commas between")
    parser.add_argument("--untag", action="append", default=[], metavar="TAG", help="take a tag away")
    parser.add_argument("--note", metavar="TEXT", help="replace the note; an empty text removes it")
    add_runs(parser)
    return parser


def mark_run(options: argparse.Namespace, runs: Path) -> int:
    """Do `vpns mark`.

    Raises:
        UsageError: a tag is to be taken away that the run does not have.
        EngineError: there is no such run, a tag or the note is too long, or they cannot be written.
    """
    folder = find_run(options.run, runs)
    marks = read_marks(folder)
    fewer = tags_in(",".join(options.untag))
    if missing := [tag for tag in fewer if tag not in marks.tags]:
        raise UsageError(f"{folder.name} has no tag {missing[0]!r}")
    tags = (*(tag for tag in marks.tags if tag not in fewer), *tags_in(",".join(options.tag)))
    changed = checked(tags, marks.note if options.note is None else options.note)
    if changed != marks:
        write_marks(folder, changed)
    print(f"{printable(folder.name)}\ntags: {', '.join(map(printable, changed.tags)) or '-'}")
    print("\n".join(["note:", *(f"  {printable(line)}" for line in changed.note.splitlines())]) if changed.note else "note: -")
    return FINISHED


def _rows(runs: Path) -> Iterable[RunRow]:
    with RunIndex(runs) as index:
        rows = {row.folder: row for row in index.rows()}
        for changes in index.refresh():
            for folder in changes.gone:
                rows.pop(folder, None)
            rows.update((row.folder, row) for row in changes.rows)
    return rows.values()


def _cells(row: RunRow) -> tuple[str, ...]:
    return tuple(printable(column.text(row)).replace("–", "-") for column in COLUMNS)
