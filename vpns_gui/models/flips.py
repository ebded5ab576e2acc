"""How a mask moved: what each epoch of a search newly kept, and what it newly pruned."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """From one epoch's mask to the next; one number for each layer."""

    x: float
    """Place on the axis of epochs."""
    label: str
    kept: tuple[int, ...]
    """Weights newly kept."""
    pruned: tuple[int, ...]
    """Weights newly pruned."""


@dataclass(frozen=True)
class Flips:
    """All steps of a search, oldest first."""

    layers: tuple[str, ...]
    numels: tuple[int, ...]
    steps: tuple[Step, ...]

    def of(self, layer: str | None) -> tuple[list[int], list[int]]:
        """Give the newly kept and newly pruned weights of each step, of a layer or (None) of all together."""
        if layer is None:
            return [sum(step.kept) for step in self.steps], [sum(step.pruned) for step in self.steps]
        if layer not in self.layers:
            return [], []
        place = self.layers.index(layer)
        return [step.kept[place] for step in self.steps], [step.pruned[place] for step in self.steps]
