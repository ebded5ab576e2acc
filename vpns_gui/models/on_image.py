"""What is seen of one image and of what a network makes of it: plain data between controller and view, pure numpy.

Shapes: C canvas side, S image side, T target classes, N images.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
NUM_BARS = 5


@dataclass(frozen=True)
class SeenImage:
    """An image as the network gets it, before its colours are normalised; 0 to 1."""

    name: str
    """What the image is called: its number in the data set, or its file."""
    label: int | None
    """Its class; None for a picture of one's own."""
    before_3CC: FloatArray
    after_3CC: FloatArray | None
    """With the prompt; None where there is none."""
    plain_T: FloatArray | None
    """Confidences without the prompt; None where no network is there to ask."""
    prompted_T: FloatArray | None


@dataclass(frozen=True)
class Bar:
    """A class with its confidences, 0 to 1."""

    name: str
    plain: float
    prompted: float | None
    is_label: bool


def bars_of(seen: SeenImage, classes: tuple[str, ...], most: int = NUM_BARS) -> tuple[Bar, ...]:
    """Give the classes that are thought most likely, with or without the prompt; the image's own class is always among them."""
    if seen.plain_T is None:
        return ()
    best = seen.plain_T if seen.prompted_T is None else np.maximum(seen.plain_T, seen.prompted_T)
    chosen = [int(index) for index in np.argsort(-best, kind="stable")[:most]]
    if seen.label is not None and seen.label not in chosen and seen.label < len(best):
        chosen[-1] = seen.label
    return tuple(
        Bar(
            name=classes[index] if index < len(classes) else str(index),
            plain=float(seen.plain_T[index]),
            prompted=float(seen.prompted_T[index]) if seen.prompted_T is not None else None,
            is_label=index == seen.label,
        )
        for index in chosen
    )


def verdict(probabilities_T: FloatArray, label: int | None, classes: tuple[str, ...]) -> str:
    """Say what a network takes an image for, and whether that is right: by a mark and a word, never by colour."""
    best = int(np.argmax(probabilities_T))
    text = f"{classes[best] if best < len(classes) else best} ({float(probabilities_T[best]) * 100:.0f} %)"
    if label is None:
        return text
    return f"{text} ✓ right" if best == label else f"{text} ✗ wrong"


def on_canvas(image_3SS: npt.NDArray[np.uint8], added_3CC: FloatArray | None) -> tuple[FloatArray, FloatArray | None]:
    """Put an image in the middle of the black canvas, and the prompt on it: clip(zero_pad(x) + added, 0, 1).

    Args:
        image_3SS: pixels 0 to 255.
        added_3CC: what the prompt adds, in the pixel range 0 to 1; None: there is no prompt.

    Returns:
        Before and after, 0 to 1, both of the canvas' size; without a prompt the image alone, as the network gets it then.
    """
    image: FloatArray = image_3SS.astype(np.float32) / np.float32(255)
    if added_3CC is None:
        return image, None
    side, canvas = image.shape[1], max(image_3SS.shape[1], added_3CC.shape[1])
    first = (canvas - side + 1) // 2
    before = np.zeros((3, canvas, canvas), np.float32)
    before[:, first : first + side, first : first + side] = image
    return before, np.clip(before + added_3CC, 0, 1)


@dataclass(frozen=True)
class Changed:
    """How many images of the test split a prompt changes, of all."""

    num_images: int
    num_gained: int
    """Wrong without the prompt, right with it."""
    num_lost: int
    """Right without the prompt, wrong with it."""
    whose: str
    """Which state was tested, such as `90 % sparsity, tuned`."""


def step_to(numbers: npt.NDArray[np.int64], now: int, by: int) -> int:
    """Give the number that stands `by` places further in a rising list; goes round at its ends.

    Args:
        numbers: the numbers to step through, rising, at least one.
        now: where one is; need not be among them.
        by: +1 or -1.
    """
    place = int(np.searchsorted(numbers, now, side="right" if by > 0 else "left"))
    found = place if by > 0 else place - 1
    return int(numbers[found % len(numbers)])
