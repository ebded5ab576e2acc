"""`vpns compare`: chosen runs in one table, beside what was published; and the same numbers as a CSV file."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from vpns_engine.cli_show import find_run
from vpns_engine.cli_tables import table
from vpns_engine.compare import COLUMNS, HEADER, cells_of, compare, read_runs, rows_of
from vpns_engine.csv_files import Cell, write_csv
from vpns_engine.errors import EngineError
from vpns_engine.exit_codes import FINISHED
from vpns_engine.store import RunLibrary, RunStore
from vpns_engine.summary import family_key
from vpns_engine.words import printable

_NOTE = "Test accuracy: mean ± sample standard deviation over the seeds."
_PUBLISHED = "Published: Jin et al., AAAI 2025, protocol paper, without the prompt."


def add_compare(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: Callable[[argparse.ArgumentParser], None]
) -> argparse.ArgumentParser:
    """Add the command; `add_runs` adds the option that names the folder of runs."""
    parser = commands.add_parser("compare", help="chosen runs in one table, beside the published numbers")
    parser.add_argument("run", nargs="+", metavar="RUN", help="a run folder, part of its name, or latest")
    add_csv(parser)
    add_runs(parser)
    return parser


def add_csv(parser: argparse.ArgumentParser) -> None:
    """Add the option that writes a file."""
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write all numbers there, in full precision")


def compare_runs(wanted: Iterable[str], runs: Path, csv: Path | None) -> int:
    """Show the runs that are named.

    Raises:
        EngineError: a run is not there or cannot be read, none has a level that is done, or the file cannot be written.
    """
    folders = list(dict.fromkeys(find_run(name, runs) for name in wanted))
    found, refused = read_runs(folders)
    if refused:
        raise EngineError(refused[0])
    comparison = compare(found)
    cells = cells_of(comparison)
    if not cells:
        raise EngineError(f"no level was brought to its end in {', '.join(folder.name for folder in folders)}")
    print("\n".join(table(COLUMNS, [[printable(cell) for cell in row] for row in cells])))
    print(f"{_NOTE} {_PUBLISHED}" if comparison.published else _NOTE, flush=True)
    if csv is not None:
        _write(csv, rows_of(comparison))
    return FINISHED


def write_summary(csv: Path, wanted: str | None, runs: Path) -> None:
    """Write the numbers of all runs of a folder, or of those that can be compared with the one that is named.

    Raises:
        EngineError: there is no such run, or the file cannot be written.
    """
    like = None
    if wanted is not None:
        folder = find_run(wanted, runs)
        like, runs = family_key(RunStore.open(folder).config), folder.absolute().parent
    found, _ = read_runs(RunLibrary(runs).runs())
    alike = [run for run in found if like is None or family_key(run.config) == like]
    _write(csv, rows_of(compare(alike), with_published=False))


def _write(path: Path, rows: Iterable[Sequence[Cell]]) -> None:
    write_csv(path, HEADER, rows)
    print(f"written: {path}", flush=True)
