"""How long a folder of very many runs takes to list: `python -m tests.bench_library [RUNS]`."""

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.engine.many_runs import many_runs
from vpns_engine.index import RunIndex
from vpns_engine.run_columns import sorted_rows


def listing(count: int) -> None:
    """Make `count` runs, build their index, list them from it, and look for changes; print the seconds of each."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VPNS_CACHE"] = folder
        runs = Path(folder) / "runs"
        many_runs(runs, count)
        begun = time.perf_counter()
        with RunIndex(runs) as index:
            first = [len(changes.rows) for changes in index.refresh()]
        built = time.perf_counter()
        with RunIndex(runs) as index:
            rows = sorted_rows(index.rows(), "plain")
            listed = time.perf_counter()
            changed = sum(len(changes.rows) for changes in index.refresh())
        looked = time.perf_counter()
    assert sum(first) == len(rows) == count and not changed
    print(f"library, {count:,} runs: first built in {built - begun:.1f} s ({len(first)} parts), then listed and sorted in "
          f"{listed - built:.2f} s, looked through for changes in {looked - listed:.2f} s")  # fmt: skip


if __name__ == "__main__":
    listing(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
