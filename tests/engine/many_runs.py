"""A folder of very many runs, written in a few seconds: what one run left behind, again and again with another seed."""

import json
import os
from pathlib import Path

from tests.engine.done_runs import config_of, done_run
from vpns_engine.store import RunStore

_STARTED = 1.75e9


def many_runs(runs: Path, count: int) -> None:
    """Write `count` finished runs; each is half an hour older than the one before, and has a seed of its own."""
    made = done_run(runs.parent / "pattern", config_of(0.9, 0.95))
    config = json.loads((made.folder / "config.json").read_bytes())
    info = json.loads((made.folder / "run.json").read_bytes())
    events = made.folder / "events.jsonl"
    os.utime(events, (_STARTED, _STARTED))  # it is long since anybody wrote them
    runs.mkdir(exist_ok=True)
    for number in range(count):
        folder = runs / f"run_{count - number:06d}_seed_{number}"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({**config, "seed": number}))
        (folder / "run.json").write_text(json.dumps({**info, "seed": number, "started": _STARTED - 1800 * number}))
        os.link(events, folder / "events.jsonl")


def touch(store: RunStore, **changes: object) -> None:
    """Write another `run.json`, as whoever works on the run does."""
    store.write_info(store.read_info().model_copy(update=changes))
