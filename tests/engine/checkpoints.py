"""Checkpoints in the released code's format: from a run of a second, and changed as a test wants."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tests.engine.tiny_runs import make_pictures, run, tiny_config
from vpns_engine.official.write import write_checkpoint
from vpns_engine.store import RunStore


@dataclass(frozen=True)
class Written:
    """A run, its pictures, and a checkpoint of each of its stages."""

    store: RunStore
    pictures: Path
    prune: Path
    best: Path

    @property
    def density(self) -> float:
        """The kept share."""
        return self.store.config.mask.densities[0]


def write_both(folder: Path, **changes: object) -> Written:
    """Do a tiny run under the published protocol and write what both of its stages saved."""
    pictures = make_pictures(folder / "pictures")
    data = {"protocol": "paper", **dict(changes.pop("data", {}))}  # type: ignore[call-overload]
    store, _ = run(tiny_config(pictures, data=data, **changes), folder / "made")
    prune = write_checkpoint(store, folder / "prune", stage="search").path
    best = prune if changes.get("method") == "omp" else write_checkpoint(store, folder / "best", stage="finetune").path
    return Written(store, pictures, prune, best)


def changed(path: Path, target: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Write a changed copy of a checkpoint."""
    content = dict(torch.load(path, weights_only=True))
    change(content)
    torch.save(content, target)
    return target
