"""What a spec field says of itself: label, unit, and whether it is for experts.

The bounds stand in the field, the explanation is the docstring below it; forms, command line and documentation
are generated from these.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo


class Spec(BaseModel):
    """A frozen description; unknown names are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False, validate_default=True
    )


def option(default: Any, label: str, *, unit: str = "", advanced: bool = False, **bounds: Any) -> Any:  # noqa: ANN401
    """Describe a field: its default, its label, its unit (`px`, `%`), and pydantic's bounds (`ge`, `lt` ...)."""
    return Field(default, title=label, json_schema_extra={"unit": unit, "advanced": advanced}, **bounds)


def unit_of(field: FieldInfo) -> str:
    """Give the unit a field is shown with; empty where it has none."""
    return str(_extra(field).get("unit", ""))


def is_advanced(field: FieldInfo) -> bool:
    """Tell whether a field belongs under "advanced"."""
    return bool(_extra(field).get("advanced", False))


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {}
