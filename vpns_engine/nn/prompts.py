"""Visual prompts: `normalize(clamp(zero_pad(x) + f(delta) * P, 0, 1))` (spec section 2; VPNs, section 3).

Shapes: B batch, S image side, C canvas side, M side of a square, R rank.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from vpns_engine.nn.normalization import IMAGENET, Normalization, clamp_unit
from vpns_engine.specs.prompt import (
    ExpandSpec,
    FixSpec,
    LowRankSpec,
    NoPromptSpec,
    PadSpec,
    PromptSpec,
    RandomSpec,
)

Offset = tuple[int, int]


class VisualPrompt(nn.Module):
    """What is learned and added to the image on a fixed region of the canvas.

    A kind of prompt is a subclass. It names the spec it works for; it says its region where that is not the whole canvas, and
    `transform` where delta is not added as it is. What learns is its parameters: `delta` (3, C, C), zeros at the start, unless
    `start_values` gives others; then `make_delta` says how delta comes from them.
    """

    spec_class: ClassVar[type[PromptSpec]]
    region: Tensor
    normalization: Normalization = IMAGENET
    """What the network wants done to its input."""

    def __init__(self, spec: PromptSpec, image_size: int, next_offset: Callable[[], Offset], seed: int = 0) -> None:
        super().__init__()
        self.spec = spec
        self.image_size = image_size
        self.next_offset = next_offset
        for name, value in self.start_values(torch.Generator().manual_seed(seed)).items():
            self.register_parameter(name, nn.Parameter(value))
        self.register_buffer("region", self.make_region(), persistent=False)

    def start_values(self, generator: torch.Generator) -> Mapping[str, Tensor]:  # noqa: ARG002 - for kinds that draw them
        """Give what learns, as it starts: nothing may be added by it beyond f(0)."""
        return {"delta": torch.zeros(3, self.spec.canvas, self.spec.canvas)}

    def make_region(self) -> Tensor:
        """Give P, 1 where the prompt acts, shape (C, C)."""
        return torch.ones(self.spec.canvas, self.spec.canvas)

    def make_delta(self) -> Tensor:
        """Give delta, shape (3, C, C)."""
        return self.get_parameter("delta")

    def transform(self, delta: Tensor) -> Tensor:
        """Give f(delta)."""
        return delta

    def draw(self) -> Offset | None:
        """Draw the place of one pass; None for a prompt that stands still."""
        return None

    def region_at(self, place: Offset | None) -> Tensor:  # noqa: ARG002 - for prompts that move
        """Give P with the prompt at a place that was drawn; None: where it stands in a fixed view."""
        return self.region

    def added(self, *, fixed: bool = True, place: Offset | None = None) -> Tensor:
        """Give what is added to the padded image, f(delta) * P, shape (3, C, C).

        Args:
            fixed: the view does not change from call to call.
            place: where else a moving prompt is; None: at a place drawn now.
        """
        return self.transform(self.make_delta()) * self.region_at(None if fixed else place or self.draw())

    def forward(self, x_B3SS: Tensor, *, fixed: bool = False, place: Offset | None = None) -> Tensor:
        """Give the prompted, normalised input, shape (B, 3, C, C), for images in [0, 1]; see `added`."""
        return self.normalization(clamp_unit(self.pad_image(x_B3SS) + self.added(fixed=fixed, place=place)))

    def pad_image(self, x_B3SS: Tensor) -> Tensor:
        """Centre the image on a black canvas; an odd rest goes to the left and the top."""
        left, right = margins(self.spec.canvas, x_B3SS.shape[-1])
        return functional.pad(x_B3SS, (left, right, left, right)) if left or right else x_B3SS

    @property
    def learns(self) -> bool:
        """Tell whether there is anything to learn."""
        return self.spec.learns

    def learned(self) -> dict[str, Tensor]:
        """Copy what learns, by name, to the CPU."""
        return {name: value.detach().cpu().clone() for name, value in self.named_parameters()}

    @torch.no_grad()
    def take(self, learned: Mapping[str, Tensor]) -> None:
        """Go back to a copy of what learns.

        Raises:
            KeyError: a value is missing.
        """
        for name, value in self.named_parameters():
            value.copy_(learned[name])


class PadPrompt(VisualPrompt):
    """A ring of width `pad` at the border of the canvas."""

    spec_class = PadSpec
    spec: PadSpec

    def make_region(self) -> Tensor:
        """Leave out the middle."""
        region = torch.ones(self.spec.canvas, self.spec.canvas)
        inner = slice(self.spec.pad, self.spec.canvas - self.spec.pad)
        region[inner, inner] = 0
        return region


class FixPrompt(VisualPrompt):
    """A square at the top left, through a sigmoid."""

    spec_class: ClassVar[type[PromptSpec]] = FixSpec
    spec: FixSpec | RandomSpec

    def make_region(self) -> Tensor:
        """Give the square where it stands still."""
        return square_at(self.spec.canvas, self.spec.square, self.spec.corner)

    def transform(self, delta: Tensor) -> Tensor:
        """Go through the sigmoid."""
        return torch.sigmoid(delta)


class RandomPrompt(FixPrompt):
    """A square at a new place at each forward pass; `next_offset` draws the place, uniform in [0, C - M).

    A fixed view (validation, test, export) has the square in the middle of the canvas.
    """

    spec_class = RandomSpec

    def draw(self) -> Offset | None:
        """Draw a place."""
        return self.next_offset()

    def region_at(self, place: Offset | None) -> Tensor:
        """Put the square there."""
        if place is None:
            return self.region
        return square_at(self.spec.canvas, self.spec.square, place).to(self.region)


class ExpandPrompt(VisualPrompt):
    """Everything outside the centred image, through a sigmoid."""

    spec_class = ExpandSpec

    def make_region(self) -> Tensor:
        """Leave out the image."""
        left, right = margins(self.spec.canvas, self.image_size)
        region = torch.ones(self.spec.canvas, self.spec.canvas)
        region[left : self.spec.canvas - right, left : self.spec.canvas - right] = 0
        return region

    def transform(self, delta: Tensor) -> Tensor:
        """Go through the sigmoid."""
        return torch.sigmoid(delta)


class LowRankPrompt(VisualPrompt):
    """A product of two factors over the whole canvas, one for each colour (LoR-VP; arXiv 2502.00896).

    `factor_b` (3, C, R) starts at zero, so that nothing is added; `factor_a` (3, R, C) is drawn, or neither would ever move.
    """

    spec_class = LowRankSpec
    spec: LowRankSpec

    def start_values(self, generator: torch.Generator) -> Mapping[str, Tensor]:
        """Give zeros, and numbers drawn from a normal distribution of width 0.01."""
        canvas, rank = self.spec.canvas, self.spec.rank
        return {
            "factor_b": torch.zeros(3, canvas, rank),
            "factor_a": 0.01 * torch.randn(3, rank, canvas, generator=generator),
        }

    def make_delta(self) -> Tensor:
        """Give B A."""
        return self.get_parameter("factor_b") @ self.get_parameter("factor_a")


class NoPrompt(VisualPrompt):
    """Nothing is added: the control arm's canvas view."""

    spec_class = NoPromptSpec

    def make_region(self) -> Tensor:
        """Act nowhere."""
        return torch.zeros(self.spec.canvas, self.spec.canvas)

    def forward(self, x_B3SS: Tensor, *, fixed: bool = False, place: Offset | None = None) -> Tensor:  # noqa: ARG002
        """Give the padded image, normalised."""
        return self.normalization(self.pad_image(x_B3SS))


def build_prompt(
    spec: PromptSpec,
    image_size: int,
    next_offset: Callable[[], Offset],
    seed: int = 0,
    normalization: Normalization = IMAGENET,
) -> VisualPrompt:
    """Make the prompt a spec describes.

    Args:
        spec: the prompt.
        image_size: side of the images, px.
        next_offset: draws a place for prompts that move.
        seed: draws start values that are not zero.
        normalization: what the network wants done to its input.
    """
    for prompt in _classes(VisualPrompt):
        if "spec_class" in vars(prompt) and prompt.spec_class is type(spec):
            made = prompt(spec, image_size, next_offset, seed)
            made.normalization = normalization
            return made
    raise TypeError(f"no prompt works for {type(spec).__name__}: a subclass of VisualPrompt with this `spec_class` is needed")


def _classes(of: type[VisualPrompt]) -> Iterator[type[VisualPrompt]]:
    for subclass in of.__subclasses__():
        yield subclass
        yield from _classes(subclass)


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
