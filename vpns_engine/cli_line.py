"""A configuration as the command line that makes it."""

import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from vpns_engine.cli_options import flag_of, leaves
from vpns_engine.errors import EngineError
from vpns_engine.presets import all_presets
from vpns_engine.specs.fields import path_of, unit_of
from vpns_engine.specs.run import RunConfig


def command_line(config: RunConfig, *, seeds: Sequence[int] = (), control: bool = False) -> str:
    """Write the line for a terminal that does these settings, as short as a preset makes it.

    Args:
        config: the settings.
        seeds: more than one: a run each.
        control: the control arm as well.
    """
    bases: list[tuple[list[str], RunConfig]] = [([], RunConfig())]
    for preset in all_presets():
        try:
            bases.append((["--preset", preset.key], preset.config))
        except EngineError:  # it lacks what only its user knows
            continue
    lines = ([*words, *_changes(config, base, several=len(seeds) > 1)] for words, base in bases)
    words = ["vpns", "run", *min(lines, key=lambda words: len(" ".join(words)))]
    if len(seeds) > 1:
        words += ["--seed", ",".join(map(str, seeds))]
    return quoted([*words, *(["--control"] if control else [])])


def quoted(words: Sequence[str]) -> str:
    """Write words as the shell of this system takes them."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def _changes(config: RunConfig, base: RunConfig, *, several: bool) -> Iterator[str]:
    """Give the options that make `config` of `base`."""
    wanted, there = _flat(config.model_dump(mode="json")), _flat(base.model_dump(mode="json"))
    if config.prompt.kind != base.prompt.kind:  # what the other kind has of its own would be dropped
        there |= _flat({"prompt": type(config.prompt)(canvas=base.prompt.canvas).model_dump(mode="json")})
        there["prompt.kind"] = base.prompt.kind
    for location, field in leaves():
        if location in wanted and wanted[location] != there.get(location) and not (several and location == "seed"):
            yield from _option(location, field, wanted[location])
    yield from _implied(wanted, there)


def _implied(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    """Give the options that undo what else an option for a path says: a folder that is named is meant to be used."""
    for path, switch in (("data.folder", "data.dataset"), ("model.weights_file", "model.weights")):
        if wanted[path] != there[path] and wanted[switch] == there[switch] and _is_plain_path(wanted[path]):
            yield from ("--set", f"{switch}={wanted[switch]}")


def _option(location: str, field: FieldInfo, value: object) -> Iterator[str]:
    flag, text = flag_of(location), _written(field, value)
    if flag is None or (path_of(field) and not _is_plain_path(text)):
        yield from ("--set", f"{location}={repr(value) if isinstance(value, float) else _raw(value)}")
    elif isinstance(value, bool):
        yield flag if value else flag.replace("--", "--no-", 1)
    elif text.startswith("-") or not text:  # as a word of its own it would be taken for another option
        yield f"{flag}={text}"
    else:
        yield from (flag, text)


def _written(field: FieldInfo, value: object) -> str:
    if unit_of(field) == "%" and isinstance(value, list):
        return ",".join(_percent(share) for share in value)
    return repr(value) if isinstance(value, float) else str(value)


def _percent(share: float) -> str:
    text = f"{Decimal(repr(share)) * 100:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _raw(value: object) -> str:
    return ",".join(map(repr, value)) if isinstance(value, list) else str(value)


def _is_plain_path(text: str) -> bool:
    """Tell whether an option leaves a path as it is: a relative one, or one with ~, would be written out."""
    return not text or (Path(text).is_absolute() and str(Path(text).absolute()) == text)


def _flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found
