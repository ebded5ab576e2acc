"""The prompt as a picture: amplified so that it can be seen, with its scale."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from vpns_engine.artifacts import FloatArray

_MIN_SIDE_PX = 256


@dataclass(frozen=True)
class PictureScale:
    """How to read the picture: `bound` (in units of pixel value, 1 = white) is full white, -bound is black, 0 is grey."""

    bound: float
    enlarged: int


def write_picture(added_3CC: FloatArray, path: Path) -> PictureScale:
    """Draw what the prompt adds: middle grey is nothing, brighter is added, darker is taken away.

    Raises:
        OSError: the file cannot be written.
    """
    bound = float(np.abs(added_3CC).max()) or 1.0
    levels_3CC = np.rint(127.5 + 127.5 * (added_3CC / bound)).astype(np.uint8)
    enlarged = -(-_MIN_SIDE_PX // added_3CC.shape[-1])
    pixels = levels_3CC.transpose(1, 2, 0).repeat(enlarged, axis=0).repeat(enlarged, axis=1)
    Image.fromarray(np.ascontiguousarray(pixels)).save(path)
    return PictureScale(bound, enlarged)
