"""`vpns tune`: a run's saved state is tuned further, as a run of its own."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vpns_engine.cli_options import UsageError, add_options, build_config
from vpns_engine.cli_show import find_run
from vpns_engine.export.source import Stage
from vpns_engine.further import further_values
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore

_ABOUT = (
    "Tune a saved state of a run further: its weights, mask, prompt and mapping go on, with fresh optimizers. The settings are "
    "those of the run, except for what you change. An imported checkpoint may have no data set: give one."
)


def add_tune(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: Callable[[argparse.ArgumentParser], None]
) -> argparse.ArgumentParser:
    """Add the command; `add_runs` adds the option that names the folder of runs."""
    parser = commands.add_parser("tune", help="tune a run's saved state further", description=_ABOUT, allow_abbrev=False)
    parser.add_argument("run", metavar="RUN", help="a run folder, a part of its name, or latest")
    add_state_options(parser)
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="change any setting; may be repeated")
    add_runs(parser)
    add_options(parser)
    return parser


def add_state_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose one of a run's saved states."""
    parser.add_argument("--level", type=int, metavar="N", help="level, from 1, as `vpns show` counts; default: the last")
    parser.add_argument(
        "--stage", choices=("search", "finetune"), help="search: mask now, untuned; finetune: tuned; default: the level's last"
    )


def level_of(options: argparse.Namespace) -> int | None:
    """Give the level that is asked for, from 0.

    Raises:
        UsageError: it is less than 1.
    """
    level: int | None = options.level
    if level is not None and level < 1:
        raise UsageError(f"--level {level}: levels are counted from 1")
    return None if level is None else level - 1


def tune(options: argparse.Namespace, runs: Path) -> int:
    """Do `vpns tune`.

    Raises:
        UsageError: a setting cannot work.
        EngineError: no such run, nothing is saved, or its file cannot be read.
    """
    from vpns_engine.cli_run import run

    store = RunStore.open(find_run(options.run, runs))
    return run(tuned_further(store, level=level_of(options), stage=options.stage, given=vars(options)), runs)


def tuned_further(store: RunStore, *, level: int | None, stage: Stage | None, given: Mapping[str, Any]) -> RunConfig:
    """Give the configuration of a run that goes on from a run's saved state.

    Args:
        store: the run.
        level: which density, from 0; the last saved one by default.
        stage: `search` or `finetune`; the level's last by default.
        given: settings by their dotted location that differ from the run's own.

    Raises:
        UsageError: a setting cannot work, or the data set is not known.
        EngineError: nothing is saved, or its file cannot be read.
    """
    config = build_config({**given, "values": further_values(store, level=level, stage=stage)})
    if config.data.dataset == "unknown":
        raise UsageError("--dataset: the run does not know its data set: say which one to tune with")
    return config
