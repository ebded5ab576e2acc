"""Whole finished runs on the bundled digits, made by the engine in a few seconds: what the views are shown on."""

from pathlib import Path

import torch

from vpns_engine.drive import Control, start
from vpns_engine.specs.problems import config_from
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore


def digits_config(method: str = "vpns", **changes: object) -> RunConfig:
    """Give a run of 2 + 2 epochs at 90 and 98 % sparsity on one thread; `changes` are sections or values of the config."""
    values: dict[str, object] = {
        "method": method,
        "search_epochs": 2,
        "finetune_epochs": 2,
        "threads": 1,
        "device": "cpu",
        "mask": {"sparsities": [0.9, 0.98]},
        # so few epochs show something with quick steps only
        "data": {"batch_size": 32},
        "optim": {"scores": {"lr": 0.01}, "search_prompt": {"lr": 0.05}, "finetune_prompt": {"lr": 0.05}},
    }
    return config_from(values | changes)


def make_run(runs: Path, config: RunConfig) -> RunStore:
    """Do a run to its end.

    Raises:
        AssertionError: it did not come to it.
    """
    threads = torch.get_num_threads()
    store = start(config, runs, Control(), [])
    torch.set_num_threads(threads)
    ended = store.read(steps=False).history.ended
    assert ended is not None and ended.status == "finished", ended
    return store
