"""What tests of data sets compare."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data_sets.pictures import picture
from vpns_engine.data_sets.tables import read_table
from vpns_engine.errors import EngineError
from vpns_engine.image_table import ImageTable


def opened(table: ImageTable) -> list[np.ndarray]:
    """Open every picture of a table, RGB uint8."""
    if table.load:
        return list(table.load())
    return [np.asarray(Image.open(path).convert("RGB")) for path in table.paths]


def colour_classes(pictures: list[np.ndarray], classes: int) -> np.ndarray:
    """Tell by its colour, or by its grey, which class each picture was drawn for."""
    if all((one == one[..., :1]).all() for one in pictures):
        return np.array([int(one.mean() - 12) // 24 for one in pictures])
    colours = np.stack([picture(label, 0).mean((0, 1)) for label in range(classes)])
    means = np.stack([one.mean((0, 1)) for one in pictures])
    return np.abs(means[:, None] - colours[None]).sum(-1).argmin(1)


def part_of(table: ImageTable, part: int) -> list[tuple[bytes, int]]:
    """Give pictures and labels of a part, in an order that is the same for all readers."""
    pictures = opened(table)
    return sorted((pictures[index].tobytes(), int(table.labels[index])) for index in np.flatnonzero(table.parts == part))


def refusal(key: str, root: Path, *, loading: bool = False) -> str:
    """Give the one line that refuses a data set."""
    with pytest.raises(EngineError) as caught:
        table = read_table(key, root)
        if loading:
            table.load()
    assert "\n" not in str(caught.value)
    return str(caught.value)
