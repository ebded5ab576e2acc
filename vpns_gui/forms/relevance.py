"""Which fields matter with the values at hand: the others are not shown, or are off."""

from collections.abc import Mapping
from dataclasses import dataclass

from vpns_gui.forms.fields import FormField


@dataclass(frozen=True)
class Presence:
    """How a field stands in the form; `hint` says below it why it is off."""

    shown: bool = True
    enabled: bool = True
    hint: str = ""

    @property
    def matters(self) -> bool:
        """Tell whether the field has any effect."""
        return self.shown and self.enabled


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
    if field.location in ("prompt.kind", "prompt.pad", "prompt.square") and method in _PROMPTLESS:
        return Presence(enabled=False, hint=_PROMPTLESS[method] if field.location == "prompt.kind" else "")
    if field.location.startswith("optim."):
        return Presence(shown=_optimizer_used(field.location.split(".")[1], method, values["prompt.kind"] != "none"))
    return Presence()


def _optimizer_used(group: str, method: str, has_prompt: bool) -> bool:
    match group:
        case "scores":
            return method in ("vpns", "control")
        case "search_prompt" | "finetune_prompt":
            return method == "vpns" and has_prompt
        case _:
            return True
