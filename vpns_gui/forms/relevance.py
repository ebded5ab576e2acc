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


def presence(field: FormField, values: Mapping[str, object]) -> Presence:
    """Tell how a field stands, given the draft's values by location."""
    if any(values[other] not in wanted for other, wanted in field.only_with.items()):
        return Presence(shown=False)
    method = str(values["method"])
    if field.location.startswith("prompt.") and field.location != "prompt.canvas" and method in _PROMPTLESS:
        return Presence(enabled=False, hint=_PROMPTLESS[method] if field.location == "prompt.kind" else "")
    if field.location in FIXED and values[field.location] == fixed_size(values):
        hint = f"{labels()[str(values['model.architecture'])]} takes this size only" if field.location == FIXED[0] else ""
        return Presence(enabled=False, hint=hint, decided=True)
    if field.location.startswith("optim."):
        return Presence(shown=_optimizer_used(field.location.split(".")[1], method, _learns(values["prompt.kind"])))
    return Presence()


def _learns(kind: object) -> bool:
    spec = PromptSpec.kinds().get(str(kind))
    return spec is None or spec.learns


def _optimizer_used(group: str, method: str, has_prompt: bool) -> bool:
    match group:
        case "scores":
            return method in ("vpns", "control")
        case "search_prompt" | "finetune_prompt":
            return method == "vpns" and has_prompt
        case _:
            return True
