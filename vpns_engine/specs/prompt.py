"""The visual prompt: its kind, its place, its size."""

from typing import Literal

from pydantic import field_validator
from pydantic_core.core_schema import ValidationInfo

from vpns_engine.specs.fields import Spec, option

PromptKind = Literal["pad", "fix", "random", "expand", "none"]


def square_of(canvas: int) -> int:
    """Give the side of a square in the paper's proportion (115 of 224 px)."""
    return round(0.513 * canvas)


class PromptSpec(Spec):
    """A learned tensor of shape (3, canvas, canvas) that acts on a fixed part of the canvas."""

    kind: PromptKind = option(
        "pad",
        "Prompt",
        words={
            "pad": "Ring (pad)",
            "fix": "Corner square (fix)",
            "random": "Moving square (random)",
            "expand": "Around it (expand)",
            "none": "None",
        },
    )
    """pad: a ring at the border of the canvas, added to the image; fix: a square at the top left; random: a square at a new
    place each time; expand: everything around the image; none: no prompt (the control arm)."""

    canvas: int = option(16, "Canvas", unit="px", ge=8, le=1024)
    """Both sides of the prompted input. The image is centred on it; with an image as large as the canvas the prompt lies on
    the image."""

    pad: int = option(2, "Pad", unit="px", only_with={"kind": ("pad",)}, ge=0, le=512)
    """Width of the ring (prompt 'pad'); at most half the canvas."""

    square: int = option(None, "Square", unit="px", only_with={"kind": ("fix", "random")}, ge=1, le=1024)
    """Side of the square (prompts 'fix' and 'random'); where none is given 0.513 of the canvas, as in the paper."""

    @field_validator("pad")
    @classmethod
    def _ring_fits(cls, value: int, info: ValidationInfo) -> int:
        canvas = info.data.get("canvas")
        if info.data.get("kind") == "pad" and canvas is not None and 2 * value > canvas:
            raise ValueError(f"pad {value} px exceeds half the canvas ({canvas} px): at most {canvas // 2} px")
        return value

    @field_validator("square", mode="before")
    @classmethod
    def _square_from_canvas(cls, value: object, info: ValidationInfo) -> object:
        # without a valid canvas any square will do: the canvas is refused
        return square_of(info.data.get("canvas", 16)) if value is None else value

    @field_validator("square")
    @classmethod
    def _square_fits(cls, value: int, info: ValidationInfo) -> int:
        kind, canvas = info.data.get("kind"), info.data.get("canvas")
        if canvas is None or kind not in ("fix", "random"):
            return value
        limit = canvas if kind == "fix" else canvas - 1
        if value > limit:
            raise ValueError(f"square {value} px does not fit the canvas ({canvas} px): at most {limit} px")
        return value

    def num_values(self, image_size: int) -> int:
        """Count the tunable values for images of `image_size` px (spec section 2)."""
        whole = self.canvas**2
        match self.kind:
            case "pad":
                return 3 * (whole - (self.canvas - 2 * self.pad) ** 2)
            case "fix" | "random":
                return 3 * self.square**2
            case "expand":
                return 3 * (whole - image_size**2)
            case "none":
                return 0
