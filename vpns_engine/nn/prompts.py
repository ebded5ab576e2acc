"""Visual prompts: `normalize(clamp(zero_pad(x) + f(delta) * P, 0, 1))` (spec section 2; VPNs, section 3).

Shapes: B batch, S image side, C canvas side, M side of a square.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from vpns_engine.nn.normalization import clamp_unit, normalize
from vpns_engine.specs.place import square_place
from vpns_engine.specs.prompt import PromptSpec

Offset = tuple[int, int]


class VisualPrompt(nn.Module):
    """A learned delta (3, C, C), zeros at the start, acting on a fixed region of the canvas.

    A kind of prompt is a subclass: it says its region, and `transform` where delta is not added as it is.
    """

    delta: nn.Parameter
    region: Tensor

    def __init__(self, spec: PromptSpec, image_size: int) -> None:
        super().__init__()
        self.spec = spec
        self.image_size = image_size
        self.delta = nn.Parameter(torch.zeros(3, spec.canvas, spec.canvas))
        self.register_buffer("region", self.make_region(), persistent=False)

    def make_region(self) -> Tensor:
        """Give P, 1 where the prompt acts, shape (C, C)."""
        raise NotImplementedError

    def transform(self, delta: Tensor) -> Tensor:
        """Give f(delta)."""
        return delta

    def region_for(self, view_is_fixed: bool) -> Tensor:  # noqa: ARG002 - only the random prompt needs it
        """Give P of one forward pass; `view_is_fixed` asks for a place that does not change from call to call."""
        return self.region

    def added(self, *, fixed: bool = True) -> Tensor:
        """Give what is added to the padded image, f(delta) * P, shape (3, C, C)."""
        return self.transform(self.delta) * self.region_for(fixed)

    def forward(self, x_B3SS: Tensor, *, fixed: bool = False) -> Tensor:
        """Give the prompted, normalised input, shape (B, 3, C, C), for images in [0, 1]."""
        return normalize(clamp_unit(self.pad_image(x_B3SS) + self.added(fixed=fixed)))

    def pad_image(self, x_B3SS: Tensor) -> Tensor:
        """Centre the image on a black canvas; an odd rest goes to the left and the top."""
        left, right = margins(self.spec.canvas, x_B3SS.shape[-1])
        return functional.pad(x_B3SS, (left, right, left, right)) if left or right else x_B3SS

    @property
    def learns(self) -> bool:
        """Tell whether there is anything to learn."""
        return True

    def reset(self) -> None:
        """Go back to the zero prompt."""
        with torch.no_grad():
            self.delta.zero_()


class PadPrompt(VisualPrompt):
    """A ring of width `pad` at the border of the canvas."""

    def make_region(self) -> Tensor:
        region = torch.ones(self.spec.canvas, self.spec.canvas)
        inner = slice(self.spec.pad, self.spec.canvas - self.spec.pad)
        region[inner, inner] = 0
        return region


class FixPrompt(VisualPrompt):
    """A square at the top left, through a sigmoid."""

    def make_region(self) -> Tensor:
        return square_at(self.spec.canvas, self.spec.square, square_place(self.spec))

    def transform(self, delta: Tensor) -> Tensor:
        return torch.sigmoid(delta)


class RandomPrompt(FixPrompt):
    """A square at a new place at each forward pass; `next_offset` draws the place, uniform in [0, C - M).

    A fixed view (validation, test, export) has the square in the middle of the canvas.
    """

    def __init__(self, spec: PromptSpec, image_size: int, next_offset: Callable[[], Offset]) -> None:
        super().__init__(spec, image_size)
        self.next_offset = next_offset

    def make_region(self) -> Tensor:
        return square_at(self.spec.canvas, self.spec.square, square_place(self.spec))

    def region_for(self, view_is_fixed: bool) -> Tensor:
        if view_is_fixed:
            return self.region
        return square_at(self.spec.canvas, self.spec.square, self.next_offset()).to(self.delta)


class ExpandPrompt(FixPrompt):
    """Everything outside the centred image, through a sigmoid."""

    def make_region(self) -> Tensor:
        left, right = margins(self.spec.canvas, self.image_size)
        region = torch.ones(self.spec.canvas, self.spec.canvas)
        region[left : self.spec.canvas - right, left : self.spec.canvas - right] = 0
        return region


class NoPrompt(VisualPrompt):
    """Nothing is added: the control arm's canvas view."""

    def make_region(self) -> Tensor:
        return torch.zeros(self.spec.canvas, self.spec.canvas)

    def forward(self, x_B3SS: Tensor, *, fixed: bool = False) -> Tensor:  # noqa: ARG002
        return normalize(self.pad_image(x_B3SS))

    @property
    def learns(self) -> bool:
        return False


def build_prompt(spec: PromptSpec, image_size: int, next_offset: Callable[[], Offset]) -> VisualPrompt:
    """Make the prompt a spec describes; `next_offset` serves the random prompt."""
    match spec.kind:
        case "pad":
            return PadPrompt(spec, image_size)
        case "fix":
            return FixPrompt(spec, image_size)
        case "random":
            return RandomPrompt(spec, image_size, next_offset)
        case "expand":
            return ExpandPrompt(spec, image_size)
        case "none":
            return NoPrompt(spec, image_size)


def margins(canvas: int, image_size: int) -> tuple[int, int]:
    """Give the black margins left (and top) and right (and bottom) of the centred image, in px."""
    rest = canvas - image_size
    return (rest + 1) // 2, rest // 2


def square_at(canvas: int, side: int, offset: Offset) -> Tensor:
    """Give a (C, C) region that is 1 in a square whose top-left corner is at `offset` (row, column)."""
    region = torch.zeros(canvas, canvas)
    row, column = offset
    region[row : row + side, column : column + side] = 1
    return region
