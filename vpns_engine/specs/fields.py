"""What a spec field says of itself: label, unit, what its words mean, when it matters, whether it is for experts.

The bounds stand in the field, the explanation is the docstring below it; forms, command line and documentation
are generated from these.
"""

from collections.abc import Mapping
from copy import copy
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

PathKind = Literal["", "file", "folder"]


class Spec(BaseModel):
    """A frozen description; unknown names are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False, validate_default=True
    )

    @classmethod
    def settings(cls) -> Mapping[str, FieldInfo]:
        """Give the fields that forms and command lines show; a spec of several kinds gives those of all its kinds."""
        return cls.model_fields


def option(
    default: Any,  # noqa: ANN401
    label: str,
    *,
    unit: str = "",
    advanced: bool = False,
    words: Mapping[Any, str] | None = None,
    only_with: Mapping[str, tuple[str, ...]] | None = None,
    path: PathKind = "",
    **bounds: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Describe a field.

    Args:
        default: its value where none is given.
        label: what stands before it in a form.
        unit: `px`, `%`.
        advanced: it is for experts.
        words: what a person reads for each of the values.
        only_with: values of other fields of the same spec with which this one matters; with any others it has no effect.
        path: what a text names.
        bounds: pydantic's (`ge`, `lt` ...).
    """
    shown: dict[str, Any] = {
        "unit": unit,
        "advanced": advanced,
        "words": dict(words or {}),
        "only_with": dict(only_with or {}),
        "path": path,
    }
    return Field(default, title=label, json_schema_extra=shown, **bounds)


def extended(field: FieldInfo, **shown: object) -> FieldInfo:
    """Give a copy of a field that says something more of itself (`words`, `only_with` ...)."""
    found = copy(field)
    found.json_schema_extra = {**_extra(field), **shown}  # type: ignore[dict-item]
    return found


def unit_of(field: FieldInfo) -> str:
    """Give the unit a field is shown with; empty where it has none."""
    return str(_extra(field).get("unit", ""))


def is_advanced(field: FieldInfo) -> bool:
    """Tell whether a field belongs under "advanced"."""
    return bool(_extra(field).get("advanced", False))


def words_of(field: FieldInfo) -> dict[str, str]:
    """Give what a person reads for each value of a field; empty where the values speak for themselves."""
    return dict(_extra(field).get("words", {}))


def only_with_of(field: FieldInfo) -> dict[str, tuple[str, ...]]:
    """Give the values of other fields of the same spec with which a field matters; empty where it always does."""
    return dict(_extra(field).get("only_with", {}))


def path_of(field: FieldInfo) -> PathKind:
    """Tell what the text of a field names; empty where it is no path."""
    kind: PathKind = _extra(field).get("path", "")
    return kind


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {}
