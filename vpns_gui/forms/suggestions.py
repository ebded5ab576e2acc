"""Sizes that go together: what a form fills in while its user has not said otherwise."""

from collections.abc import Mapping

from vpns_engine.catalogue import catalogue
from vpns_engine.specs.prompt import square_of

SUGGESTED = ("data.image_size", "data.flip", "prompt.canvas", "prompt.pad", "prompt.square")
TRIGGERS = frozenset(("model.architecture", "data.dataset", "data.image_size", "prompt.canvas", "prompt.kind"))
"""A change at one of these places makes other suggestions."""


def suggestions(values: Mapping[str, object], edited: frozenset[str]) -> dict[str, object]:
    """Give values for those of SUGGESTED that are not in `edited`; none of a size while another one is half typed.

    Args:
        values: the draft's values by location.
        edited: the places where the user has put a value of their own.
    """
    found: dict[str, object] = {"data.flip": values["data.dataset"] == "folder", **_sizes(values, edited)}
    return {location: value for location, value in found.items() if location not in edited}


def _sizes(values: Mapping[str, object], edited: frozenset[str]) -> dict[str, object]:
    around = values["prompt.kind"] == "expand"
    canvas = _canvas(values, edited, around)
    if canvas is None:
        return {}
    image = canvas - 2 * ring_of(canvas) if around else canvas
    return {
        "data.image_size": image,
        "prompt.canvas": canvas,
        "prompt.pad": ring_of(canvas),
        "prompt.square": square_of(canvas),
    }


def _canvas(values: Mapping[str, object], edited: frozenset[str], around: bool) -> int | None:
    if "prompt.canvas" in edited:
        return _whole(values["prompt.canvas"])
    if "data.image_size" in edited:
        image = _whole(values["data.image_size"])
        return image + 2 * ring_of(image) if image is not None and around else image
    return next((entry.image_size for name, entry in catalogue().items() if name == values["model.architecture"]), None)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def ring_of(canvas: int) -> int:
    """Give the width of a ring in the paper's proportion (16 of 224 px), but 2 px at least."""
    return max(2, round(canvas / 14))
