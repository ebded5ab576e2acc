"""A form as plain JSON values, half typed ones among them: what is kept between two starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vpns_engine.specs.run import RunConfig
from vpns_gui.forms.draft import Draft
from vpns_gui.forms.fields import form_fields

_LONGEST = 10_000
_LARGEST = 1e300
_TOO_LARGE_A_COUNT = 2**63
"""Qt's editors hold no larger ones."""


@dataclass(frozen=True)
class FormState:
    """All that a person has put in the form."""

    draft: Draft
    preset: str = ""
    """Key of the preset that it began with; empty: of none."""
    control: bool = False
    """The control arm is wanted as well."""

    def to_json(self) -> dict[str, Any]:
        """Give plain values."""
        return {
            "values": {place: list(value) if isinstance(value, tuple) else value for place, value in self.draft.values.items()},
            "edited": sorted(self.draft.edited),
            "preset": self.preset,
            "control": self.control,
        }

    @classmethod
    def from_json(cls, found: object) -> "FormState | None":
        """Read plain values, whoever wrote them; what no form can hold has its default. None where nothing is a form's."""
        if not isinstance(found, Mapping) or not isinstance(found.get("values"), Mapping):
            return None
        usual = Draft.of(RunConfig().model_dump()).values
        given = found["values"]
        values = {place: _value(given.get(place), usual[place]) for place in form_fields()}
        marked = found.get("edited")
        edited = frozenset(place for place in marked if isinstance(place, str)) if isinstance(marked, list) else frozenset()
        preset = found.get("preset")
        draft = Draft(values, edited & values.keys())
        return cls(draft, preset if isinstance(preset, str) else "", found.get("control") is True)


def _value(found: object, usual: object) -> object:
    """Give a value where an editor of this kind could hold it, else the usual one."""
    if isinstance(usual, tuple):
        return tuple(found) if isinstance(found, list) and len(found) < 100 and all(map(_is_plain, found)) else usual
    if isinstance(usual, bool):
        return found if isinstance(found, bool) else usual
    return found if _is_plain(found) else usual


def _is_plain(found: object) -> bool:
    """Tell a number that is one, or a text, from everything else; to Python a bool is a number."""
    if isinstance(found, str):
        return len(found) < _LONGEST
    if isinstance(found, float):
        return abs(found) < _LARGEST
    return isinstance(found, int) and not isinstance(found, bool) and abs(found) < _TOO_LARGE_A_COUNT
