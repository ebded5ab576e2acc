"""Pictures of one size that were decoded once, kept on the device while there is room.

Shapes: B batch, N pictures of the set, H height, W width.
"""

import numpy as np
import torch
from torch import Tensor

from vpns_engine.training.transforms import Ids, rows_of


class Shelf:
    """Takes pictures as they come, until it is full."""

    def __init__(self, count: int, shape: tuple[int, int], rows: int, device: torch.device) -> None:
        """Make a shelf for `rows` of the set's `count` pictures; its memory is asked for at once, and filled as they come."""
        self._rows = torch.empty((rows, 3, *shape), dtype=torch.uint8, device=device)
        self._row_of_N = np.full(count, -1, dtype=np.int64)
        self._used = 0

    @property
    def nbytes(self) -> int:
        """Bytes it takes."""
        return self._rows.nbytes

    @property
    def share(self) -> float:
        """Share of the set's pictures that it has room for, 0 to 1."""
        return len(self._rows) / max(1, len(self._row_of_N))

    def has(self, ids_B: Ids) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Tell which pictures stand here, shape (B,)."""
        found: np.ndarray[tuple[int], np.dtype[np.bool_]] = self._row_of_N[ids_B] >= 0
        return found

    def put(self, ids_B: Ids, pictures_B3HW: Tensor) -> None:
        """Add pictures; those there is no room for are passed over, and those that stand here already."""
        _, first = np.unique(ids_B, return_index=True)
        new = first[~self.has(ids_B[first])][: len(self._rows) - self._used]
        if not new.size:
            return
        rows = slice(self._used, self._used + new.size)
        self._rows[rows] = pictures_B3HW[torch.from_numpy(new).to(self._rows.device)]
        self._row_of_N[ids_B[new]] = np.arange(rows.start, rows.stop)
        self._used = rows.stop

    def take(self, ids_B: Ids) -> Tensor:
        """Give pictures that stand here, (B, 3, H, W) uint8."""
        return rows_of(self._rows, self._row_of_N[ids_B])
