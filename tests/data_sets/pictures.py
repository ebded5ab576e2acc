"""The pictures of miniature sets: each class has a colour of its own, each picture a shade."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Plan:
    """How many images a miniature set has."""

    classes: int
    per_class: int
    """Training images of each class."""

    @property
    def others(self) -> int:
        """Images of each class in every other part."""
        return max(1, self.per_class // 2)

    def labels(self, part: str) -> np.ndarray:
        """Labels of a part, mixed as real sets are, the same at every call."""
        labels = np.repeat(np.arange(self.classes), self.per_class if part == "train" else self.others)
        return np.random.default_rng(len(part)).permutation(labels)


def picture(label: int, number: int, side: int = 32) -> np.ndarray:
    """Draw picture `number` of a class: a gradient in the class's colour, uint8 of shape (side, side, 3)."""
    colour = np.random.default_rng(label).integers(40, 200, 3)
    shade = np.linspace(0, 40, side)[:, None, None] + np.random.default_rng((label, number)).integers(0, 15, (side, side, 1))
    return np.clip(colour + shade, 0, 255).astype(np.uint8)


def pictures(labels: np.ndarray, side: int = 32) -> np.ndarray:
    """Draw a picture for each label, uint8 of shape (N, side, side, 3)."""
    return np.stack([picture(int(label), number, side) for number, label in enumerate(labels)])


def save(path: Path, label: int, number: int, side: int = 32) -> None:
    """Write a picture as an image file, in the format of the name's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(label, number, side)).save(path)
