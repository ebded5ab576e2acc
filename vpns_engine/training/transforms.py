"""The transforms of spec section 5, for a whole batch at once: resize, cut a window, mirror.

Shapes: B batch, H height, W width, R side after resizing, S side of the window, L length of a side.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from vpns_engine.training.parallel import in_pieces
from vpns_engine.training.randomness import uniform

Ids = npt.NDArray[np.int64]
_PIECE = 1 << 20
"""Values made at a time on the CPU: what lies between the operations stays in a core's cache."""
_DEVICE_PIECE = 1 << 27
"""Values made at a time on an accelerator."""


@dataclass(frozen=True)
class Cuts:
    """How each picture of a batch is shown: resized to `side` (both sides), then a window of `size` px, mirrored or not."""

    side: int
    size: int
    tops_B: Ids
    lefts_B: Ids
    mirrored_B: npt.NDArray[np.bool_]

    def at(self, places: Ids | slice) -> "Cuts":
        """Give those of some pictures of the batch."""
        return Cuts(self.side, self.size, self.tops_B[places], self.lefts_B[places], self.mirrored_B[places])

    def columns(self) -> Tensor:
        """Give the column of the resized picture that stands in each column of the window, shape (B, S)."""
        columns_BS = self.lefts_B[:, None] + np.arange(self.size)
        return torch.from_numpy(np.where(self.mirrored_B[:, None], columns_BS[:, ::-1], columns_BS))

    def rows(self) -> Tensor:
        """Give the row of the resized picture that stands in each row of the window, shape (B, S)."""
        return torch.from_numpy(self.tops_B[:, None] + np.arange(self.size))


def whole_picture(count: int, side: int) -> Cuts:
    """Show pictures whole: the test transform."""
    nowhere = np.zeros(count, dtype=np.int64)
    return Cuts(side, side, nowhere, nowhere, np.zeros(count, dtype=np.bool_))


def drawn_cuts(key: int, ids_B: Ids, size: int, *, side: int, flip: bool) -> Cuts:
    """Draw the train transform's windows, and mirror half of the pictures; each depends on (key, id) alone."""
    room = side - size + 1
    tops, lefts = ((uniform(key, ids_B, stream) * room).astype(np.int64) for stream in (0, 1))
    mirrored = uniform(key, ids_B, 2) < 0.5 if flip else np.zeros(ids_B.size, dtype=np.bool_)
    return Cuts(side, size, tops, lefts, mirrored)


def train_side(size: int) -> int:
    """Give the side that pictures are resized to before a window of `size` px is cut."""
    return int(size * 9 / 8)


def cut_out(x_BCRR: Tensor, cuts: Cuts) -> Tensor:
    """Cut the windows from pictures that are resized already."""
    if cuts.size == x_BCRR.shape[-1] and not cuts.mirrored_B.any():
        return x_BCRR
    rows_BS, columns_BS = cuts.rows().to(x_BCRR.device), cuts.columns().to(x_BCRR.device)
    which = torch.arange(x_BCRR.shape[0], device=x_BCRR.device)[:, None, None]
    # indices around a slice put the channels last
    return x_BCRR[which, :, rows_BS[:, :, None], columns_BS[:, None, :]].permute(0, 3, 1, 2).contiguous()


def show(pictures_BCHW: Tensor, cuts: Cuts, out_BCSS: Tensor) -> Tensor:
    """Resize, cut and mirror uint8 pictures of one size, whatever it is, where they lie; float32 in [0, 1].

    Args:
        pictures_BCHW: uint8.
        cuts: what is shown.
        out_BCSS: takes the result; float32, contiguous.
    """
    count, device = len(pictures_BCHW), pictures_BCHW.device
    most = _PIECE if device.type == "cpu" else _DEVICE_PIECE
    piece = max(1, most // max(1, out_BCSS[:1].numel()))
    in_pieces(lambda here: _show(pictures_BCHW[here], cuts.at(here), out_BCSS[here]), count, piece, device)
    return out_BCSS


def _show(pictures_BCHW: Tensor, cuts: Cuts, out_BCSS: Tensor) -> None:
    if pictures_BCHW.shape[2:] == (cuts.side, cuts.side):
        out_BCSS.copy_(cut_out(pictures_BCHW, cuts)).div_(255)
    else:
        _resample(pictures_BCHW, cuts, out_BCSS)


def _resample(pictures_BCHW: Tensor, cuts: Cuts, out_BCSS: Tensor) -> None:
    """Resize, cut and mirror in one go: only what the windows show is computed. Gives steps of 1/255.

    Bilinear with antialias, columns before rows and each rounded to whole levels, as PIL does it. Most values are PIL's; where
    a rounding is close, or a very tall picture has its rows resized first there, they are one or at most two levels off.
    """
    channels, height, width = pictures_BCHW.shape[1:]
    device = pictures_BCHW.device
    rows_BSH = _weights(cuts.side, height, device)[cuts.rows().to(device)]
    columns_BSW = _weights(cuts.side, width, device)[cuts.columns().to(device)]
    x = torch.bmm(pictures_BCHW.float().flatten(1, 2), columns_BSW.transpose(1, 2)).add_(0.5).floor_()
    out = out_BCSS.flatten(0, 1)
    torch.bmm(rows_BSH.repeat_interleave(channels, 0), x.view(-1, height, cuts.size), out=out)
    out.add_(0.5).floor_().div_(255)


def forget_weights() -> None:
    """Let go of what lies on devices."""
    _weights.cache_clear()


@lru_cache(maxsize=16)
def _weights(side: int, length: int, device: torch.device) -> Tensor:
    """Give what each of L values counts for each of R resized ones: a triangle, widened where the picture gets smaller."""
    scale = length / side
    centres_R1 = (torch.arange(side, dtype=torch.float64)[:, None] + 0.5) * scale
    places_L = torch.arange(length, dtype=torch.float64) + 0.5
    weights_RL = (1 - (places_L - centres_R1).abs() / max(scale, 1.0)).clamp_(min=0)
    return (weights_RL / weights_RL.sum(1, keepdim=True)).float().to(device)


def rows_of(store_NCHW: Tensor, rows_B: Ids) -> Tensor:
    """Take pictures from a tensor, where it lies."""
    if store_NCHW.device.type == "cpu":
        return torch.from_numpy(store_NCHW.numpy()[rows_B])
    return store_NCHW[torch.from_numpy(rows_B).to(store_NCHW.device)]


def resized(picture_3HW: Tensor, side: int) -> Tensor:
    """Resize both sides of a uint8 picture (bilinear with antialias), on the CPU: (3, R, R), as close to PIL as `show`."""
    if picture_3HW.shape[1:] == (side, side):
        return picture_3HW
    # the fast way of torch's kernel wants the channels last
    channels_last = picture_3HW[None].contiguous(memory_format=torch.channels_last)
    return functional.interpolate(channels_last, (side, side), mode="bilinear", antialias=True)[0]
