"""`vpns sweep`: the product of several values of any settings, listed or done one run after another."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vpns_engine.cli_options import (
    UsageError,
    add_base,
    add_options,
    leaves,
    location_of,
    problem_line,
    value_of,
    values_of,
    with_epochs,
)
from vpns_engine.cli_tables import table
from vpns_engine.exit_codes import FINISHED
from vpns_engine.levels import run_digest, states_of
from vpns_engine.specs.fields import unit_of
from vpns_engine.specs.sweep import Combination, listed, maker_of, product, seed_texts

_ABOUT = (
    "Do a run for each combination of several values, one after another: --over KEY=VALUE,VALUE ... once for each setting, any "
    "setting of `vpns run` by its option or its KEY of --set. What cannot work is named and left out, what is done "
    "already is not done again. --sparsity 90,95 are levels of one run; --over sparsity=90,95 makes a run of each."
)


def add_sweep(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: Callable[[argparse.ArgumentParser], None]
) -> argparse.ArgumentParser:
    """Add the command; `add_runs` adds the option that names the folder of runs."""
    parser = commands.add_parser("sweep", help="do every combination of several values", description=_ABOUT, allow_abbrev=False)
    parser.add_argument("--over", action="append", default=[], metavar="KEY=VALUE,...", help="several values; may be repeated")
    parser.add_argument("--list", action="store_true", dest="list_only", help="list the runs, and do none")
    add_base(parser)
    parser.add_argument("--again", action="store_true", help="do again what is done already")
    add_runs(parser)
    add_options(parser)
    return parser


def sweep(options: argparse.Namespace, runs: Path) -> int:
    """Do `vpns sweep`.

    Raises:
        UsageError: a setting is not known, or no combination can work.
        EngineError: there are too many, or a run folder cannot be made.
    """
    from vpns_engine.cli_sweep import run_all

    found = combinations_of(vars(options))
    if not any(item.wanted for item in found):
        raise UsageError(*dict.fromkeys(problem_line(problem) for item in found for problem in item.problems))
    if options.list_only:
        print("\n".join(_listing(found, runs)), flush=True)
        return FINISHED
    for number, item in enumerate(found, 1):
        if item.config is None:
            print(f"vpns: run {number} of {len(found)} is left out ({_words(item)}): {item.reason}", file=sys.stderr)
    return run_all([item.config for item in found if item.wanted and item.config is not None], runs, again=options.again)


def combinations_of(options: Mapping[str, Any]) -> tuple[Combination, ...]:
    """Give the runs that the command line describes.

    Args:
        options: as `build_config` takes them, with `over`; `seed` may be a list.

    Raises:
        UsageError: a setting is not known, or is given twice.
        EngineError: the configuration file cannot be read, or there are too many runs.
    """
    axes = _axes(options)
    base = values_of({**with_epochs(options), "seed": None})
    return product(axes, maker_of(base), run_digest)


def _axes(options: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    axes: dict[str, Sequence[Any]] = {}
    if options.get("seed") is not None:
        try:
            axes["seed"] = seed_texts(options["seed"]) or ("",)
        except ValueError as error:
            raise UsageError(f"--seed: {error}") from error
    fields = dict(leaves())
    for item in options.get("over") or ():
        word, sign, text = item.partition("=")
        location = location_of(word)
        if location in axes:
            raise UsageError(f"--over: {location} is given twice")
        texts = listed(text)
        if not sign or not texts:
            raise UsageError(f"--over: {item!r} is not KEY=VALUE,VALUE")
        twice = next((part for part in texts if texts.count(part) > 1), None)
        if twice is not None:
            raise UsageError(f"--over: {location} has {twice} more than once: each value once")
        axes[location] = [value_of(part, fields[location]) for part in texts]
    return axes


def _listing(found: Sequence[Combination], runs: Path) -> list[str]:
    places = list(found[0].choice)
    states = states_of([item.config for item in found if item.wanted and item.config is not None], runs)
    rows = [
        (
            str(number),
            *(_value_words(place, item.choice[place]) for place in places),
            next(states) if item.wanted else f"{'cannot work: ' if item.problems else ''}{item.reason}",
        )
        for number, item in enumerate(found, 1)
    ]
    wanted = sum(item.wanted for item in found)
    left_out = len(found) - wanted
    ending = f"; {left_out} left out" if left_out else ""
    return [*table(("run", *places, "state"), rows), "", f"{wanted} run{'s' if wanted != 1 else ''}{ending}"]


def _words(item: Combination) -> str:
    return ", ".join(f"{place} {_value_words(place, value)}" for place, value in item.choice.items())


def _value_words(place: str, value: object) -> str:
    if isinstance(value, list | tuple) and unit_of(dict(leaves())[place]) == "%":
        return ", ".join(f"{share * 100:.10g} %" for share in value)
    return str(value)

