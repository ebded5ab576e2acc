"""The runs that are killed: each a few seconds long, together all that a run can have in its state."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.engine.tiny_runs import make_pictures, tiny_config
from vpns_engine.specs.run import RunConfig

_SGD = {"kind": "sgd", "lr": 0.02, "schedule": "multistep"}
_SIZES = ((40, 30), (24, 24), (33, 50))


def ring(pictures: Path) -> RunConfig:
    """Two levels, a ring, Adam, the labels mapped once, a validation split."""
    levels = {"sparsities": [0.5, 0.9]}
    return tiny_config(pictures / "small", mask=levels, search_epochs=2, finetune_epochs=3, dense="mapped", data={"flip": True})


def moving(pictures: Path) -> RunConfig:
    """A prompt that moves, the labels mapped at each epoch."""
    prompt, mapping = {"kind": "random", "square": 3}, {"kind": "ilm"}
    return tiny_config(pictures / "small", prompt=prompt, mapping=mapping, search_epochs=3, finetune_epochs=3)


def head(pictures: Path) -> RunConfig:
    """A new classifier, SGD whose rate falls in two steps."""
    optim = dict.fromkeys(("scores", "search_prompt", "weights", "finetune_prompt"), _SGD)
    return tiny_config(pictures / "small", mapping={"kind": "head"}, optim=optim, search_epochs=4, finetune_epochs=4)


def dropout(pictures: Path) -> RunConfig:
    """A network that draws numbers at each pass; as published, without a validation split."""
    return tiny_config(
        pictures / "small",
        model={"architecture": "squeezenet1_1", "weights": "none"},
        data={"image_size": 32, "protocol": "paper"},
        prompt={"canvas": 32, "pad": 4},
        search_epochs=2,
        finetune_epochs=2,
    )


def files(pictures: Path) -> RunConfig:
    """Photographs of three sizes, one of them broken; the largest weights, and the dense network tuned."""
    return tiny_config(
        pictures / "photographs",
        method="omp",
        dense="tuned",
        data={"image_size": 16, "micro_batch": 3},
        prompt={"canvas": 16},
        search_epochs=2,
        finetune_epochs=2,
    )


def chance(pictures: Path) -> RunConfig:
    """Weights at random, two levels, a mapping that is drawn."""
    levels = {"sparsities": [0.3, 0.7]}
    return tiny_config(pictures / "small", method="random", mapping={"kind": "rlm"}, mask=levels, search_epochs=2)


CASES: tuple[Callable[[Path], RunConfig], ...] = (ring, moving, head, dropout, files, chance)


def draw_pictures(folder: Path) -> Path:
    """Write what the cases look at."""
    make_pictures(folder / "small")
    generator = np.random.default_rng(5)
    for number in range(30):
        part, name = ("train", "train", "train", "val", "test")[number // 6], ("ash", "birch", "cedar")[number % 3]
        place = folder / "photographs" / part / name
        place.mkdir(parents=True, exist_ok=True)
        picture = generator.integers(0, 256, (*_SIZES[number // 3 % 3], 3), dtype=np.uint8)
        Image.fromarray(picture).save(place / f"{number}.jpg")
    (folder / "photographs" / "train" / "ash" / "0.jpg").write_bytes(b"no picture")
    return folder
