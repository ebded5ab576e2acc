"""`vpns report`: what to tell when something went wrong, without personal paths."""

import argparse
from collections.abc import Callable
from pathlib import Path

from vpns_engine.cli_show import find_run
from vpns_engine.exit_codes import FINISHED
from vpns_engine.report import report


def add_report(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: Callable[[argparse.ArgumentParser], None]
) -> argparse.ArgumentParser:
    """Add `vpns report` to the command line; `add_runs` adds the option that names the folder of runs."""
    parser = commands.add_parser("report", help="print what to tell when something went wrong, without personal paths")
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help="a run folder, part of its name, or latest; without it: program and machine only"
    )
    add_runs(parser)
    return parser


def print_report(options: argparse.Namespace, runs: Path) -> int:
    """Print the report on a run, or on the program alone.

    Raises:
        EngineError: there is no such run.
    """
    print(report(find_run(options.run, runs) if options.run else None), flush=True)
    return FINISHED
