"""The command line: vpns run, show, summary, export, presets."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from vpns_engine import __version__
from vpns_engine.cli_compare import add_compare, add_csv, compare_runs, write_summary
from vpns_engine.cli_data import add_data
from vpns_engine.cli_estimate import add_estimate, estimate
from vpns_engine.cli_export import add_export, export_state
from vpns_engine.cli_gains import add_gains, print_gains
from vpns_engine.cli_import import add_import, import_checkpoint
from vpns_engine.cli_keep import add_clear, add_keep, add_runs_folder, clear_runs
from vpns_engine.cli_library import add_list, add_mark, list_library, mark_run
from vpns_engine.cli_masks import add_masks, masks
from vpns_engine.cli_options import UsageError, add_base, add_options, settings_text
from vpns_engine.cli_predict import add_predict, predict
from vpns_engine.cli_product import add_sweep, sweep
from vpns_engine.cli_report import add_report, print_report
from vpns_engine.cli_resume import add_resume, follow_run, resume_run
from vpns_engine.cli_show import find_run, list_runs, show
from vpns_engine.cli_tune import add_tune, tune
from vpns_engine.cli_weights import add_weights
from vpns_engine.errors import EngineError
from vpns_engine.exit_codes import FAILED, FINISHED, STOPPED, USAGE
from vpns_engine.folders import runs_folder
from vpns_engine.presets import all_presets, own_presets
from vpns_engine.store import RunStore
from vpns_engine.words import printable

_CODES = "Exit codes: 0 finished, 130 stopped, 1 failed, 2 wrong usage."


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says and give the exit code.

    Raises:
        SystemExit: help or the version was asked for, or the arguments cannot be understood (code 2).
    """
    options = _parser().parse_args(argv)
    try:
        code: int = options.act(options)
    except UsageError as error:
        for line in error.lines:
            print(f"vpns: {printable(line)}", file=sys.stderr)
        return USAGE
    except EngineError as error:
        print(f"vpns: {printable(str(error))}", file=sys.stderr)  # it may quote a hostile file
        return FAILED
    except KeyboardInterrupt:
        print("vpns: interrupted", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # the reader (`| head`) has gone: nothing is wrong; what is still in the buffer must go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINISHED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vpns", description="Prune vision networks together with a learned visual prompt.")
    parser.add_argument("--version", action="version", version=f"vpns {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    going_on, following = add_resume(commands, _add_runs)
    going_on.set_defaults(act=_resume)
    following.set_defaults(act=_follow)
    add_sweep(commands, _add_runs).set_defaults(act=_sweep)
    add_estimate(commands, _add_runs).set_defaults(act=_estimate)
    _add_show(commands)
    add_list(commands, _add_runs).set_defaults(act=_list)
    add_mark(commands, _add_runs).set_defaults(act=_mark_run)
    _add_summary(commands)
    add_compare(commands, _add_runs).set_defaults(act=_compare)
    add_masks(commands, _add_runs).set_defaults(act=_masks)
    add_export(commands, _add_runs).set_defaults(act=_export)
    add_gains(commands, _add_runs).set_defaults(act=_gains)
    add_predict(commands, _add_runs).set_defaults(act=_predict)
    add_import(commands, _add_runs).set_defaults(act=_import)
    add_tune(commands, _add_runs).set_defaults(act=_tune)
    add_report(commands, _add_runs).set_defaults(act=_report_run)
    add_keep(commands)
    add_clear(commands, _add_runs).set_defaults(act=_clear)
    add_runs_folder(commands)
    add_data(commands)
    add_weights(commands)
    listing = commands.add_parser("presets", help="list the presets")
    listing.set_defaults(act=_presets)
    return parser


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "run",
        help="run a configuration to its end",
        description=f"Run a configuration to its end. Ctrl-C stops cleanly and keeps the result so far. {_CODES}",
        epilog=settings_text(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_base(parser)
    parser.add_argument("--control", action="store_true", help="do the control arm as well: the same settings without a prompt")
    parser.add_argument("--again", action="store_true", help="do again what is done already, instead of taking it from there")
    _add_runs(parser)
    add_options(parser)
    parser.set_defaults(act=_run)


def _add_summary(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("summary", help="mean and spread over the seeds of runs that are alike")
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help="those like this one: a run folder, part of its name, or latest; without it: all"
    )
    add_csv(parser)
    _add_runs(parser)
    parser.set_defaults(act=_summary)


def _add_show(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("show", help="show a run, or list the runs")
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder, part of its name, or latest; without it: the list")
    _add_runs(parser)
    parser.set_defaults(act=_show)


def _add_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=Path, default=None, metavar="DIR", help=f"folder of runs (default: {runs_folder()})")


def _runs(options: argparse.Namespace) -> Path:
    folder: Path | None = options.runs
    return folder or runs_folder()


def _run(options: argparse.Namespace) -> int:
    from vpns_engine.cli_sweep import run_sweep, sweep_of

    return run_sweep(sweep_of(vars(options)), _runs(options), again=options.again)


def _sweep(options: argparse.Namespace) -> int:
    return sweep(options, _runs(options))


def _estimate(options: argparse.Namespace) -> int:
    return estimate(options, _runs(options))


def _clear(options: argparse.Namespace) -> int:
    return clear_runs(options, _runs(options))


def _summary(options: argparse.Namespace) -> int:
    from vpns_engine.cli_sweep import summary

    print(summary(options.run, _runs(options)), flush=True)
    if options.csv is not None:
        write_summary(options.csv, options.run, _runs(options))
    return FINISHED


def _compare(options: argparse.Namespace) -> int:
    return compare_runs(options.run, _runs(options), options.csv)


def _masks(options: argparse.Namespace) -> int:
    return masks(options, _runs(options))


def _resume(options: argparse.Namespace) -> int:
    return resume_run(options.run, _runs(options))


def _follow(options: argparse.Namespace) -> int:
    return follow_run(RunStore.open(find_run(options.run, _runs(options))))


def _show(options: argparse.Namespace) -> int:
    runs = _runs(options)
    print(show(find_run(options.run, runs)) if options.run else list_runs(runs))
    sys.stdout.flush()
    return FINISHED


def _list(options: argparse.Namespace) -> int:
    return list_library(options, _runs(options))


def _mark_run(options: argparse.Namespace) -> int:
    return mark_run(options, _runs(options))


def _presets(_options: argparse.Namespace) -> int:
    for preset in (*all_presets(), *own_presets(_warn)):
        print(f"{preset.key}\n    {preset.name}. {preset.about}")
    return FINISHED


def _warn(line: str) -> None:
    print(f"vpns: {printable(line)}", file=sys.stderr)


def _import(options: argparse.Namespace) -> int:
    return import_checkpoint(options, _runs(options))


def _tune(options: argparse.Namespace) -> int:
    return tune(options, _runs(options))


def _predict(options: argparse.Namespace) -> int:
    return predict(options, _runs(options))


def _gains(options: argparse.Namespace) -> int:
    return print_gains(options, _runs(options))


def _report_run(options: argparse.Namespace) -> int:
    return print_report(options, _runs(options))


def _export(options: argparse.Namespace) -> int:
    return export_state(options, _runs(options))
