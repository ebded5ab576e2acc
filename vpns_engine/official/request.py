"""What a person asks for when they open a checkpoint of the released code, and the run's settings that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vpns_engine.errors import EngineError
from vpns_engine.official.hints import hints_of

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Told:
    """What a person says of a checkpoint's prompt; None where they leave it to the file and the names above it."""

    kind: str | None = None
    image_size: int | None = None
    square: int | None = None


@dataclass(frozen=True)
class ImportRequest:
    """A checkpoint, and what does not stand in it.

    `data` are values of a DataSpec; without a data set nothing is measured. `more` are values of a RunConfig (name, device).
    """

    path: Path
    density: float | None = None
    architecture: str | None = None
    prompt: Told = Told()
    data: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def measures(self) -> bool:
        """Tell whether there is a data set to measure with."""
        return str(self.data.get("dataset", UNKNOWN)) != UNKNOWN

    def checked_density(self) -> float:
        """Give the density.

        Raises:
            EngineError: none is given, or it is out of range.
        """
        if self.density is None:
            hint = hints_of(self.path).density
            says = f" (the folders above it say {hint:g})" if hint else ""
            raise EngineError(f"{self.path} does not say its density: give it, 0.1 for a sparsity of 90 %{says}")
        if not 0 < self.density <= 1:
            raise EngineError(f"density {self.density:g} is out of range: more than 0, at most 1 (the share that is kept)")
        return self.density
