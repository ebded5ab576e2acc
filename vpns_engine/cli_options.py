"""The options of `vpns run`, made from the specs: one for each field, with the field's own words and bounds."""

import argparse
import copy
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from vpns_engine.errors import EngineError
from vpns_engine.files import expanded, read_json
from vpns_engine.presets import preset_called
from vpns_engine.specs.fields import Spec, is_advanced, path_of, unit_of
from vpns_engine.specs.problems import Problem, validate
from vpns_engine.specs.run import RunConfig

_SYMBOLS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_MAX_CONFIG_BYTES = 4 * 2**20


class UsageError(Exception):
    """What was asked for cannot work; one line for each reason."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def leaves(model: type[Spec] = RunConfig, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """List every single setting with its dotted location (`prompt.pad`)."""
    for name, field in model.settings().items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Spec):
            yield from leaves(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def flag_of(location: str) -> str | None:
    """Give the option of a setting; None for the optimizers' settings, which `--set` reaches."""
    section, _, name = location.rpartition(".")
    if "." in section or section == "optim":
        return None
    word = {"kind": section, "sparsities": "sparsity", "root": "data-root"}.get(name, name)
    return "--" + word.replace("_", "-")


def add_base(parser: argparse.ArgumentParser) -> None:
    """Add what the settings start from, and the options that reach several of them."""
    base = parser.add_mutually_exclusive_group()
    base.add_argument("--preset", metavar="NAME", help="start from a preset, for example digits (see `vpns presets`)")
    base.add_argument("--config", type=Path, metavar="FILE", help="start from a configuration file, or from a run's folder")
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="change any setting; may be repeated")
    parser.add_argument("--epochs", metavar="N", help="epochs of each stage that is not given by an option of its own")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for each setting that has one."""
    basic = parser.add_argument_group("settings")
    expert = parser.add_argument_group("settings for experts")
    for location, field in leaves():
        if flag := flag_of(location):
            _add(expert if is_advanced(field) else basic, flag, location, field)


def _add(group: argparse._ArgumentGroup, flag: str, location: str, field: FieldInfo) -> None:
    text = _help(field).replace("%", "%%")
    if field.annotation is bool:
        group.add_argument(flag, dest=location, default=None, action=argparse.BooleanOptionalAction, help=text)
    else:
        metavar = "N[,N ...]" if location == "seed" else _metavar(field)
        group.add_argument(flag, dest=location, default=None, metavar=metavar, help=text)


def _metavar(field: FieldInfo) -> str:
    if unit_of(field) == "%":
        return "PERCENT"
    if get_args(field.annotation) and get_origin(field.annotation) is not tuple:
        return "{" + ",".join(map(str, get_args(field.annotation))) + "}"
    if field.annotation in (int, float):
        return "N" if field.annotation is int else "X"
    return path_of(field).upper() or "TEXT"


def _help(field: FieldInfo) -> str:
    limits = [f"{_SYMBOLS[sign]} {value}" for sign, value in _bounds(field)]
    unit = unit_of(field)
    facts = ", ".join([*limits, f"in {unit}" if unit else ""]).strip(", ")
    text = " ".join((field.description or "").split())
    return f"{field.title}. {text}" + (f" ({facts})" if facts else "")


def _bounds(field: FieldInfo) -> Iterator[tuple[str, object]]:
    for item in field.metadata:
        for sign in _SYMBOLS:
            if (value := getattr(item, sign, None)) is not None:
                yield sign, value


def settings_text() -> str:
    """List what `--set` knows, with the defaults."""
    config = RunConfig()
    values = {**config.model_dump(mode="json"), "prompt": config.prompt.defaults()}
    lines = [f"  {location}={_plain(_at(values, location))}" for location, _ in leaves()]
    return "\n".join(["KEY of --set, with its default (values as in a run's config.json; sparsities are shares):", *lines])


def build_config(options: Mapping[str, Any]) -> RunConfig:
    """Give the configuration that the command line describes.

    Args:
        options: `preset`, `config` (or plain `values`), `set` and the settings by their dotted location; None where not given.

    Raises:
        UsageError: a value cannot work; every reason in its own line.
        EngineError: the configuration file cannot be read.
    """
    result = validate(values_of(options))
    if isinstance(result, RunConfig):
        return result
    raise UsageError(*map(problem_line, result))


def values_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the nested plain values that the command line describes, whether they work or not; as `build_config`."""
    values = _base(options)
    given = {location: options[location] for location, _ in leaves() if options.get(location) is not None}
    _imply(given)
    fields = dict(leaves())
    for location, text in given.items():
        _put(values, location, value_of(text, fields[location]))
    for item in options.get("set") or ():
        location, text = _assignment(item, fields)
        _put(values, location, _listed(text) if get_origin(fields[location].annotation) is tuple else text)
    return values


def with_epochs(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give options where `epochs` stands for both stages, unless one is given by itself."""
    given = dict(options)
    if given.get("epochs") is not None:
        for stage in ("search_epochs", "finetune_epochs"):
            given[stage] = given["epochs"] if given.get(stage) is None else given[stage]
    return given


def location_of(word: str) -> str:
    """Find a setting by its dotted location or by its option (`prompt.pad`, `pad`, `--pad`).

    Raises:
        UsageError: there is none.
    """
    wanted = word.strip()
    for location, _ in leaves():
        if wanted == location or f"--{wanted.removeprefix('--')}" == flag_of(location):
            return location
    raise UsageError(f"no setting named {wanted!r}; `vpns run --help` lists them")


def _base(options: Mapping[str, Any]) -> dict[str, Any]:
    if "values" in options:
        return copy.deepcopy(dict(options["values"]))
    if options.get("config"):
        return _read_config(Path(options["config"]))
    return _preset(options["preset"]) if options.get("preset") else {}


def _read_config(path: Path) -> dict[str, Any]:
    path = path / "config.json" if path.is_dir() else path
    values = read_json(path, _MAX_CONFIG_BYTES)
    if not isinstance(values, dict):
        raise EngineError(f"{path} is no configuration: not a table of settings")
    return values


def _preset(name: str) -> dict[str, Any]:
    try:
        return copy.deepcopy(dict(preset_called(name).values))
    except EngineError as error:
        raise UsageError(f"--preset: {error}") from error


def _imply(given: dict[str, Any]) -> None:
    """A folder or a weights file that is named is meant to be used."""
    if "data.folder" in given:
        given.setdefault("data.dataset", "folder")
    if "model.weights_file" in given:
        given.setdefault("model.weights", "file")


def value_of(text: str | bool, field: FieldInfo) -> object:
    """Give what an option's text stands for, as a configuration has it; whether it can work the spec decides."""
    if isinstance(text, bool):
        return text
    if path_of(field) and text:
        return str(expanded(text).absolute())  # a run may be repeated from elsewhere
    return _shares(text) if unit_of(field) == "%" else text


def _shares(text: str) -> list[float]:
    try:
        # Decimal: 99.9 % must become the number a person would write, 0.999
        return [float(Decimal(part) / 100) for part in _listed(text)]
    except InvalidOperation as error:
        raise UsageError(f"--sparsity: {text!r} is not a list of numbers such as 90,95") from error


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.strip().strip("[]()").split(",") if part.strip()]


def _assignment(item: str, fields: Mapping[str, FieldInfo]) -> tuple[str, str]:
    location, sign, text = item.partition("=")
    if not sign:
        raise UsageError(f"--set: {item!r} is not KEY=VALUE")
    field = fields.get(location.strip())
    if field is None:
        raise UsageError(f"--set: no setting named {location.strip()!r}; `vpns run --help` lists them")
    return location.strip(), text if field.annotation is str else text.strip()


def _put(values: dict[str, Any], location: str, value: object) -> None:
    *sections, name = location.split(".")
    for section in sections:
        inner = values.setdefault(section, {})
        if not isinstance(inner, dict):
            raise UsageError(f"{section}: not a table of settings")
        values = inner
    values[name] = value


def _at(values: dict[str, Any], location: str) -> object:
    found: Any = values
    for part in location.split("."):
        found = found[part]
    return found


def _plain(value: object) -> str:
    match value:
        case list():
            return ",".join(map(str, value))
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def problem_line(problem: Problem) -> str:
    """Say what is wrong with a value, under the name of its option."""
    if problem.location not in dict(leaves()):
        return f"{problem.location}: {problem.message}" if problem.location else problem.message
    return f"{flag_of(problem.location) or problem.location}: {problem.message}"
