"""Several runs from one configuration: several seeds, the control arm beside each, and the product of any settings."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as every_choice
from math import prod
from typing import Any

from vpns_engine.errors import EngineError
from vpns_engine.specs.problems import Problem, validate
from vpns_engine.specs.prompt import NoPromptSpec
from vpns_engine.specs.run import RunConfig

MAX_SEEDS = 64
MAX_RUNS = 500

Axes = Mapping[str, Sequence[Any]]
"""Values by the dotted location of a setting (`prompt.pad`)."""
Choice = Mapping[str, Any]
"""One value for each axis."""
Maker = Callable[[Choice], RunConfig | tuple[Problem, ...]]
"""Gives the configuration of a choice, or why there is none."""


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


@dataclass(frozen=True)
class Combination:
    """One run of a product: what was chosen, and what that amounts to."""

    choice: Choice
    config: RunConfig | None
    """None where the choice cannot work: `problems` say why."""
    problems: tuple[Problem, ...] = ()
    same_as: int | None = None
    """Place in the product of an earlier run that would do the same."""

    @property
    def wanted(self) -> bool:
        """Tell whether it is a run of its own."""
        return self.config is not None and self.same_as is None

    @property
    def reason(self) -> str:
        """Why it is left out; empty where it is not."""
        if self.problems:
            return self.problems[0].message
        return "" if self.same_as is None else f"the same as run {self.same_as + 1}"


def product(axes: Axes, make: Maker, identity: Callable[[RunConfig], str]) -> tuple[Combination, ...]:
    """Give a run for each choice of one value an axis; the last axis changes fastest.

    Two choices that do the same (a pad beside a method without a prompt) are one run: the later one says so.

    Args:
        axes: the values by the location of their setting.
        make: gives the configuration of a choice.
        identity: names what a run does, whatever stands in settings that have no effect on it.

    Raises:
        EngineError: there are too many.
    """
    count = prod(len(values) for values in axes.values())
    if count > MAX_RUNS:
        raise EngineError(f"{count:,} runs: at most {MAX_RUNS} at once; take fewer values")
    found: list[Combination] = []
    first: dict[str, int] = {}
    for values in every_choice(*axes.values()):
        choice = dict(zip(axes, values, strict=True))
        made = make(choice)
        if isinstance(made, RunConfig):
            place = first.setdefault(identity(made), len(found))
            found.append(Combination(choice, made, same_as=place if place < len(found) else None))
        else:
            found.append(Combination(choice, None, made))
    return tuple(found)


def maker_of(config: RunConfig | Mapping[str, Any]) -> Maker:
    """Give what makes the runs of a product from a configuration, or from its nested plain values."""
    base = config.model_dump(mode="json") if isinstance(config, RunConfig) else config

    def make(choice: Choice) -> RunConfig | tuple[Problem, ...]:
        values: dict[str, Any] = dict(base)
        for location, value in choice.items():
            values = _with(values, location.split("."), value)
        return validate(values)

    return make


def _with(values: Mapping[str, Any], path: Sequence[str], value: object) -> dict[str, Any]:
    """Give nested values with another one at a place; what is given stays as it is."""
    name, *rest = path
    inner = values.get(name)
    return {**values, name: _with(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value}


def control_of(config: RunConfig) -> RunConfig:
    """Give the control arm of a run: the same settings, the same two views on the same canvas, and no prompt."""
    return config.model_copy(update={"method": "control", "prompt": NoPromptSpec(canvas=config.prompt.canvas)})


def seed_texts(text: str) -> tuple[str, ...]:
    """Split a list of seeds (`7, 9, 17`) into its parts; what each is worth, the spec of the seed decides.

    Raises:
        ValueError: one is listed twice, or there are too many; the message is for a person.
    """
    parts = listed(text)
    twice = next((part for part in parts if parts.count(part) > 1), None)
    if twice is not None:
        raise ValueError(f"seed {twice} is listed more than once: each seed once")
    if len(parts) > MAX_SEEDS:
        raise ValueError(f"{len(parts)} seeds: at most {MAX_SEEDS}")
    return parts


def listed(text: str) -> tuple[str, ...]:
    """Split a list that a person typed: `7, 9 17`, `[8;16]`."""
    return tuple(part for part in re.split(r"[\s,;]+", text.strip().strip("[]()")) if part)
