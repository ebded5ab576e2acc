"""`python -m tests.conformance FOLDER...`: replay every case below the folders; fails where one falls short or is unknown."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from tests.conformance.cases import find_cases
from tests.conformance.report import Line
from tests.conformance.suite import is_known, jobs_of, replay


def main(argv: Sequence[str] | None = None) -> int:
    """Replay, print one line for each case and quantity, and give the exit status."""
    options = _options(argv)
    torch.set_num_threads(1)
    lines: list[Line] = []
    began, num_cases, unknown = time.monotonic(), 0, 0
    for case in (case for folder in options.folders for case in find_cases(folder)):
        jobs = jobs_of(case, fast=options.fast)
        if not jobs:
            unknown += not is_known(case)
            print(f"{case.name:36} is {'left out' if is_known(case) else 'of no known kind'}", flush=True)
            continue
        num_cases += 1
        for precision in jobs:
            first, start = len(lines), time.monotonic()
            replay(case, precision, lines.append)
            told = [line for line in lines[first:] if not (options.quiet and line.holds)]
            print(*told, sep="\n", end="\n" if told else "")
            print(f"{case.name:36} {precision:4} {time.monotonic() - start:.1f} s", flush=True)
    return _conclude(lines, num_cases, time.monotonic() - began) or min(unknown, 1)


def _conclude(lines: Sequence[Line], num_cases: int, seconds: float) -> int:
    short = [line for line in lines if not line.holds]
    print(f"\n{num_cases} cases, {len(lines)} quantities, {len(short)} fall short, {seconds:.0f} s")
    print(*short, sep="\n")
    return 1 if short or not lines else 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="replay every case at or below it")
    parser.add_argument("--fast", action="store_true", help="leave out full networks in single precision")
    parser.add_argument("--quiet", action="store_true", help="print only what falls short, and the time of each case")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
