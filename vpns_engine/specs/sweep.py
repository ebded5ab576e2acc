"""Several runs from one configuration: several seeds, and the control arm beside each."""

import re
from dataclasses import dataclass

from vpns_engine.specs.prompt import NoPromptSpec
from vpns_engine.specs.run import RunConfig

MAX_SEEDS = 64


@dataclass(frozen=True)
class Sweep:
    """The runs of one configuration, one for each seed; `control` puts the control arm beside each."""

    config: RunConfig
    seeds: tuple[int, ...]
    control: bool = False

    @property
    def configs(self) -> tuple[RunConfig, ...]:
        """Give the runs in their order: seed by seed, the control arm right after what it is compared with."""
        seeded = [self.config.model_copy(update={"seed": seed}) for seed in self.seeds]
        if not self.control or self.config.is_control:
            return tuple(seeded)
        return tuple(arm for config in seeded for arm in (config, control_of(config)))


def control_of(config: RunConfig) -> RunConfig:
    """Give the control arm of a run: the same settings, the same two views on the same canvas, and no prompt."""
    return config.model_copy(update={"method": "control", "prompt": NoPromptSpec(canvas=config.prompt.canvas)})


def seed_texts(text: str) -> tuple[str, ...]:
    """Split a list of seeds (`7, 9, 17`) into its parts; what each is worth, the spec of the seed decides.

    Raises:
        ValueError: one is listed twice, or there are too many; the message is for a person.
    """
    parts = tuple(part for part in re.split(r"[\s,;]+", text.strip().strip("[]()")) if part)
    twice = next((part for part in parts if parts.count(part) > 1), None)
    if twice is not None:
        raise ValueError(f"seed {twice} is listed more than once: each seed once")
    if len(parts) > MAX_SEEDS:
        raise ValueError(f"{len(parts)} seeds: at most {MAX_SEEDS}")
    return parts
