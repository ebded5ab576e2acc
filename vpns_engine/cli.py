"""The command line: vpns run, show, export, presets."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from vpns_engine import __version__
from vpns_engine.cli_options import UsageError, add_options, build_config, settings_text
from vpns_engine.cli_show import find_run, list_runs, show
from vpns_engine.errors import EngineError
from vpns_engine.exit_codes import FAILED, FINISHED, STOPPED, USAGE
from vpns_engine.folders import runs_folder
from vpns_engine.presets import all_presets
from vpns_engine.store import RunStore
from vpns_engine.words import percent

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
            print(f"vpns: {line}", file=sys.stderr)
        return USAGE
    except EngineError as error:
        print(f"vpns: {error}", file=sys.stderr)
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
    _add_show(commands)
    _add_export(commands)
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
    base = parser.add_mutually_exclusive_group()
    base.add_argument("--preset", metavar="NAME", help="start from a preset, for example digits (see `vpns presets`)")
    base.add_argument("--config", type=Path, metavar="FILE", help="start from a configuration file, or from a run's folder")
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="change any setting; may be repeated")
    _add_runs(parser)
    add_options(parser)
    parser.set_defaults(act=_run)


def _add_show(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("show", help="show a run, or list the runs")
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run folder, part of its name, or latest; without it: the list")
    _add_runs(parser)
    parser.set_defaults(act=_show)


def _add_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("export", help="write a run's pruned network for plain PyTorch")
    parser.add_argument("run", metavar="RUN", help="a run folder, a part of its name, or latest")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder to write; it must not exist or be empty")
    parser.add_argument("--level", type=int, metavar="N", help="level, from 1, as `vpns show` counts; default: the last")
    parser.add_argument(
        "--stage", choices=("search", "finetune"), help="search: mask now, untuned; finetune: tuned; default: the level's last"
    )
    _add_runs(parser)
    parser.set_defaults(act=_export)


def _add_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=Path, default=None, metavar="DIR", help=f"folder of runs (default: {runs_folder()})")


def _runs(options: argparse.Namespace) -> Path:
    folder: Path | None = options.runs
    return folder or runs_folder()


def _run(options: argparse.Namespace) -> int:
    from vpns_engine.cli_run import run

    return run(build_config(vars(options)), _runs(options))


def _show(options: argparse.Namespace) -> int:
    runs = _runs(options)
    print(show(find_run(options.run, runs)) if options.run else list_runs(runs))
    sys.stdout.flush()
    return FINISHED


def _presets(_options: argparse.Namespace) -> int:
    for preset in all_presets():
        print(f"{preset.key}\n    {preset.name}. {preset.about}")
    return FINISHED


def _export(options: argparse.Namespace) -> int:
    from vpns_engine.export import export_run

    store = RunStore.open(find_run(options.run, _runs(options)))
    if options.level is not None and options.level < 1:
        raise UsageError(f"--level {options.level}: levels are counted from 1")
    level = None if options.level is None else options.level - 1
    result = export_run(store, options.folder, level=level, stage=options.stage, report=_report)
    print(f"{result.num_kept:,} of {result.num_scored:,} scored weights kept; density {percent(result.density, 3)} in the file")
    print(f"re-read in a fresh process: {_agreement(result.max_logit_difference)}")
    print(f"exported: {result.folder}", flush=True)
    return FINISHED


def _report(text: str, _done: float | None) -> None:
    print(text, flush=True)


def _agreement(difference: float) -> str:
    return "the same logits" if difference == 0 else f"logits within {difference:.2g}"
