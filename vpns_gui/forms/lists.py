"""Several values typed where one belongs: `8, 16` in a field for a number is a wish for a sweep."""

from collections.abc import Mapping
from dataclasses import replace

from vpns_engine.specs.sweep import listed
from vpns_gui.forms.draft import Draft
from vpns_gui.forms.editors import read_number, read_whole
from vpns_gui.forms.fields import FormField, form_fields

SEED = "seed"
"""Its lists need no sweep: Start does a run each."""


def lists_in(draft: Draft) -> dict[str, tuple[object, ...]]:
    """Give the numbers of each field in which several are typed."""
    found = {location: _numbers(field, draft.values[location]) for location, field in form_fields().items() if location != SEED}
    return {location: values for location, values in found.items() if len(values) > 1}


def first_of(draft: Draft, lists: Mapping[str, tuple[object, ...]]) -> Draft:
    """Give the draft with the first value of each list."""
    return replace(draft, values={**draft.values, **{location: values[0] for location, values in lists.items()}})


def _numbers(field: FormField, value: object) -> tuple[object, ...]:
    readers = {"whole": read_whole, "number": read_number}
    if field.kind not in readers or not isinstance(value, str):
        return ()
    values = tuple(readers[field.kind](part) for part in listed(value))
    return values if all(isinstance(item, int | float) for item in values) else ()
