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
from vpns_engine.training.transforms import Cuts, Ids, cut_out, resample, whole_picture

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
        self._buffers = Buffers()

    def fetch(self, ids_B: Ids, side: int) -> Shown:
        """Give pictures (B', 3, R, R) uint8 with both sides resized to `side`."""
        raise NotImplementedError

    def begin(self, ids_B: Ids, cuts: Cuts) -> Callable[[], Shown]:
        """Begin a batch; what is returned waits for it and gives it on the device, (B', 3, S, S) float32 in [0, 1]."""
        return lambda: self._shown(self.fetch(ids_B, cuts.side), cuts)

    def close(self) -> None:
        """Let go of what is held."""

    def _shown(self, resized: Shown, cuts: Cuts) -> Shown:
        pictures, good = resized
        return self._unit_range(cut_out(pictures.to(self.device, non_blocking=True), cuts.at(good))), good

    def _unit_range(self, x_BCSS: Tensor) -> Tensor:
        return self._buffers.take(tuple(x_BCSS.shape), self.device).copy_(x_BCSS).div_(255)


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
        return self._sizes[side][torch.from_numpy(ids_B).to(self.device)], np.arange(ids_B.size)


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
        return lambda: (self._batch(ids_B, cuts), np.arange(ids_B.size))

    def _batch(self, ids_B: Ids, cuts: Cuts) -> Tensor:
        pictures = self._store[torch.from_numpy(ids_B).to(self._store.device)]
        return shown_of(to_device(pictures, self.device), cuts, self._buffers)


def shown_of(pictures_BCHW: Tensor, cuts: Cuts, buffers: Buffers) -> Tensor:
    """Resize and cut uint8 pictures of one size, whatever it is, where they lie; float32 in [0, 1]."""
    count, channels, height, width = pictures_BCHW.shape
    out = buffers.take((count, channels, cuts.size, cuts.size), pictures_BCHW.device)
    if height == width == cuts.side:
        return out.copy_(cut_out(pictures_BCHW, cuts)).div_(255)
    return resample(pictures_BCHW, cuts, out)


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
