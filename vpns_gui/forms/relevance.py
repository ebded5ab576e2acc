"""Which fields matter with the values at hand: the others are not shown, or are off."""

from collections.abc import Mapping
from dataclasses import dataclass

from vpns_engine.catalogue import labels
from vpns_engine.specs.prompt import PromptSpec
from vpns_gui.forms.fields import FormField
from vpns_gui.forms.suggestions import FIXED, fixed_size


@dataclass(frozen=True)
class Presence:
    """How a field stands in the form; `hint` says below it why it is off."""

    shown: bool = True
    enabled: bool = True
    hint: str = ""
    decided: bool = False
    """It counts, though there is no choice."""

    @property
    def matters(self) -> bool:
        """Tell whether the field has any effect."""
        return self.shown and (self.enabled or self.decided)


_PROMPTLESS = {
    "control": "The control arm learns no prompt",
    "omp": "OMP learns no prompt",
    "random": "Random pruning learns no prompt",
}

_GOING_ON = {"search_epochs": "A run that goes on from a state has no search", "dense": "The run it goes on from has its own"}
_AS_PUBLISHED = {"precision": "As published: float32", "channels_last": "As published: off"}


def presence(field: FormField, values: Mapping[str, object]) -> Presence:
    """Tell how a field stands, given the draft's values by location."""
    if any(values[other] not in wanted for other, wanted in field.only_with.items()):
        return Presence(shown=False)
    method, off = str(values["method"]), _off(values).get(field.location)
    if off is not None:
        return Presence(enabled=False, hint=off)
    if field.location.startswith("prompt.") and field.location != "prompt.canvas" and method in _PROMPTLESS:
        return Presence(enabled=False, hint=_PROMPTLESS[method] if field.location == "prompt.kind" else "")
    if field.location in FIXED and values[field.location] == fixed_size(values):
        hint = f"{labels()[str(values['model.architecture'])]} takes this size only" if field.location == FIXED[0] else ""
        return Presence(enabled=False, hint=hint, decided=True)
    if field.location.startswith("optim."):
        searches = not values["start_from"]
        has_prompt = _learns(values["prompt.kind"])
        return Presence(shown=_optimizer_used(field.location.split(".")[1], method, has_prompt=has_prompt, searches=searches))
    return Presence()


def _off(values: Mapping[str, object]) -> dict[str, str]:
    """Give the fields that other settings leave without effect, with the reason."""
    going_on = _GOING_ON if values["start_from"] else {}
    return going_on | (_AS_PUBLISHED if values["data.protocol"] == "paper" else {})


def _learns(kind: object) -> bool:
    spec = PromptSpec.kinds().get(str(kind))
    return spec is None or spec.learns


def _optimizer_used(group: str, method: str, *, has_prompt: bool, searches: bool) -> bool:
    match group:
        case "scores":
            return method in ("vpns", "control") and searches
        case "search_prompt":
            return method == "vpns" and has_prompt and searches
        case "finetune_prompt":
            return method == "vpns" and has_prompt
        case _:
            return True
