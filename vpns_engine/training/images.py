"""Images as uint8 tensors, resized as the transforms of spec section 5 ask.

Shapes: B batch, R side after resizing.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from vpns_engine.bundled import resource

_CACHE_BYTES = 1 << 30
"""Resized pictures of a folder are kept in memory up to this size."""
Ids = npt.NDArray[np.int64]


class ImageSource(Protocol):
    """Where pictures come from."""

    def fetch(self, ids_B: Ids, side: int) -> tuple[Tensor, Ids]:
        """Give pictures (B', 3, R, R) uint8 with both sides resized to `side`, and which positions of `ids_B` they are.

        Positions whose picture is broken are left out.
        """


def resized(picture: Image.Image, side: int) -> npt.NDArray[np.uint8]:
    """Resize both sides (bilinear, antialiased) and give RGB, shape (3, R, R)."""
    small = picture.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(small).transpose(2, 0, 1))


class DigitImages:
    """The bundled digits; each size is made once."""

    def __init__(self) -> None:
        with np.load(resource("demo/digits.npz"), allow_pickle=False) as file:
            self._pictures = file["images"]
        self._sizes: dict[int, Tensor] = {}

    def fetch(self, ids_B: Ids, side: int) -> tuple[Tensor, Ids]:
        """See `ImageSource`."""
        if side not in self._sizes:
            whole = np.stack([resized(Image.fromarray(picture), side) for picture in self._pictures])
            self._sizes[side] = torch.from_numpy(whole)
        return self._sizes[side][torch.from_numpy(ids_B)], np.arange(ids_B.size)


class FolderImages:
    """Image files, decoded by a few threads and kept while they fit in memory.

    A file that cannot be read is reported once, by name, and skipped from then on.
    """

    def __init__(self, paths: Sequence[str], warn: Callable[[str], None], workers: int = 4) -> None:
        self._paths = paths
        self._warn = warn
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")
        self._kept: dict[tuple[int, int], npt.NDArray[np.uint8]] = {}
        self._kept_bytes = 0
        self.broken: set[int] = set()

    def fetch(self, ids_B: Ids, side: int) -> tuple[Tensor, Ids]:
        """See `ImageSource`."""
        pictures = list(self._pool.map(lambda index: self._picture(int(index), side), ids_B))
        good = [position for position, picture in enumerate(pictures) if picture is not None]
        if not good:
            return torch.empty(0, 3, side, side, dtype=torch.uint8), np.empty(0, dtype=np.int64)
        whole = np.stack([picture for picture in pictures if picture is not None])
        return torch.from_numpy(whole), np.asarray(good, dtype=np.int64)

    def _picture(self, index: int, side: int) -> npt.NDArray[np.uint8] | None:
        if index in self.broken:
            return None
        kept = self._kept.get((index, side))
        if kept is not None:
            return kept
        try:
            with Image.open(self._paths[index]) as file:
                picture = resized(file, side)
        except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            self._skip(index, error)
            return None
        if self._kept_bytes + picture.nbytes <= _CACHE_BYTES:
            self._kept[index, side] = picture
            self._kept_bytes += picture.nbytes
        return picture

    def _skip(self, index: int, error: Exception) -> None:
        if index not in self.broken:
            self.broken.add(index)
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            self._warn(f"skipped broken image {Path(self._paths[index]).name}: {reason} ({len(self.broken)} skipped so far)")

    def close(self) -> None:
        """Stop the decoding threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
