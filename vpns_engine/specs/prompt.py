"""The visual prompts: the place and the size of each kind. A kind is a class here, registered by being defined."""

from typing import Literal

from pydantic import field_validator
from pydantic_core.core_schema import ValidationInfo

from vpns_engine.specs.fields import option
from vpns_engine.specs.prompt_base import PromptKind, PromptSpec

__all__ = [
    "ExpandSpec",
    "FixSpec",
    "LowRankSpec",
    "NoPromptSpec",
    "PadSpec",
    "PromptKind",
    "PromptSpec",
    "RandomSpec",
    "ring_of",
    "square_of",
]


def square_of(canvas: int) -> int:
    """Give the side of a square in the paper's proportion (115 of 224 px)."""
    return round(0.513 * canvas)


def ring_of(canvas: int) -> int:
    """Give the width of a ring in the paper's proportion (16 of 224 px), but 2 px at least."""
    return max(2, round(canvas / 14))


class PadSpec(PromptSpec):
    """A ring at the border of the canvas."""

    label = "Ring (pad)"
    about = "a ring at the border of the canvas, added to the image"

    kind: Literal["pad"] = "pad"

    pad: int = option(2, "Pad", unit="px", ge=0, le=512)
    """Width of the ring (prompt 'pad'); at most half the canvas."""

    @field_validator("pad")
    @classmethod
    def _ring_fits(cls, value: int, info: ValidationInfo) -> int:
        canvas = info.data.get("canvas")
        if canvas is not None and 2 * value > canvas:
            raise ValueError(f"pad {value} px exceeds half the canvas ({canvas} px): at most {canvas // 2} px")
        return value

    def num_values(self, image_size: int) -> int:  # noqa: ARG002
        """Count the ring's values."""
        return int(3 * (self.canvas**2 - (self.canvas - 2 * self.pad) ** 2))

    def where(self) -> str:
        """Say where the ring is."""
        return f"a ring of {self.pad} px at the border of {self._on_canvas}"

    @property
    def size(self) -> str:
        """Width of the ring."""
        return f"{self.pad} px"

    @classmethod
    def suggested(cls, canvas: int) -> dict[str, object]:
        """Give the paper's proportion."""
        return {"pad": ring_of(canvas)}


class _SquareSpec(PromptSpec):
    """A square; what the two kinds of it share."""

    formula = "added = sigmoid(delta) there, 0 elsewhere"

    square: int = option(None, "Square", unit="px", ge=1, le=1024)
    """Side of the square (prompts 'fix' and 'random'); where none is given 0.513 of the canvas, as in the paper."""

    @field_validator("square", mode="before")
    @classmethod
    def _square_from_canvas(cls, value: object, info: ValidationInfo) -> object:
        # without a valid canvas any square will do: the canvas is refused
        return square_of(info.data.get("canvas", 16)) if value is None else value

    @field_validator("square")
    @classmethod
    def _square_fits(cls, value: int, info: ValidationInfo) -> int:
        canvas = info.data.get("canvas")
        if canvas is not None and value > cls.largest(canvas):
            raise ValueError(f"square {value} px does not fit the canvas ({canvas} px): at most {cls.largest(canvas)} px")
        return value

    @classmethod
    def largest(cls, canvas: int) -> int:
        """Give the largest side that fits."""
        return canvas

    @property
    def corner(self) -> tuple[int, int]:
        """Row and column of the square's top-left corner on the canvas, px, where it stands still."""
        return 0, 0

    def num_values(self, image_size: int) -> int:  # noqa: ARG002
        """Count the square's values."""
        return int(3 * self.square**2)

    @property
    def size(self) -> str:
        """Side of the square."""
        return f"{self.square} px"

    def facts(self) -> dict[str, object]:
        """Give the square's side and place."""
        row, column = self.corner
        return {"square": self.square, "square_at": {"row": row, "column": column}}

    @classmethod
    def suggested(cls, canvas: int) -> dict[str, object]:
        """Give the paper's proportion."""
        return {"square": square_of(canvas)}


class FixSpec(_SquareSpec):
    """A square at the top left."""

    label = "Corner square (fix)"
    about = "a square at the top left"

    kind: Literal["fix"] = "fix"

    def where(self) -> str:
        """Say where the square is."""
        return f"a square of {self.square} x {self.square} px at the top left of {self._on_canvas}"


class RandomSpec(_SquareSpec):
    """A square at a new place in each pass."""

    label = "Moving square (random)"
    about = "a square at a new place each time"

    kind: Literal["random"] = "random"

    @classmethod
    def largest(cls, canvas: int) -> int:
        """Leave one place to go to."""
        return canvas - 1

    @property
    def corner(self) -> tuple[int, int]:
        """The middle: where a fixed view has the square."""
        middle = (self.canvas - self.square) // 2
        return middle, middle

    @property
    def room(self) -> int:
        """Offsets are uniform in [0, C - M)."""
        return self.canvas - self.square

    def where(self) -> str:
        """Say where the square is."""
        return f"a square of {self.square} x {self.square} px on {self._on_canvas}, at a new place in each pass"

    def how(self) -> str:
        """Say where the square is in training, and where in a fixed view."""
        row, column = self.corner
        return (
            f"{self.where()} of the training: its top-left corner uniform in rows and columns 0 to {self.room - 1}, "
            "added = sigmoid(delta) in the square, 0 elsewhere. For validation, test and this export it is in the middle, "
            f"corner at row {row}, column {column}; for another place, cut sigmoid(delta) there"
        )


class ExpandSpec(PromptSpec):
    """Everything around the image."""

    label = "Around it (expand)"
    about = "everything around the image"
    formula = "added = sigmoid(delta) there, 0 elsewhere"
    around_image = True

    kind: Literal["expand"] = "expand"

    def num_values(self, image_size: int) -> int:
        """Count the values outside the image."""
        return int(3 * (self.canvas**2 - image_size**2))

    def where(self) -> str:
        """Say that it is around the image."""
        return f"everything on {self._on_canvas} outside the centred image"

    def misfit(self, image_size: int) -> str:
        """Refuse an image that leaves no room."""
        full = image_size >= self.canvas
        return f"prompt 'expand' needs an image smaller than the canvas ({self.canvas} px)" if full else ""


class LowRankSpec(PromptSpec):
    """A pattern of low rank over the whole canvas (LoR-VP; arXiv 2502.00896)."""

    label = "Low rank (LoR-VP)"
    about = "a pattern of low rank over the whole canvas"
    formula = "added = delta = factor_b @ factor_a in each colour; the two factors are what was learned"

    kind: Literal["low_rank"] = "low_rank"

    rank: int = option(4, "Rank", ge=1, le=256)
    """Rank of the pattern in each colour (prompt 'low_rank'): 2 x 3 x canvas x rank values learn; at most half the canvas."""

    @field_validator("rank")
    @classmethod
    def _rank_saves(cls, value: int, info: ValidationInfo) -> int:
        canvas = info.data.get("canvas")
        if canvas is not None and 2 * value > canvas:
            raise ValueError(f"rank {value} exceeds half the canvas ({canvas} px): at most {canvas // 2}")
        return value

    def num_values(self, image_size: int) -> int:  # noqa: ARG002
        """Count the values of both factors."""
        return 2 * 3 * self.canvas * self.rank

    def where(self) -> str:
        """Say that it is everywhere."""
        return f"all of {self._on_canvas}, as a pattern of rank {self.rank} in each colour"

    @property
    def size(self) -> str:
        """Its rank."""
        return f"rank {self.rank}"


class NoPromptSpec(PromptSpec):
    """No prompt: the control arm."""

    label = "None"
    about = "no prompt (the control arm)"
    learns = False

    kind: Literal["none"] = "none"

    def num_values(self, image_size: int) -> int:  # noqa: ARG002
        """There is none."""
        return 0

    def where(self) -> str:
        """Say that there is none."""
        return "nowhere: the method has no prompt"

    def how(self) -> str:
        """Say that there is none."""
        return self.where()
