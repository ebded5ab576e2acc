"""What the long choices of the form offer: networks by family, data sets by origin, presets by purpose."""

from collections.abc import Iterator, Sequence

from vpns_engine.catalogue import catalogue
from vpns_engine.presets import OWN, Preset
from vpns_gui.forms.entries import Entry
from vpns_gui.forms.fields import FormField

_DATA_GROUPS = {"digits": "With the program", "folder": "Your own"}
_OTHER_DATA = "Below the data root"
_NOT_OFFERED = frozenset(("unknown",))
"""What an imported checkpoint has where nobody said; a run cannot be made on it."""


def entries_of(field: FormField) -> tuple[Entry, ...]:
    """Give what the choice of a field offers, in groups."""
    match field.location:
        case "model.architecture":
            return tuple(_networks(field))
        case "data.dataset":
            return tuple(
                Entry(value, text, _DATA_GROUPS.get(value, _OTHER_DATA))
                for value, text in field.words.items()
                if value not in _NOT_OFFERED
            )
        case _:
            return tuple(Entry(value, text) for value, text in field.words.items())


def _networks(field: FormField) -> Iterator[Entry]:
    for value, text in field.words.items():
        known = catalogue()[value]
        yield Entry(value, text, known.family, f"{_millions(known.num_weights)} weights", known.unsupported)


def _millions(count: int) -> str:
    return f"{count / 1e6:.0f} M" if count >= 1e7 else f"{count / 1e6:.1f} M"


def preset_entries(presets: Sequence[Preset]) -> tuple[Entry, ...]:
    """Give the presets, a person's own first, the others under their names' first words (`Paper: ...`, `Digits (...)`)."""
    own_first = sorted(presets, key=lambda preset: not preset.key.startswith(OWN))
    return tuple(Entry(preset.key, preset.name, _group(preset)) for preset in own_first)


def _group(preset: Preset) -> str:
    return "Your own" if preset.key.startswith(OWN) else preset.name.partition(":")[0].partition(" (")[0]
