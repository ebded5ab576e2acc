"""Class names of sets whose files give numbers only (facts, bundled)."""

import json
from functools import cache

from vpns_engine.bundled import resource


@cache
def class_names(key: str) -> tuple[str, ...]:
    """Give the names of a set's classes in the order of their numbers: `flowers102`, `gtsrb`, `imagenet`."""
    names: dict[str, list[str]] = json.loads(resource("class_names.json").read_text(encoding="utf-8"))
    return tuple(names[key])
