"""`vpns keep`, `vpns clear` and `vpns runs`: how long what runs leave behind is kept, and where."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from vpns_engine.cli_bar import ReportLine
from vpns_engine.cli_options import UsageError
from vpns_engine.cli_show import find_run
from vpns_engine.cli_tables import table
from vpns_engine.errors import EngineError
from vpns_engine.exit_codes import FINISHED
from vpns_engine.files import expanded, explain
from vpns_engine.folders import runs_folder, set_runs_folder, usual_runs_folder
from vpns_engine.keeping import CLEARABLE, KIND_LABELS, Keeping, Kind, clear, keeping_of, read_keeping, usage_of, write_keeping
from vpns_engine.moving import Moved, finish_move, move_runs, unfinished_move
from vpns_engine.store import RunLibrary
from vpns_engine.words import printable, size_text

AddRuns = Callable[[argparse.ArgumentParser], None]
_SETTINGS = ("checkpoint_minutes", "finished_checkpoints", "epoch_artifacts")
_METAVARS = {"checkpoint_minutes": "MINUTES", "finished_checkpoints": "{remove,keep}", "epoch_artifacts": "{all,last}"}
_LOSSES: dict[Kind, str] = {
    "checkpoints": "; a run that is not finished then goes on from the start of a level",
    "states": "; nothing is left then to export, to look at or to tune further",
}


def add_keep(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `vpns keep`: the settings."""
    parser = commands.add_parser("keep", help="show or set how long checkpoints and per-epoch files are kept")
    for name in _SETTINGS:
        text = " ".join((Keeping.model_fields[name].description or "").split())
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, metavar=_METAVARS[name], help=text)
    parser.add_argument("--reset", action="store_true", help="take the program's own settings again")
    parser.set_defaults(act=_keep)


def _keep(options: argparse.Namespace) -> int:
    given = {name: value for name in _SETTINGS if (value := getattr(options, name)) is not None}
    keeping = Keeping() if options.reset else read_keeping(_warn)
    if given:
        try:
            keeping = keeping_of(keeping.model_dump() | given)
        except EngineError as error:
            raise UsageError(str(error)) from error
    if given or options.reset:
        write_keeping(keeping)
    for name in _SETTINGS:
        print(f"{name.replace('_', '-')}: {getattr(keeping, name):{'g' if name == 'checkpoint_minutes' else ''}}")
    return FINISHED


def add_clear(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: AddRuns) -> argparse.ArgumentParser:
    """Add `vpns clear`; `add_runs` adds the option that names the folder of runs."""
    parser = commands.add_parser(
        "clear",
        help="show what runs take on the disk, and remove what is asked for",
        description="Show what runs take on the disk, and remove the kinds that are named. What was measured stays.",
    )
    parser.add_argument("run", nargs="+", metavar="RUN", help="a run folder, part of its name, or latest")
    for kind in CLEARABLE:
        parser.add_argument(f"--{kind}", action="store_true", help=f"remove the {KIND_LABELS[kind]}{_LOSSES.get(kind, '')}")
    add_runs(parser)
    return parser


def clear_runs(options: argparse.Namespace, runs: Path) -> int:
    """Do `vpns clear`.

    Raises:
        EngineError: there is no such run, it is being written, or a file cannot be removed.
    """
    kinds: list[Kind] = [kind for kind in CLEARABLE if getattr(options, kind)]
    folders = [find_run(wanted, runs) for wanted in options.run]
    for folder in folders:
        if kinds:
            print(f"{printable(folder.name)}: {size_text(clear(folder, kinds))} removed")
    if not kinds:
        print("\n".join(table(("Run", *CLEARABLE, "rest"), [_usage_row(folder) for folder in folders])))
    sys.stdout.flush()
    return FINISHED


def _usage_row(folder: Path) -> tuple[str, ...]:
    found = usage_of(folder)
    return (printable(folder.name), *(size_text(found[kind]) for kind in (*CLEARABLE, "rest")))


def add_runs_folder(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `vpns runs`: where runs are kept."""
    parser = commands.add_parser(
        "runs",
        help="show the folder of runs, set it, or move the runs to another one",
        description="Show the folder of runs, or set it for the window and the command line. With --move the runs that are "
        "there go with it: each is copied and compared before anything is removed, and Ctrl-C leaves them where they were.",
    )
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="the folder to set; it is made if it is not there")
    parser.add_argument("--move", action="store_true", help="move the runs there, too")
    parser.add_argument("--reset", action="store_true", help="take the program's own folder again")
    parser.add_argument("--finish", action="store_true", help="remove what a move that was cut off left in the old folder")
    parser.set_defaults(act=_runs_folder)


def _runs_folder(options: argparse.Namespace) -> int:
    if options.finish:
        with ReportLine() as line:
            moved = finish_move(line)
        _tell(moved)
    elif options.folder is not None or options.reset:
        _set_folder(_wanted(options), move=options.move)
    elif options.move:
        raise UsageError("--move: give the folder that the runs are to be moved to")
    print(runs_folder(), flush=True)
    if given := os.environ.get("VPNS_RUNS"):
        _warn(f"VPNS_RUNS={given} decides while it is set")
    if (left := unfinished_move()) is not None:
        _warn(f"a move was cut off: copies of runs are left in {left}; `vpns runs --finish` removes them")
    return FINISHED


def _wanted(options: argparse.Namespace) -> Path:
    if options.reset:
        return usual_runs_folder()
    if not options.folder.strip():
        raise UsageError("the folder of runs cannot be empty: give a folder, or --reset")
    return expanded(options.folder).absolute()


def _set_folder(folder: Path, *, move: bool) -> None:
    if move:
        with ReportLine() as line:
            moved = move_runs(folder, line)
        _tell(moved)
        return
    left, before = len(RunLibrary(runs_folder()).runs()), runs_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(explain(error, folder)) from error
    set_runs_folder(None if folder == usual_runs_folder() else folder)
    if left and before != runs_folder():
        _warn(f"{left} run{'s' * (left > 1)} stay in {before} (--move would have taken them along)")


def _tell(moved: Moved) -> None:
    print(f"{moved.num_runs} run{'s' * (moved.num_runs != 1)} moved")
    for note in moved.notes:
        _warn(note)


def _warn(line: str) -> None:
    print(f"vpns: {printable(line)}", file=sys.stderr, flush=True)
