"""From a validation error to one plain line at one field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from vpns_engine.errors import EngineError
from vpns_engine.specs.fields import Spec, unit_of
from vpns_engine.specs.run import RunConfig


@dataclass(frozen=True)
class Problem:
    """What is wrong with one value. `location` is dotted (`prompt.pad`); empty where it concerns the whole."""

    location: str
    message: str


def validate(values: Mapping[str, Any]) -> RunConfig | tuple[Problem, ...]:
    """Give the run configuration that plain, nested `values` describe, or every reason why they do not."""
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        return problems_in(error)


def problems_in(error: ValidationError, model: type[Spec] = RunConfig) -> tuple[Problem, ...]:
    """Give the reasons in the words of the spec that was to be read."""
    found = [_problem(item, model) for item in error.errors(include_url=False)]
    # the first reason at a place is the cause, later ones there follow from it
    return tuple({problem.location: problem for problem in reversed(found)}.values())[::-1]


def config_from(values: Mapping[str, Any]) -> RunConfig:
    """Give the run configuration of plain values.

    Raises:
        EngineError: a value cannot work; the message names the first one.
    """
    result = validate(values)
    if isinstance(result, RunConfig):
        return result
    first = result[0]
    raise EngineError(f"{first.location}: {first.message}" if first.location else first.message)


def field_at(location: str, root: type[Spec] = RunConfig) -> FieldInfo | None:
    """Find the spec field at a dotted location; None where there is none."""
    model: type[Spec] | None = root
    found: FieldInfo | None = None
    for part in location.split("."):
        if model is None or part not in model.settings():
            return found
        found = model.settings()[part]
        kind = found.annotation
        model = kind if isinstance(kind, type) and issubclass(kind, Spec) else None
    return found


def _problem(error: Any, model: type[Spec]) -> Problem:  # noqa: ANN401 - pydantic's error dictionary
    context: Mapping[str, Any] = error.get("ctx") or {}
    parts: Iterable[Any] = error["loc"]
    location = str(context.get("location") or ".".join(p for p in parts if isinstance(p, str)))
    field = field_at(location, model)
    label = (field.title if field else None) or location
    unit = unit_of(field) if field else ""
    return Problem(location, _message(error, context, label, unit))


def _message(error: Any, context: Mapping[str, Any], label: str, unit: str) -> str:  # noqa: ANN401
    space = f" {unit}" if unit else ""
    value = error.get("input")
    named = f"{label} '{value}'" if str(value).strip() else label
    match error["type"]:
        case "value_error":
            return str(context["error"])
        case "located":
            return str(context["message"])
        case "greater_than_equal":
            return f"{label} {_short(value)}{space}: at least {_short(context['ge'])}{space}"
        case "greater_than":
            return f"{label} {_short(value)}{space}: more than {_short(context['gt'])}{space}"
        case "less_than_equal":
            return f"{label} {_short(value)}{space}: at most {_short(context['le'])}{space}"
        case "less_than":
            return f"{label} {_short(value)}{space}: less than {_short(context['lt'])}{space}"
        case "int_parsing" | "int_type" | "int_from_float":
            return f"{named}: a whole number is needed"
        case "int_parsing_size":
            return f"{label}: the number is too large"
        case "float_parsing" | "float_type" | "finite_number":
            return f"{named}: a number is needed"
        case "literal_error":
            return f"{named}: one of {context['expected']}"
        case "extra_forbidden":
            return f"{label}: no such setting"
        case "too_short":
            return f"{label}: at least one value is needed"
        case "string_pattern_mismatch":
            return f"{named} is not known"
        case _:
            return f"{label}: {error['msg']}"


def _short(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)
