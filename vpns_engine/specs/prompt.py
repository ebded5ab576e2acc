"""The visual prompt: its kind, its place, its size. A kind is a class here, registered by being defined."""

from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar, Literal, Self, get_origin

from pydantic import ModelWrapValidatorHandler, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticKnownError
from pydantic_core.core_schema import ValidationInfo

from vpns_engine.specs.fields import Spec, extended, option

PromptKind = str
"""The name of a kind: one of `PromptSpec.kinds()`."""


def square_of(canvas: int) -> int:
    """Give the side of a square in the paper's proportion (115 of 224 px)."""
    return round(0.513 * canvas)


def ring_of(canvas: int) -> int:
    """Give the width of a ring in the paper's proportion (16 of 224 px), but 2 px at least."""
    return max(2, round(canvas / 14))


class PromptSpec(Spec):
    """A learned pattern that is added to the image on the canvas.

    A kind is a subclass that narrows `kind` to its own word, with `label` and `about`, and has a default for each of its
    fields; the class of `nn.prompts` with that `spec_class` does its work. `PromptSpec(kind=...)` and
    `PromptSpec.model_validate` give the kind that is named; what belongs to other kinds only is dropped.
    """

    label: ClassVar[str] = ""
    """What a person reads for the kind."""
    about: ClassVar[str] = ""
    """The kind in half a sentence."""
    formula: ClassVar[str] = "added = delta there, 0 elsewhere"
    """How what is added comes from what is learned."""
    learns: ClassVar[bool] = True
    """There is something to learn."""
    around_image: ClassVar[bool] = False
    """It lies around an image that is smaller than the canvas."""
    _kinds: ClassVar[dict[str, type["PromptSpec"]]] = {}

    kind: PromptKind = option("pad", "Prompt")

    canvas: int = option(16, "Canvas", unit="px", ge=8, le=1024)
    """Both sides of the prompted input. The image is centred on it; with an image as large as the canvas the prompt lies on
    the image."""

    def __new__(cls, *_args: object, **values: object) -> Self:
        """Make room for the kind that is named, where the base is called."""
        named = cls._kinds.get(str(values.get("kind", "pad"))) if cls is PromptSpec else None
        return super().__new__(named or cls)  # type: ignore[return-value]

    @classmethod
    def __pydantic_init_subclass__(cls, **_more: object) -> None:
        """Register a kind."""
        field = cls.model_fields["kind"]
        if get_origin(field.annotation) is not Literal:
            return
        if field.default in PromptSpec._kinds:
            raise TypeError(f"prompt kind '{field.default}' is defined twice")
        PromptSpec._kinds[field.default] = cls

    @classmethod
    def kinds(cls) -> Mapping[PromptKind, type["PromptSpec"]]:
        """Give every kind there is, in the order of their definition."""
        return PromptSpec._kinds

    @classmethod
    def forget(cls) -> None:
        """Undo the registration of this kind."""
        PromptSpec._kinds = {kind: spec for kind, spec in PromptSpec._kinds.items() if spec is not cls}

    @classmethod
    def settings(cls) -> Mapping[str, FieldInfo]:
        """Give the fields of all kinds, each of them with the kinds that have it."""
        if cls is not PromptSpec:
            return super().settings()
        return {"kind": _kind_field(), "canvas": cls.model_fields["canvas"], **_fields_of_kinds()}

    @classmethod
    def defaults(cls, canvas: object = None) -> dict[str, object]:
        """Give a value for each of `settings`, as they go with a canvas; one that cannot work counts as not given."""
        found: dict[str, object] = {}
        for spec in reversed(PromptSpec._kinds.values()):
            try:
                values = spec.model_validate({} if canvas is None else {"canvas": canvas})
            except ValidationError:
                values = spec.model_validate({})
            found |= values.model_dump()
        return {**found, "kind": cls.model_fields["kind"].default}

    @model_validator(mode="wrap")
    @classmethod
    def _choose_kind(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Any:  # noqa: ANN401
        if not isinstance(values, Mapping):
            return handler(values)
        kind = values.get("kind", cls.model_fields["kind"].default)
        spec = PromptSpec._kinds.get(kind) if isinstance(kind, str) else None
        if cls is not PromptSpec:
            foreign = _fields_of_kinds().keys() - cls.model_fields.keys()
            return handler({name: value for name, value in values.items() if name not in foreign})
        return handler({"kind": kind}) if spec is None else spec.model_validate(values)

    @field_validator("kind", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        if not isinstance(value, str) or value not in PromptSpec._kinds:
            expected = ", ".join(map(repr, PromptSpec._kinds))
            raise PydanticKnownError("literal_error", {"expected": expected})
        return value

    def as_kind(self, kind: PromptKind) -> "PromptSpec":
        """Give the prompt of another kind on the same canvas."""
        return PromptSpec.model_validate({"kind": kind, "canvas": self.canvas})

    def num_values(self, image_size: int) -> int:
        """Count the tunable values for images of `image_size` px (spec section 2)."""
        raise NotImplementedError

    def where(self) -> str:
        """Say in words where the prompt acts; ready to stand within a sentence."""
        raise NotImplementedError

    def how(self) -> str:
        """Say in words where the prompt acts and how what is added comes from what is learned."""
        return f"{self.where()}; {self.formula}"

    @property
    def size(self) -> str:
        """The prompt's own size in a word or two; empty where the canvas says it all."""
        return ""

    @property
    def room(self) -> int:
        """Number of rows (and columns) where a moving prompt may begin; 1 for one that stands still."""
        return 1

    def facts(self) -> dict[str, object]:
        """Give what a reader of an export needs to know beside the kind and the canvas."""
        return self.model_dump(exclude={"kind", "canvas"})

    def misfit(self, image_size: int) -> str:  # noqa: ARG002
        """Say why the prompt cannot work with images of `image_size` px, at most the canvas; empty where it can."""
        return ""

    @classmethod
    def suggested(cls, canvas: int) -> dict[str, object]:  # noqa: ARG003 - for kinds with a size of their own
        """Give the values that a form fills in beside a canvas."""
        return {}

    @property
    def _on_canvas(self) -> str:
        return f"the {self.canvas} x {self.canvas} px canvas"


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


def _kind_field() -> FieldInfo:
    """Describe the choice between the kinds there are."""
    kinds = PromptSpec.kinds()
    field = extended(PromptSpec.model_fields["kind"], words={kind: spec.label for kind, spec in kinds.items()})
    choice: Any = Literal
    field.annotation = choice[tuple(kinds)]
    field.description = "; ".join(f"{kind}: {spec.about}" for kind, spec in kinds.items()) + "."
    return field


def _fields_of_kinds() -> dict[str, FieldInfo]:
    """Give the fields that only some kinds have, each with the kinds it matters with."""
    found: dict[str, FieldInfo] = {}
    owners: dict[str, list[str]] = {}
    for kind, spec in PromptSpec.kinds().items():
        for name, field in spec.model_fields.items():
            if name not in PromptSpec.model_fields:
                found.setdefault(name, copy(field))
                owners.setdefault(name, []).append(kind)
    return {name: extended(field, only_with={"kind": tuple(owners[name])}) for name, field in found.items()}
