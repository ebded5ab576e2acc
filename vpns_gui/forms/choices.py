"""What the machine and the disk offer to a form; gathered beside the window, never in its thread."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from vpns_engine.datasets import DatasetInfo, describe
from vpns_engine.errors import EngineError
from vpns_engine.forecast import cross_check
from vpns_engine.specs.data import DataSpec, Protocol
from vpns_engine.specs.problems import Problem
from vpns_engine.specs.run import RunConfig
from vpns_engine.weights_files import num_classes_in

DEVICES_AT_FIRST = ("auto", "cpu")
DEVICE_WORDS = {"auto": "Automatic", "cpu": "CPU", "mps": "Apple GPU (mps)", "cuda": "NVIDIA GPU (cuda)"}


class Sources(NamedTuple):
    """The part of a configuration that names things on the disk, and how they are split."""

    dataset: str
    folder: str
    protocol: str
    validation_share: float
    test_share: float
    weights_file: str


def sources_of(config: RunConfig) -> Sources:
    """Give what `gather` looks at for a configuration; the same sources need no second look."""
    data, model = config.data, config.model
    weights_file = model.weights_file if model.weights == "file" else ""
    if data.dataset == "digits":
        return Sources(data.dataset, "", data.protocol, 0, 0, weights_file)
    return Sources(data.dataset, data.folder, data.protocol, data.validation_share, data.test_share, weights_file)


@dataclass(frozen=True)
class Found:
    """What was found at some sources: the data set, or what speaks against them."""

    info: DatasetInfo | None = None
    num_in_file: int | None = None
    """Classes of the weights file; None where there is none, or not known."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Choices:
    """What is offered. `devices` is empty while not known."""

    devices: tuple[str, ...] = ()
    found: Mapping[Sources, Found] = field(default_factory=dict)

    def merged(self, other: "Choices") -> Self:
        """Give both together; the other one's word counts where both know."""
        return type(self)(other.devices or self.devices, {**self.found, **other.found})

    def without_failures(self) -> Self:
        """Forget what spoke against sources: it may have been mended on the disk since."""
        return type(self)(self.devices, {sources: found for sources, found in self.found.items() if not found.problems})

    def at(self, config: RunConfig) -> Found | None:
        """Give what was found for a configuration; None where nobody has looked yet."""
        return self.found.get(sources_of(config))

    def problems(self, config: RunConfig) -> tuple[Problem, ...]:
        """Give what speaks against a valid configuration, as far as known."""
        found = self.at(config)
        known = found.problems if found else ()
        crossed = cross_check(config, found.info, num_in_file=found.num_in_file) if found and found.info else ()
        return (*self._device_problems(config), *known, *crossed)

    def _device_problems(self, config: RunConfig) -> tuple[Problem, ...]:
        if not self.devices or _is_among(config.device, self.devices):
            return ()
        return (Problem("device", f"device '{config.device}' is not there: one of {', '.join(self.devices)}"),)


def _is_among(device: str, devices: tuple[str, ...]) -> bool:
    """Tell whether a device is there: the first GPU goes by `cuda` and by `cuda:0`."""
    first = {"cuda", "cuda:0"}
    return device in devices or (device in first and not first.isdisjoint(devices))


def gather(config: RunConfig) -> Choices:
    """Look at the data set and the files a configuration names. Slow for large folders."""
    return Choices(found={sources_of(config): _look(config)})


def _look(config: RunConfig) -> Found:
    problems: list[Problem] = []
    path = os.path.expanduser(config.model.weights_file)  # noqa: PTH111 - leaves an unknown ~user as it is
    if config.model.weights == "file" and not os.path.isfile(path):  # noqa: PTH113 - answers where pathlib raises
        problems.append(Problem("model.weights_file", f"weights file {path} is not there"))
    try:
        info = describe(config.data, config.seed)
    except EngineError as error:
        place = "data.folder" if config.data.dataset == "folder" else "data.dataset"
        return Found(problems=(*problems, Problem(place, str(error))))
    num_in_file = num_classes_in(Path(path)) if config.model.weights == "file" else None
    return Found(info, num_in_file, tuple(problems))


def choices_at_first() -> Choices:
    """Give what is known without looking around: the bundled data set."""
    protocols: tuple[Protocol, ...] = ("held-out", "paper")
    configs = [RunConfig(data=DataSpec(protocol=protocol)) for protocol in protocols]
    return Choices(found={sources_of(config): _look(config) for config in configs})
