"""What a form shows, read off the specs: every leaf of a RunConfig, once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from vpns_engine.specs.fields import PathKind, Spec, is_advanced, only_with_of, path_of, unit_of, words_of
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.run import RunConfig

EditorKind = Literal["whole", "number", "choice", "pick", "check", "text", "path", "percents"]

BASIC = (
    "model.architecture",
    "model.weights",
    "model.weights_file",
    "data.dataset",
    "data.folder",
    "data.image_size",
    "mask.sparsities",
    "prompt.kind",
    "prompt.canvas",
    "method",
    "search_epochs",
    "finetune_epochs",
    "seed",
    "device",
)
"""The settings for everybody, in the order a run is thought out; those that only some prompts have follow the canvas."""

DEVICE = "device"
"""Its choices are what the machine has, not words of the spec."""

TYPED: tuple[EditorKind, ...] = ("whole", "number", "text", "path", "percents")
"""What is changed letter by letter."""

MANY = 10
"""A choice of so many values or more is picked from a list that can be searched."""


@dataclass(frozen=True)
class FormField:
    """One leaf of the configuration, as a form shows it. `group` is the title of the spec it belongs to."""

    location: str
    label: str
    group: str
    kind: EditorKind
    unit: str
    tooltip: str
    advanced: bool
    words: Mapping[str, str]
    """What a person reads for each value of a choice."""
    only_with: Mapping[str, tuple[str, ...]]
    """Location of other fields -> values with which this one matters."""
    path: PathKind
    lowest: int | None
    highest: int | None


def form_fields() -> dict[str, FormField]:
    """Give every field by its location: the basic ones in their order, then the advanced ones as the specs have them."""
    return _form_fields(tuple(PromptSpec.kinds()))


@cache
def _form_fields(_kinds: tuple[str, ...]) -> dict[str, FormField]:
    found = {field.location: field for field in _leaves(RunConfig, "", "")}
    basic: dict[str, FormField] = {}
    for location in BASIC:
        basic[location] = found[location]
        if location == "prompt.canvas":
            basic |= {at: field for at, field in found.items() if at.startswith("prompt.") and not field.advanced}
    return {**basic, **{at: field for at, field in found.items() if at not in basic}}


def _leaves(spec: type[Spec], prefix: str, group: str) -> Iterator[FormField]:
    for name, info in spec.settings().items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, Spec):
            yield from _leaves(kind, f"{prefix}{name}.", info.title or "")
        else:
            yield _field(info, prefix, name, group)


def _field(info: FieldInfo, prefix: str, name: str, group: str) -> FormField:
    lowest, highest = _bounds(info)
    return FormField(
        location=prefix + name,
        label=info.title or name,
        group=group,
        kind=_kind(info, prefix + name),
        unit=unit_of(info),
        tooltip=" ".join((info.description or "").split()),
        advanced=is_advanced(info),
        words=_words(info),
        only_with={prefix + other: values for other, values in only_with_of(info).items()},
        path=path_of(info),
        lowest=lowest,
        highest=highest,
    )


def _kind(info: FieldInfo, location: str) -> EditorKind:
    kind: Any = info.annotation
    if location == DEVICE or len(_words(info)) in range(1, MANY):
        return "choice"
    if _words(info):
        return "pick"
    if get_origin(kind) is tuple and unit_of(info) == "%":
        return "percents"
    simple: dict[Any, EditorKind] = {bool: "check", int: "whole", float: "number", str: "path" if path_of(info) else "text"}
    return simple[kind]


def _words(info: FieldInfo) -> dict[str, str]:
    known = words_of(info)
    values = get_args(info.annotation) if get_origin(info.annotation) is Literal else known
    return {value: known.get(value, value) for value in values}


def _bounds(info: FieldInfo) -> tuple[int | None, int | None]:
    """Give the bounds an arrow button stops at; the spec alone decides what is valid."""
    lowest = next((bound.ge for bound in info.metadata if hasattr(bound, "ge")), None)
    highest = next((bound.le for bound in info.metadata if hasattr(bound, "le")), None)
    return (lowest if isinstance(lowest, int) else None, highest if isinstance(highest, int) else None)
