"""Ready-made configurations: one JSON file each in resources/presets, and a person's own in the settings folder."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vpns_engine.bundled import resource
from vpns_engine.errors import EngineError
from vpns_engine.files import write_text
from vpns_engine.folders import config_folder
from vpns_engine.locks import only_one
from vpns_engine.settings_files import damage, read_settings, set_aside
from vpns_engine.specs.problems import config_from, validate
from vpns_engine.specs.run import RunConfig

OWN = "own-"
"""How the keys of a person's own presets begin."""
MAX_NAME = 80
MAX_OWN = 200
_OWN_ABOUT = "A preset of your own."


class Preset(BaseModel):
    """A configuration to start from. `values` may lack what only its user knows, the image folder for one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    """Short name for the command line."""

    name: str
    """What a person reads."""

    about: str
    """One or two sentences: what it is for, what it needs."""

    values: Mapping[str, Any]
    """Nested plain values of a RunConfig; what is absent has its default."""

    @property
    def config(self) -> RunConfig:
        """The configuration.

        Raises:
            EngineError: something that only its user knows is missing.
        """
        return config_from(self.values)


@cache
def all_presets() -> tuple[Preset, ...]:
    """Give every preset; the offline demo is the first."""
    return tuple(Preset.model_validate_json(path.read_bytes()) for path in sorted(resource("presets").glob("*.json")))


def presets() -> dict[str, RunConfig]:
    """Give the presets that run as they are, by the name a person reads."""
    found = {preset.name: validate(preset.values) for preset in all_presets()}
    return {name: config for name, config in found.items() if isinstance(config, RunConfig)}


def own_presets(say: Callable[[str], object] = lambda _line: None) -> tuple[Preset, ...]:
    """Give a person's own presets, in the order they were saved; `say` is told what cannot be read, which is left out."""
    try:
        found, wrong = _own_in(read_settings(_path()))
    except EngineError as error:
        found, wrong = (), str(error)
    if wrong:
        say(damage(_path(), wrong))
    return found


def save_preset(name: str, config: RunConfig) -> Preset:
    """Keep settings under a name; a preset of one's own that has it is replaced.

    Raises:
        EngineError: the name cannot be used, there are too many, or the file cannot be written.
    """
    name = _checked(name)
    with _changing() as found:
        same = next((preset for preset in found if preset.name.casefold() == name.casefold()), None)
        key = same.key if same else _free_key(name, found)
        made = Preset(key=key, name=name, about=_OWN_ABOUT, values=config.model_dump(mode="json"))
        found[:] = [made if preset.key == key else preset for preset in found] if same else [*found, made]
        if len(found) > MAX_OWN:
            raise EngineError(f"{len(found)} presets: at most {MAX_OWN}; remove one first")
    return made


def rename_preset(key: str, name: str) -> Preset:
    """Give one's own preset another name.

    Raises:
        EngineError: there is no such preset, the name is taken or cannot be used, or the file cannot be written.
    """
    name = _checked(name)
    with _changing() as found:
        place = _place(found, key)
        if any(preset.name.casefold() == name.casefold() for preset in found if preset.key != key):
            raise EngineError(f"there is a preset '{name}' already: choose another name")
        found[place] = found[place].model_copy(update={"name": name})
    return found[place]


def remove_preset(key: str) -> None:
    """Remove one's own preset.

    Raises:
        EngineError: there is no such preset, or the file cannot be written.
    """
    with _changing() as found:
        del found[_place(found, key)]


def preset_called(name: str) -> Preset:
    """Find a preset by its key or by the name a person reads, upper or lower case; one's own come after the others.

    Raises:
        EngineError: there is none.
    """
    wanted = name.strip().casefold()
    known = (*all_presets(), *own_presets())
    for preset in known:
        if wanted in (preset.key.casefold(), preset.name.casefold()):
            return preset
    raise EngineError(f"preset '{name}' is not known: one of {', '.join(preset.key for preset in known)}")


def _path() -> Path:
    return config_folder() / "presets.json"


@contextmanager
def _changing() -> Iterator[list[Preset]]:
    """Give the own presets to be changed; written whole at the end. What was damaged is kept aside."""
    path = _path()
    with only_one(path.with_name("presets.lock"), lambda: None):
        try:
            read, wrong = _own_in(read_settings(path))
        except EngineError as error:
            read, wrong = (), str(error)
        found = list(read)
        yield found
        if wrong:
            set_aside(path, wrong)
        values = [preset.model_dump(mode="json") for preset in found]
        write_text(path, json.dumps({"presets": values}, indent=1))


def _own_in(values: object) -> tuple[tuple[Preset, ...], str]:
    """Give the presets of a file's values, and what is wrong with those that are left out.

    Raises:
        EngineError: it holds no presets.
    """
    if values is None:
        return (), ""
    items = values.get("presets") if isinstance(values, dict) else None
    if not isinstance(items, list):
        raise EngineError("it holds no presets")
    found: dict[str, Preset] = {}
    wrong = ""
    for number, item in enumerate(items[:MAX_OWN], 1):
        try:
            preset = _OwnPreset.model_validate(item)
        except ValidationError:
            wrong = wrong or f"preset {number} of {len(items)} is none"
            continue
        result = validate(preset.values)
        if isinstance(result, RunConfig):
            found.setdefault(preset.key, preset)
        else:
            wrong = wrong or f"preset '{preset.name}': {result[0].message}"
    return tuple(found.values()), wrong


class _OwnPreset(Preset):
    """A preset as it may stand in a person's file."""

    key: str = Field(pattern=f"^{OWN}[\\w-]{{1,80}}$")
    name: str = Field(min_length=1, max_length=MAX_NAME)
    about: str = Field(_OWN_ABOUT, max_length=500)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise EngineError("a preset needs a name")
    if len(name) > MAX_NAME or not name.isprintable():
        raise EngineError(f"the name '{name[:MAX_NAME]}' cannot be used: at most {MAX_NAME} letters that can be printed")
    if any(name.casefold() in (preset.key.casefold(), preset.name.casefold()) for preset in all_presets()):
        raise EngineError(f"'{name}' is a preset of the program: choose another name")
    return name


def _free_key(name: str, taken: Sequence[Preset]) -> str:
    word = re.sub(r"[^\w]+", "-", name.casefold()).strip("-_")[:40] or "preset"
    keys = {preset.key for preset in taken}
    numbered = (f"{OWN}{word}{f'-{number}' if number > 1 else ''}" for number in range(1, MAX_OWN + 2))
    return next(key for key in numbered if key not in keys)


def _place(found: Sequence[Preset], key: str) -> int:
    place = next((number for number, preset in enumerate(found) if preset.key == key), None)
    if place is None:
        raise EngineError(f"there is no preset '{key}' of your own (any more)")
    return place
