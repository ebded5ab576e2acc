"""What differs between runs, in a few words each: the legend where several are drawn together."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vpns_engine.catalogue import labels
from vpns_engine.levels import what_determines
from vpns_engine.specs.data import DATASET_LABELS
from vpns_engine.specs.fields import unit_of, words_of
from vpns_engine.specs.problems import field_at
from vpns_engine.specs.run import RunConfig
from vpns_engine.summary import arm_name
from vpns_engine.words import printable

Parts = dict[str, str]
"""What can be said of a run, by the setting's place; in the order it is said."""

_ALONE = ("name", "arm", "model.architecture", "data.dataset")
"""Settings whose value needs no label in front."""

def run_labels(configs: Sequence[RunConfig]) -> list[str]:
    """Name each run by the settings in which it differs from the others; those that do not differ have the same words.

    Returns:
        As many texts as runs; a run alone is named by its method and prompt.
    """
    return _labels([({"name": printable(config.name)} if config.name else {}) | _parts(config) for config in configs])


def arm_labels(configs: Sequence[RunConfig]) -> list[str]:
    """Name runs that stand for all those which differ from them in name and seed only; the method is always said."""
    parts = [_parts(config) for config in configs]
    for part in parts:
        part.pop("seed", None)
    return _labels(parts, always=("arm",))


def _labels(parts: Sequence[Parts], always: Sequence[str] = ()) -> list[str]:
    telling = [key for key in _keys(parts) if key in always or _differs(key, parts)]
    return [_words(part, telling) for part in parts]


def _keys(parts: Iterable[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(key for part in parts for key in part))


def _differs(key: str, parts: Sequence[Parts]) -> bool:
    """Tell whether runs that have a setting differ in it; a prompt's own settings are compared within one kind and size.

    A setting that a run has no use for, the prompt's optimizer of one without a prompt, follows from what differs already.
    """
    groups: dict[str, set[str]] = {}
    for part in parts:
        if key in part:
            groups.setdefault(part["arm"] if key.startswith("prompt.") else "", set()).add(part[key])
    return any(len(values) > 1 for values in groups.values())


def _parts(config: RunConfig) -> Parts:
    flat = _flat(what_determines(config))
    found = {
        "arm": arm_name(config),
        "model.architecture": labels()[config.model.architecture],
        "data.dataset": DATASET_LABELS[config.data.dataset],
    }
    said = (*found, "method", "prompt.kind")
    return found | {key: _valued(key, value) for key, value in flat.items() if key not in said}


def _flat(values: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        key = f"{place}.{name}" if place else name
        found |= _flat(value, key) if isinstance(value, Mapping) else {key: value}
    return found


def _valued(key: str, value: object) -> str:
    """Write a setting with its label: `Learning rate of Scores (search) 0.001`, `Seed 7`."""
    field = field_at(key)
    label = (field.title if field is not None else None) or key
    if key in ("data.folder", "model.weights_file", "start_from") and value:
        value = Path(str(value)).name
    words = words_of(field).get(str(value), "") if field is not None else ""
    unit = f" {unit_of(field)}" if field is not None and unit_of(field) else ""
    text = words or f"{_number(value)}{unit}"
    group = field_at(key.rpartition(".")[0]) if key.startswith("optim.") else None
    of = f" of {group.title}" if group is not None and group.title else ""
    return f"{label}{of} {text}"


def _number(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _words(part: Mapping[str, str], telling: Iterable[str]) -> str:
    said = [part[key] if key in _ALONE else _small(part[key]) for key in telling if key in part]
    return ", ".join(said) or part["arm"]


def _small(text: str) -> str:
    """Write a label within a sentence: its first letter small, but not that of a shorthand or a name."""
    second = text[1:2]
    return text if second.isupper() else text[:1].lower() + text[1:]
