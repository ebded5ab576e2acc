"""What every visual prompt has in common, and the kinds there are: each is registered by being defined."""

from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar, Literal, Self, get_origin

from pydantic import ModelWrapValidatorHandler, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticKnownError

from vpns_engine.specs.fields import Spec, extended, option

PromptKind = str
"""The name of a kind: one of `PromptSpec.kinds()`."""


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
