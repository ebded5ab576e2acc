"""`vpns data`: which data sets are there, fetch them, check them, and where they stand."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from vpns_engine.cli_bar import ReportLine
from vpns_engine.cli_options import UsageError
from vpns_engine.cli_tables import table
from vpns_engine.data_sets.check import CheckResult, check
from vpns_engine.data_sets.facts import facts_of
from vpns_engine.data_sets.fetch import fetch
from vpns_engine.data_sets.status import DataStatus, status_of
from vpns_engine.errors import EngineError
from vpns_engine.exit_codes import FAILED, FINISHED
from vpns_engine.files import expanded, explain
from vpns_engine.folders import data_folder, set_data_folder
from vpns_engine.specs.data import DATASET_LABELS, NAMED, Dataset
from vpns_engine.words import printable

_HEADERS = ("Name", "Data set", "Classes", "Training", "Validation", "Test", "State")
_SHOWN_PROBLEMS = 20
_STATE_WORDS = {"ready": "ready", "download": "to download", "manual": "by hand", "incomplete": "incomplete"}


def add_data(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `vpns data` to the command line."""
    parser = commands.add_parser("data", help="list, fetch and check data sets", description="Data sets below the data root.")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    _add(actions, "list", _list, "say of each data set whether it is there")
    fetching = _add(actions, "fetch", _fetch, "download a data set; Ctrl-C keeps what has come")
    checking = _add(actions, "check", _check, "read a whole data set: counts, checksums, every picture")
    for one in (fetching, checking):
        one.add_argument("names", nargs="+", metavar="NAME", help=f"one of {', '.join(NAMED)}")
    root = actions.add_parser("root", help="show the data root, or set it for all runs")
    root.add_argument("folder", nargs="?", metavar="FOLDER", help="the folder to set; it is made if it is not there")
    root.add_argument("--reset", action="store_true", help="take the program's own folder again")
    root.set_defaults(act=_root)


def dataset_called(name: str) -> Dataset:
    """Give the data set a person means: `cifar100`, `CIFAR-100`, `cifar_100`.

    Raises:
        UsageError: there is no such data set.
    """
    for key in NAMED:
        if _plain(name) in (_plain(key), _plain(DATASET_LABELS[key])):
            return key
    raise UsageError(f"no data set {name!r}: one of {', '.join(NAMED)}")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _add(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    act: Callable[[argparse.Namespace], int],
    about: str,
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=about)
    parser.add_argument("--data-root", type=Path, metavar="DIR", help="the folder below which data sets stand")
    parser.set_defaults(act=act)
    return parser


def _root_of(options: argparse.Namespace) -> Path:
    given: Path | None = options.data_root
    return data_folder() if given is None else expanded(str(given)).absolute()


def _list(options: argparse.Namespace) -> int:
    root = _root_of(options)
    found = [status_of(key, root) for key in NAMED]
    print("\n".join(table(_HEADERS, [_row(one) for one in found])))
    for one in found:
        if one.state in ("manual", "incomplete"):
            print(f"\n{one.key}: {printable(one.text)}")
    print(f"\ndata root: {printable(str(root))}", flush=True)
    return FINISHED


def _row(one: DataStatus) -> tuple[str, ...]:
    facts = facts_of(one.key)
    counts = (facts.num_classes, facts.num_train, facts.num_validation, facts.num_test)
    state = one.text if one.state == "download" else _STATE_WORDS[one.state]
    return (one.key, facts.label, *(f"{count:,}" if count else "-" for count in counts), state)


def _fetch(options: argparse.Namespace) -> int:
    root = _root_of(options)
    for key in [dataset_called(name) for name in options.names]:
        with ReportLine() as line:
            fetch(key, root, line)
        print(f"{facts_of(key).label}: {printable(status_of(key, root).text)}", flush=True)
    return FINISHED


def _check(options: argparse.Namespace) -> int:
    root, whole = _root_of(options), True
    for key in [dataset_called(name) for name in options.names]:
        try:
            with ReportLine() as line:
                found = check(key, root, line)
        except EngineError as error:  # the others are looked at all the same
            print(f"vpns: {error}", file=sys.stderr, flush=True)
            whole = False
            continue
        print("\n".join(_result_lines(found)), flush=True)
        whole = whole and not found.problems
    return FINISHED if whole else FAILED


def _result_lines(result: CheckResult) -> list[str]:
    counts = f"{result.num_train:,} training, {result.num_validation:,} validation, {result.num_test:,} test images"
    label = DATASET_LABELS[result.key]
    if not result.problems:
        return [f"{label}: {result.num_classes} classes; {counts}; all of them read, as published"]
    number = len(result.problems)
    lines = [f"{label}: {result.num_classes} classes; {counts}; {number} problem{'s' * (number > 1)}"]
    lines += [f"  {printable(problem)}" for problem in result.problems[:_SHOWN_PROBLEMS]]
    return lines + ([f"  and {number - _SHOWN_PROBLEMS} more"] if number > _SHOWN_PROBLEMS else [])


def _root(options: argparse.Namespace) -> int:
    if options.folder is not None or options.reset:
        _set_root(options)
    print(data_folder(), flush=True)
    if given := os.environ.get("VPNS_DATA"):
        print(f"vpns: VPNS_DATA={given} decides while it is set", file=sys.stderr)
    return FINISHED


def _set_root(options: argparse.Namespace) -> None:
    if options.reset:
        set_data_folder(None)
        return
    if not options.folder.strip():
        raise UsageError("the data root cannot be empty: give a folder, or --reset")
    folder = expanded(options.folder).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(explain(error, folder)) from error
    set_data_folder(folder)
