"""What the machine and the disk offer to a form; gathered beside the window, never in its thread."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Self

from vpns_engine.catalogue import catalogue
from vpns_engine.data_sets.facts import DatasetFacts, facts_of
from vpns_engine.data_sets.status import DataStatus, status_of
from vpns_engine.datasets import DatasetInfo, describe, root_of
from vpns_engine.errors import EngineError
from vpns_engine.files import expanded
from vpns_engine.folders import data_folder
from vpns_engine.forecast import cross_check
from vpns_engine.specs.data import DATASET_LABELS, NAMED, DataSpec, Protocol
from vpns_engine.specs.problems import Problem
from vpns_engine.specs.run import RunConfig
from vpns_engine.weights_files import find_weights, num_classes_in

DEVICES_AT_FIRST = ("auto", "cpu")
DEVICE_WORDS = {"auto": "Automatic", "cpu": "CPU", "mps": "Apple GPU (mps)", "cuda": "NVIDIA GPU (cuda)"}


class Sources(NamedTuple):
    """The part of a configuration that names things on the disk, and how they are split."""

    dataset: str
    folder: str
    """Of an image folder its own, of a set below the data root that root as it was given."""
    protocol: str
    validation_share: float
    test_share: float
    weights_file: str
    architecture: str = ""
    """What the weights file is read as."""


def sources_of(config: RunConfig) -> Sources:
    """Give what `gather` looks at for a configuration; the same sources need no second look."""
    data, model = config.data, config.model
    network = (model.weights_file, model.architecture) if model.weights == "file" else ("", "")
    if data.dataset == "digits":
        return Sources(data.dataset, "", data.protocol, 0, 0, *network)
    folder = data.folder if data.dataset == "folder" else data.root
    return Sources(data.dataset, folder, data.protocol, data.validation_share, data.test_share, *network)


@dataclass(frozen=True)
class Found:
    """What was found at some sources: the data set, or what speaks against them."""

    info: DatasetInfo | None = None
    num_in_file: int | None = None
    """Classes of the weights file; None where there is none, or not known."""
    problems: tuple[Problem, ...] = ()
    expected: bool = False
    """The data set is still to be downloaded: `info` is what will be there, to within a few images."""


@dataclass(frozen=True)
class Shelf:
    """What is on the disk for all runs: the data sets below a data root, and the networks' own weights."""

    given: str
    """The root as the settings name it; empty: the one for all runs."""
    root: str
    """The folder itself."""
    statuses: Mapping[str, DataStatus]
    no_weights: frozenset[str] = frozenset()
    """Architectures whose pre-trained weights are still to be downloaded."""


@dataclass(frozen=True)
class Choices:
    """What is offered. `devices` is empty while not known."""

    devices: tuple[str, ...] = ()
    found: Mapping[Sources, Found] = field(default_factory=dict)
    shelf: Shelf | None = None

    def merged(self, other: "Choices") -> Self:
        """Give both together; the other one's word counts where both know."""
        return type(self)(other.devices or self.devices, {**self.found, **other.found}, other.shelf or self.shelf)

    def without_failures(self) -> Self:
        """Forget what spoke against sources: it may have been mended on the disk since."""
        return self._only(lambda sources: not self.found[sources].problems)

    def without_data_sets(self) -> Self:
        """Forget what was found below the data root: it may be another one, or hold more by now."""
        return self._only(lambda sources: sources.dataset not in NAMED)

    def _only(self, wanted: Callable[[Sources], bool]) -> Self:
        return replace(self, found={sources: found for sources, found in self.found.items() if wanted(sources)})

    def status(self, dataset: object, given: object) -> DataStatus | None:
        """Give how a data set stands below a data root as the settings name it; None where nobody has looked yet."""
        return self.shelf.statuses.get(str(dataset)) if self.shelf is not None and self.shelf.given == given else None

    def at(self, config: RunConfig) -> Found | None:
        """Give what was found for a configuration; None where nobody has looked yet."""
        return self.found.get(sources_of(config))

    def problems(self, config: RunConfig) -> tuple[Problem, ...]:
        """Give what speaks against a valid configuration, as far as known."""
        found = self.at(config)
        known = found.problems if found else ()
        crossed = cross_check(config, found.info, num_in_file=found.num_in_file) if found and found.info else ()
        if found and found.expected:  # a few images more or less decide what the last batch holds
            crossed = tuple(problem for problem in crossed if problem.location != "data.batch_size")
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


def gather_shelf(given: str) -> Choices:
    """Look which data sets are below a data root, and which weights are there; `given`: the root as the settings name it."""
    root = expanded(given) if given.strip() else data_folder()
    absent = frozenset(name for name, entry in catalogue().items() if entry.url and find_weights(name) is None)
    return Choices(shelf=Shelf(given, str(root), {key: status_of(key, root) for key in NAMED}, absent))


def _look(config: RunConfig) -> Found:
    problems: list[Problem] = []
    path = os.path.expanduser(config.model.weights_file)  # noqa: PTH111 - leaves an unknown ~user as it is
    if config.model.weights == "file" and not os.path.isfile(path):  # noqa: PTH113 - answers where pathlib raises
        problems.append(Problem("model.weights_file", f"weights file {path} is not there"))
    num_in_file = num_classes_in(Path(path), config.model.architecture) if config.model.weights == "file" else None
    if config.data.dataset in NAMED and (wrong := root_problem(config.data.root)):
        return Found(None, num_in_file, (*problems, Problem("data.root", wrong)))
    status = _status(config.data)
    if status is not None and _will_be_fetched(status):
        return Found(_expected(config.data, facts_of(status.key)), num_in_file, tuple(problems), expected=True)
    if status is not None and status.state == "manual":
        absent = f"{DATASET_LABELS[status.key]} is not there: fetch it by hand"
        return Found(None, num_in_file, (*problems, Problem("data.dataset", absent)))
    try:
        info = describe(config.data, config.seed)
    except EngineError as error:
        place = "data.folder" if config.data.dataset == "folder" else "data.dataset"
        return Found(None, num_in_file, (*problems, Problem(place, str(error))))
    return Found(info, num_in_file, tuple(problems))


def root_problem(root: str) -> str:
    """Say why nothing can stand below a data root, as it was typed; empty where something can, or could once it is made."""
    if "\0" in root:
        return "The data root has a character that no folder can have"
    folder = os.path.abspath(expanded(root.strip()))  # noqa: PTH100 - answers where pathlib raises
    while not os.path.exists(folder) and folder != os.path.dirname(folder):  # noqa: PTH110, PTH120
        folder = os.path.dirname(folder)  # noqa: PTH120
    return "" if os.path.isdir(folder) else f"{folder} is a file: choose a folder"  # noqa: PTH112


def _status(data: DataSpec) -> DataStatus | None:
    return status_of(data.dataset, root_of(data)) if data.dataset in NAMED else None


def _will_be_fetched(status: DataStatus) -> bool:
    """Tell whether a run on the set downloads it first."""
    return status.state == "download"


def _expected(data: DataSpec, facts: DatasetFacts) -> DatasetInfo:
    """Say what a data set will hold once it is there; its classes are not known by name yet."""
    train, validation, test = facts.num_train, facts.num_validation, facts.num_test
    if not test:
        test = round(train * data.test_share)
        train -= test
    if data.protocol == "paper":
        train, validation = train + validation, 0
    elif not validation:
        validation = round(train * data.validation_share)
        train -= validation
    return DatasetInfo(("",) * facts.num_classes, train, validation, test)


def choices_at_first() -> Choices:
    """Give what is known without looking around: the bundled data set."""
    protocols: tuple[Protocol, ...] = ("held-out", "paper")
    configs = [RunConfig(data=DataSpec(protocol=protocol)) for protocol in protocols]
    return Choices(found={sources_of(config): _look(config) for config in configs})
