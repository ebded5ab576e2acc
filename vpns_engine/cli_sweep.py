"""`vpns run` with several seeds or the control arm, one run after another; and `vpns summary`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vpns_engine.cli_options import UsageError, build_config, with_epochs
from vpns_engine.cli_results import summaries
from vpns_engine.cli_run import run
from vpns_engine.cli_show import find_run
from vpns_engine.exit_codes import FAILED, FINISHED, STOPPED
from vpns_engine.levels import Done, done_levels
from vpns_engine.specs.method import METHOD_LABELS
from vpns_engine.specs.run import RunConfig
from vpns_engine.specs.sweep import Sweep, seed_texts
from vpns_engine.store import RunStore
from vpns_engine.summary import collect, families, family_key


def sweep_of(options: Mapping[str, Any]) -> Sweep:
    """Give the runs that the command line describes.

    Args:
        options: as `build_config` takes them, where `seed` may be a list (`7,9,17`); `epochs` for both stages, `control`.

    Raises:
        UsageError: a value cannot work; every reason in its own line.
        EngineError: the configuration file cannot be read.
    """
    given = with_epochs(options)
    try:
        texts = seed_texts(given["seed"]) if given.get("seed") is not None else (None,)
    except ValueError as error:
        raise UsageError(f"--seed: {error}") from error
    configs = [build_config({**given, "seed": text}) for text in texts or ("",)]
    return Sweep(configs[0], tuple(dict.fromkeys(config.seed for config in configs)), bool(given.get("control")))


def run_sweep(sweep: Sweep, runs: Path, *, again: bool = False) -> int:
    """Do the runs of a sweep, as `run_all` does.

    Raises:
        EngineError: a run folder cannot be made.
    """
    return run_all(sweep.configs, runs, again=again)


def run_all(configs: Sequence[RunConfig], runs: Path, *, again: bool = False) -> int:
    """Do runs one after another, of each what is not done yet (`again`: all of it); sum them up where they are several.

    A stop ends the current run and leaves out the rest; a run that fails does not keep the others from being done.

    Raises:
        EngineError: a run folder cannot be made.
    """
    codes, reused = [], False
    for number, config in enumerate(configs, 1):
        if len(configs) > 1:
            print(f"\nRun {number} of {len(configs)}: {METHOD_LABELS[config.method]}, seed {config.seed}", flush=True)
        done = Done() if again else done_levels(config, runs)
        reused |= bool(done.words(config))
        codes.append(_run_rest(config, done, runs))
        if codes[-1] == STOPPED:
            break
    if (len(configs) > 1 or reused) and (text := _summary_like(configs, runs)):
        print(f"\n{text}", flush=True)
    return next((code for code in (STOPPED, FAILED) if code in codes), FINISHED)


def _run_rest(config: RunConfig, done: Done, runs: Path) -> int:
    lines, left = done.words(config), done.left_of(config)
    for line in lines:
        print(line)
    if left is not None:
        return run(left, runs, notes=lines, known=done.dense_tests)
    print("nothing is left to do (--again does it once more)", flush=True)
    return FINISHED


def _summary_like(configs: Sequence[RunConfig], runs: Path) -> str:
    keys = {family_key(config) for config in configs}
    return summaries(family for family in families(collect(runs)) if family.key in keys)


def summary(wanted: str | None, runs: Path) -> str:
    """Sum up the runs that can be compared with the one that is named, or all of a folder.

    Raises:
        EngineError: there is no such run, or its configuration cannot be read.
    """
    if wanted is None:
        return summaries(families(collect(runs))) or f"no level was brought to its end in {runs}"
    folder = find_run(wanted, runs)
    text = _summary_like([RunStore.open(folder).config], folder.absolute().parent)
    return text or f"no level was brought to its end in {folder.name} or a run like it"
