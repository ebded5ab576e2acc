"""What stands in a form: plain values by location, half typed ones among them. Frozen specs cannot hold those."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.run import RunConfig
from vpns_gui.forms.fields import form_fields
from vpns_gui.forms.suggestions import TRIGGERS, suggestions


@dataclass(frozen=True)
class Draft:
    """The values of a form by location (`prompt.pad`): of the spec's type, or the text that was typed.

    `edited` are the places where a suggestion is no longer wanted.
    """

    values: Mapping[str, object]
    edited: frozenset[str] = frozenset()

    @classmethod
    def of(cls, nested: Mapping[str, Any]) -> Self:
        """Make a draft of nested values; what is absent has its default, what no form shows is dropped.

        A size other than the suggested one is the user's own and stays.
        """
        given = _flat(nested)
        values = {**_defaults(given), **given}
        values = {location: values[location] for location in form_fields()}
        values = {location: tuple(value) if isinstance(value, list) else value for location, value in values.items()}
        usual = suggestions(values, frozenset())
        return cls(values, frozenset(place for place in usual if values[place] != usual[place]))

    def put(self, location: str, value: object) -> Self:
        """Give the draft with a value changed by hand, and what is suggested to go with it."""
        edited = self.edited | {location}
        values = {**self.values, location: value}
        if location in TRIGGERS:
            values |= suggestions(values, edited)
        return type(self)(values, edited)

    def nested(self, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Give the values as `RunConfig` takes them, without those at the given places."""
        result: dict[str, Any] = {}
        for location, value in self.values.items():
            if location not in leave_out:
                *groups, name = location.split(".")
                place = result
                for group in groups:
                    place = place.setdefault(group, {})
                place[name] = value
        return result


def _defaults(given: Mapping[str, object]) -> dict[str, object]:
    prompt = PromptSpec.defaults(given.get("prompt.canvas"))
    return {**_flat(RunConfig().model_dump()), **_flat({"prompt": prompt})}


def _flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            result |= _flat(value, f"{prefix}{name}.")
        else:
            result[prefix + name] = value
    return result
