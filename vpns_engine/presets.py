"""Ready-made configurations, one JSON file each in resources/presets, in the order of their file names."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from vpns_engine.bundled import resource
from vpns_engine.errors import EngineError
from vpns_engine.specs.problems import config_from, validate
from vpns_engine.specs.run import RunConfig


class Preset(BaseModel):
    """A configuration to start from. `values` may lack what only its user knows, the image folder for one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    """Short name for the command line."""

    name: str
    """What a person reads."""

    about: str
    """One or two sentences: what it is for, what it needs."""

    values: Mapping[str, Any]
    """Nested plain values of a RunConfig; what is absent has its default."""

    @property
    def config(self) -> RunConfig:
        """The configuration.

        Raises:
            EngineError: something that only its user knows is missing.
        """
        return config_from(self.values)


@cache
def all_presets() -> tuple[Preset, ...]:
    """Give every preset; the offline demo is the first."""
    return tuple(Preset.model_validate_json(path.read_bytes()) for path in sorted(resource("presets").glob("*.json")))


def presets() -> dict[str, RunConfig]:
    """Give the presets that run as they are, by the name a person reads."""
    found = {preset.name: validate(preset.values) for preset in all_presets()}
    return {name: config for name, config in found.items() if isinstance(config, RunConfig)}


def preset_called(name: str) -> Preset:
    """Find a preset by its key or by the name a person reads, upper or lower case.

    Raises:
        EngineError: there is none.
    """
    wanted = name.strip().casefold()
    for preset in all_presets():
        if wanted in (preset.key.casefold(), preset.name.casefold()):
            return preset
    raise EngineError(f"preset '{name}' is not known: one of {', '.join(preset.key for preset in all_presets())}")
