"""Image files to uint8 tensors: any kind of picture comes out as RGB.

Shapes: H height, W width.
"""

from io import BytesIO

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torchvision.io import ImageReadMode

Bytes = npt.NDArray[np.uint8]
_FAST = {"JPEG": ("RGB", "L")}
"""Kinds that torchvision decodes to the same values as PIL. Everything else goes the slower way: CMYK, palettes, and PNG, whose
decoder in torchvision 0.29 ends the whole program at a damaged file."""


class BrokenPictureError(Exception):
    """A file cannot be shown; the message says why, in one line.

    `number` is the system's, where it could not read the file at all; 0 where what it read is no picture.
    """

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.number = number


def decode(path: str) -> Tensor:
    """Read a picture as RGB, shape (3, H, W) uint8, channels last in memory. Of an animation it is the first frame.

    16 bits a value become 8 by leaving out the lower ones; transparency is left out.

    Raises:
        BrokenPictureError: there is no such file, or it is no picture, or it is damaged.
    """
    try:
        data = np.fromfile(path, dtype=np.uint8)
        with Image.open(BytesIO(data.tobytes())) as file:
            fast = file.mode in _FAST.get(file.format or "", ()) and getattr(file, "n_frames", 1) == 1
            picture = _fast(data) if fast else None
            return _slow(file) if picture is None else picture
    except UnidentifiedImageError as error:
        raise BrokenPictureError("the file is empty" if not data.size else "not a picture") from error
    except OSError as error:
        raise BrokenPictureError(error.strerror or _first_line(error), error.errno or 0) from error
    except (ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what PIL raises for damaged headers
        raise BrokenPictureError(_first_line(error)) from error


def size_of(path: str) -> tuple[int, int] | None:
    """Read height and width of a picture from its head; None where that cannot be read."""
    try:
        with Image.open(path) as file:
            return file.height, file.width
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _fast(data: Bytes) -> Tensor | None:
    """Decode with torchvision; None where it cannot, and PIL is to say why.

    PIL's decoders hold on to the interpreter, so that threads get in each other's way; these do not.
    """
    # the function around this operator warns since torchvision 0.29 that it will go: where the operator is gone, PIL serves
    operator = getattr(torch.ops.image, "decode_image", None)
    if operator is None:
        return None
    try:
        picture: Tensor = operator(torch.from_numpy(data), ImageReadMode.RGB.value, False)
    except RuntimeError:
        return None
    return picture


def _slow(file: Image.Image) -> Tensor:
    if file.mode == "I" or file.mode.startswith("I;16"):
        grey = np.asarray(file)
        return _high_byte(np.broadcast_to(grey, (3, *grey.shape)))
    return torch.from_numpy(np.array(file.convert("RGB"))).permute(2, 0, 1)


def _high_byte(values_3HW: npt.NDArray[np.integer]) -> Tensor:
    high = (values_3HW >> 8).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
    return torch.from_numpy(np.ascontiguousarray(high)).permute(2, 0, 1)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
