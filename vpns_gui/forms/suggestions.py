"""Sizes that go together: what a form fills in while its user has not said otherwise."""

from collections.abc import Mapping

from vpns_engine.catalogue import catalogue
from vpns_engine.specs.prompt import PromptSpec, ring_of

TRIGGERS = frozenset(("model.architecture", "data.dataset", "data.image_size", "prompt.canvas", "prompt.kind"))
"""A change at one of these places makes other suggestions."""

FIXED = ("data.image_size", "prompt.canvas")
"""The places where some networks leave no choice."""

_NOT_MIRRORED = frozenset(("digits", "mnist", "svhn", "gtsrb", "unknown"))
"""Digits, and signs that mean something else in a mirror."""


def suggestions(values: Mapping[str, object], edited: frozenset[str]) -> dict[str, object]:
    """Give sizes and switches that go together, those that are not in `edited`; none of a size while another one is half typed.

    Where the network takes one size only, that one stands whatever was there.

    Args:
        values: the draft's values by location.
        edited: the places where the user has put a value of their own.
    """
    found: dict[str, object] = {"data.flip": values["data.dataset"] not in _NOT_MIRRORED, **_sizes(values, edited)}
    decided = FIXED if fixed_size(values) else ()
    return {location: value for location, value in found.items() if location not in edited or location in decided}


def fixed_size(values: Mapping[str, object]) -> int | None:
    """Give the one size in px that the chosen network takes; None where it takes many."""
    entry = catalogue().get(str(values["model.architecture"]))
    return entry.image_size if entry is not None and entry.fixed_size else None


def _sizes(values: Mapping[str, object], edited: frozenset[str]) -> dict[str, object]:
    kind = PromptSpec.kinds().get(str(values["prompt.kind"]))
    around = kind is not None and kind.around_image and not fixed_size(values)
    canvas = _canvas(values, edited, around)
    if canvas is None:
        return {}
    image = canvas - 2 * ring_of(canvas) if around else canvas
    return {
        "data.image_size": image,
        "prompt.canvas": canvas,
        **{f"prompt.{name}": value for name, value in _of_prompts(canvas).items()},
    }


def _of_prompts(canvas: int) -> dict[str, object]:
    return {name: value for spec in PromptSpec.kinds().values() for name, value in spec.suggested(canvas).items()}


def _canvas(values: Mapping[str, object], edited: frozenset[str], around: bool) -> int | None:
    if fixed := fixed_size(values):
        return fixed
    if "prompt.canvas" in edited:
        return _whole(values["prompt.canvas"])
    if "data.image_size" in edited:
        image = _whole(values["data.image_size"])
        return image + 2 * ring_of(image) if image is not None and around else image
    entry = catalogue().get(str(values["model.architecture"]))
    return entry.image_size if entry is not None else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
