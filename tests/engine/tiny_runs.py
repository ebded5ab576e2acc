"""Whole runs over a few 8 px pictures: the engine from its front door, in a second or two."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from vpns_engine.drive import Control, start
from vpns_engine.events import Event
from vpns_engine.specs.problems import config_from
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore

PER_PART = {"train": 4, "val": 2, "test": 2}
CLASSES = ("blue", "green", "red")


def make_pictures(folder: Path, seed: int = 1) -> Path:
    """Write noisy pictures of three colours: 12 to train, 6 to validate, 6 to test."""
    generator = np.random.default_rng(seed)
    for part, count in PER_PART.items():
        for channel, name in enumerate(CLASSES[::-1]):
            place = folder / part / name
            place.mkdir(parents=True)
            for number in range(count):
                picture = generator.integers(0, 90, (8, 8, 3), dtype=np.uint8)
                picture[..., channel] += 150
                Image.fromarray(picture).save(place / f"{name}_{number}.png")
    return folder


def tiny_config(folder: Path, **changes: object) -> RunConfig:
    """Give a run of one search and one tuning epoch; `changes` are sections or values of the config."""
    values: dict[str, object] = {
        "search_epochs": 1,
        "finetune_epochs": 1,
        "threads": 1,
        "device": "cpu",
        "mask": {"sparsities": [0.5]},
        "dense": "none",
    }
    data = {"dataset": "folder", "folder": str(folder), "image_size": 8, "batch_size": 4}
    data |= dict(changes.pop("data", {}))  # type: ignore[call-overload]
    prompt = {"kind": "pad", "canvas": 8, "pad": 1} | dict(changes.pop("prompt", {}))  # type: ignore[call-overload]
    return config_from(values | {"data": data, "prompt": prompt} | changes)


def run(config: RunConfig, runs: Path, watch: Callable[[Event], None] | None = None) -> tuple[RunStore, list[Event]]:
    """Do a run and give its folder and its events; `watch` is told each as it comes."""
    return run_with(Control(), config, runs, watch)


def run_with(
    control: Control, config: RunConfig, runs: Path, watch: Callable[[Event], None] | None = None
) -> tuple[RunStore, list[Event]]:
    """Do a run that `control` may stop."""
    events: list[Event] = []
    sinks = [events.append, *([watch] if watch else [])]
    return start(config, runs, control, sinks), events
