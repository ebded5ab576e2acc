"""`vpns estimate`: what a run would take, from a few timed iterations of it."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from vpns_engine.cli_options import add_base, add_options, settings_text
from vpns_engine.cli_sweep import sweep_of
from vpns_engine.estimate import Estimate, cost_words, disk_problem, disk_words, memory_problems, room_of_all
from vpns_engine.exit_codes import FINISHED
from vpns_engine.keeping import read_keeping
from vpns_engine.signals import ended_as_by_ctrl_c
from vpns_engine.specs.sweep import Sweep
from vpns_engine.usage import Room, free_on
from vpns_engine.words import duration, printable


def add_estimate(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: Callable[[argparse.ArgumentParser], None]
) -> argparse.ArgumentParser:
    """Add `vpns estimate` to the command line; `add_runs` adds the option that names the folder of runs."""
    parser = commands.add_parser(
        "estimate",
        help="say what a run would take: time, memory, disk",
        description="Time a few iterations of a run, with its own network, images and device, and reckon what all of it takes. "
        "Nothing is kept. The exit code is 0 also where the run would not fit; a warning says so.",
        epilog=settings_text(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_base(parser)
    parser.add_argument("--control", action="store_true", help="count the control arm as well")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    add_runs(parser)
    add_options(parser)
    return parser


def estimate(options: argparse.Namespace, runs: Path) -> int:
    """Estimate what `vpns run` with the same options would take, and print it.

    Raises:
        UsageError: a value cannot work; every reason in its own line.
        EngineError: the run could not start, or does not fit into the memory.
    """
    from vpns_engine.training.probe import probe

    sweep = sweep_of(vars(options))
    with ended_as_by_ctrl_c():
        found = probe(sweep.config, runs, began=psutil.Process().create_time(), report=_say).times(len(sweep.configs))
    room = room_of_all(sweep.configs, read_keeping(_warn), found)
    print(_json(found, room, runs) if options.json else _text(sweep, found, room, runs), flush=True)
    return FINISHED


def _text(sweep: Sweep, found: Estimate, room: Room, runs: Path) -> str:
    many = f"{len(sweep.configs)} runs, one after another. " if len(sweep.configs) > 1 else ""
    parts = ", ".join(f"{name} {duration(seconds)}" for name, seconds in found.parts.items() if seconds >= 1)
    lines = [f"{many}{cost_words(found)}", f"  {parts}", disk_words(room, free_on(runs))]
    return "\n".join([*lines, *(f"warning: {problem}" for problem in _problems(found, room, runs))])


def _json(found: Estimate, room: Room, runs: Path) -> str:
    disk = {"most": room.most, "stays": room.stays, "free": free_on(runs)}
    return json.dumps({**found.model_dump(), "disk": disk, "warnings": list(_problems(found, room, runs))})


def _problems(found: Estimate, room: Room, runs: Path) -> Iterator[str]:
    yield from memory_problems(found)
    if problem := disk_problem(room, free_on(runs), runs):
        yield problem


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _warn(line: str) -> None:
    _say(f"vpns: {printable(line)}")
