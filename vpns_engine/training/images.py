"""Where pictures come from, and those that are held whole as uint8 tensors.

Shapes: B batch, N pictures of the set, R side after resizing, S side of what is shown.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from vpns_engine.training.buffers import Buffers
from vpns_engine.training.transforms import Cuts, Ids, rows_of, show, whole_picture

Shown = tuple[Tensor, Ids]
"""Pictures, and which positions of the batch they are: positions whose picture is broken are left out."""
CPU = torch.device("cpu")
_DEVICE_SHARE = 0.3
"""Pictures may fill this share of what is free of an accelerator's memory."""


class ImageSource:
    """Where pictures come from. A source gives them resized, and may have a faster way to a batch."""

    ahead = 0
    """How many batches are begun before they are needed."""

    def __init__(self, device: torch.device = CPU) -> None:
        self.device = device
        self.broken: set[int] = set()
        """Pictures that could not be read; they are not tried again."""
        self._buffers = Buffers()

    @property
    def room(self) -> int:
        """Bytes of pictures that were asked for and are filled as pictures come."""
        return 0

    @property
    def kept_share(self) -> float:
        """Share of the pictures that are read once only, 0 to 1."""
        return 1.0

    def fetch(self, ids_B: Ids, side: int) -> Shown:
        """Give pictures (B', 3, R, R) uint8 with both sides resized to `side`."""
        raise NotImplementedError

    def begin(self, ids_B: Ids, cuts: Cuts) -> Callable[[], Shown]:
        """Begin a batch; what is returned waits for it and gives it on the device, (B', 3, S, S) float32 in [0, 1]."""

        def wait() -> Shown:
            pictures, good = self.fetch(ids_B, cuts.side)
            return self.show(pictures, cuts.at(good)), good

        return wait

    def close(self) -> None:
        """Let go of what is held."""

    def show(self, pictures_BCHW: Tensor, cuts: Cuts) -> Tensor:
        """Bring uint8 pictures of one size to the device, and resize and cut them there; float32 in [0, 1]."""
        out = self._buffers.take((*pictures_BCHW.shape[:2], cuts.size, cuts.size), self.device)
        return show(to_device(pictures_BCHW, self.device), cuts, out)


class SmallImages(ImageSource):
    """A set so small that it is held resized, by PIL, in every size that is asked for."""

    def __init__(self, pictures_NHW3: npt.NDArray[np.uint8], device: torch.device = CPU) -> None:
        super().__init__(device)
        self._pictures = pictures_NHW3
        self._sizes: dict[int, Tensor] = {}

    def fetch(self, ids_B: Ids, side: int) -> Shown:
        """See `ImageSource`."""
        if side not in self._sizes:
            whole = np.stack([_resized(picture, side) for picture in self._pictures])
            self._sizes[side] = torch.from_numpy(whole).permute(0, 3, 1, 2).contiguous().to(self.device)
        return rows_of(self._sizes[side], ids_B), np.arange(ids_B.size)


def _resized(picture_HW3: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture_HW3).resize((side, side), Image.Resampling.BILINEAR))


class HeldImages(ImageSource):
    """A set that is held once, in its own size: on the device where it fits, and resized there for each batch."""

    def __init__(self, pictures_NHW3: npt.NDArray[np.uint8], device: torch.device = CPU) -> None:
        super().__init__(device)
        store = torch.from_numpy(np.ascontiguousarray(pictures_NHW3.transpose(0, 3, 1, 2)))
        self._store = store.to(device) if store.nbytes <= room_on(device) else store

    def fetch(self, ids_B: Ids, side: int) -> Shown:
        """See `ImageSource`."""
        x, good = self.begin(ids_B, whole_picture(ids_B.size, side))()
        return (x * 255).round_().to(torch.uint8), good

    def begin(self, ids_B: Ids, cuts: Cuts) -> Callable[[], Shown]:
        """See `ImageSource`."""
        return lambda: (self.show(rows_of(self._store, ids_B), cuts), np.arange(ids_B.size))


def to_device(pictures: Tensor, device: torch.device) -> Tensor:
    """Bring pictures to the device; to a CUDA GPU from pinned memory, so that nobody waits for it."""
    if device.type == "cuda" and pictures.device.type == "cpu":
        return pictures.pin_memory().to(device, non_blocking=True)
    return pictures.to(device)


def room_on(device: torch.device) -> int:
    """Tell how many bytes of pictures a device may hold; what it has in common with the CPU is not counted."""
    if device.type != "cuda":
        return 1 << 62
    free, _ = torch.cuda.mem_get_info(device)
    return int(free * _DEVICE_SHARE)
