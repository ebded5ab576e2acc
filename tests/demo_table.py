"""Measure the demo's table (README): `python -m tests.demo_table`.

Runs the demo preset through the engine for every method, sparsity and seed, and prints test accuracy without the prompt as the
mean and sample standard deviation over the seeds, and the wall time of a run.
"""

import argparse
import itertools
import tempfile
import time
from pathlib import Path
from statistics import mean, stdev

from vpns_engine.drive import Control, start
from vpns_engine.history import RunHistory
from vpns_engine.presets import presets
from vpns_engine.specs.run import RunConfig

METHODS = ("vpns", "control", "omp", "random")


def run_once(config: RunConfig, folder: Path) -> tuple[RunHistory, float]:
    """Do one run; give what it told and its wall time in seconds."""
    history = RunHistory()
    began = time.monotonic()
    start(config, folder, Control(), [history.apply])
    if history.ended is None or history.ended.status != "finished":
        raise SystemExit(f"the run did not finish: {history.ended}")
    return history, time.monotonic() - began


def demo(method: str, sparsities: tuple[float, ...], seed: int, threads: int) -> RunConfig:
    """Give the demo preset with another method, levels and seed."""
    values = next(iter(presets().values())).model_dump()
    values |= {"method": method, "seed": seed, "threads": threads, "dense": "none", "mask": {"sparsities": sparsities}}
    return RunConfig.model_validate(values)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--sparsities", nargs="+", type=float, default=[0.9, 0.95, 0.98])
    parser.add_argument("--seeds", nargs="+", type=int, default=[7, 9, 17])
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    levels = tuple(options.sparsities)
    print(f"method    {'  '.join(f'{level:>22.0%}' for level in levels)}   seconds for one sparsity")
    for method in options.methods:
        plain: dict[float, list[float]] = {level: [] for level in levels}
        prompted: dict[float, list[float]] = {level: [] for level in levels}
        seconds = []
        for seed, level in itertools.product(options.seeds, levels):
            with tempfile.TemporaryDirectory() as folder:
                history, spent = run_once(demo(method, (level,), seed, options.threads), Path(folder))
            seconds.append(spent)
            tested = history.levels[0].test("finetune")
            assert tested is not None
            plain[level].append(100 * tested.accuracy)
            prompted[level].append(100 * (tested.accuracy if tested.accuracy_prompted is None else tested.accuracy_prompted))
        cells = (f"{shown(plain[level])} ({shown(prompted[level])})" for level in levels)
        print(f"{method:9s} {'  '.join(f'{cell:>26s}' for cell in cells)}   {mean(seconds):.0f}", flush=True)


def shown(values: list[float]) -> str:
    """Format a mean with its sample standard deviation."""
    return f"{mean(values):.1f} ± {stdev(values):.1f}" if len(values) > 1 else f"{values[0]:.1f}"


if __name__ == "__main__":
    main()
