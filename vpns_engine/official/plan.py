"""From a checkpoint and a request to the configuration of a run: everything that can be refused is refused here."""

from dataclasses import dataclass

from vpns_engine.datasets import describe
from vpns_engine.errors import EngineError
from vpns_engine.forecast import cross_check
from vpns_engine.official.infer import Shape, prompt_of, shape_of
from vpns_engine.official.read import Checkpoint, read_checkpoint
from vpns_engine.official.request import UNKNOWN, ImportRequest
from vpns_engine.specs.problems import config_from
from vpns_engine.specs.run import RunConfig

_MAX_NAME = 60


@dataclass(frozen=True)
class Import:
    """A checkpoint that can become a run with this configuration."""

    checkpoint: Checkpoint
    shape: Shape
    config: RunConfig

    @property
    def density(self) -> float:
        """The kept share."""
        return self.config.mask.densities[0]

    @property
    def measures(self) -> bool:
        """Tell whether there is a data set to measure with."""
        return self.config.data.dataset != UNKNOWN


def prepare(request: ImportRequest) -> Import:
    """Read the checkpoint and find out what it does not say.

    Raises:
        EngineError: the density is missing or out of range, the file cannot be read, fits no network, or not the data set.
    """
    density = request.checked_density()
    checkpoint = read_checkpoint(request.path)
    shape = shape_of(checkpoint, request.architecture)
    _check_mapping(checkpoint, shape)
    found = Import(checkpoint, shape, _config(request, checkpoint, shape, density))
    if found.measures:
        _check_data(found)
    return found


def _check_mapping(checkpoint: Checkpoint, shape: Shape) -> None:
    largest = max(checkpoint.mapping)
    if largest >= shape.num_source:
        raise EngineError(f"{checkpoint.path} maps to source class {largest}, but its classifier has {shape.num_source}")


def _config(request: ImportRequest, checkpoint: Checkpoint, shape: Shape, density: float) -> RunConfig:
    prompt = prompt_of(checkpoint, request.prompt)
    values = {
        "name": checkpoint.path.stem[:_MAX_NAME],
        "method": "control" if prompt.values["kind"] == "none" else "vpns",
        "model": {"architecture": shape.architecture},
        "data": {"dataset": UNKNOWN, **request.data, "image_size": prompt.image_size, "protocol": "paper"},
        "prompt": prompt.values,
        "mask": {"sparsities": [round(1 - density, 12)]},
        "search_epochs": checkpoint.said.search_epochs,
        "finetune_epochs": checkpoint.said.finetune_epochs,
        "dense": "none",
        "optim": checkpoint.settings.optim().model_dump(),
    }
    return config_from(values | dict(request.more))


def _check_data(found: Import) -> None:
    info = describe(found.config.data, found.config.seed)
    count = len(found.checkpoint.mapping)
    if len(info.classes) != count:
        raise EngineError(f"{found.checkpoint.path} maps {count} classes, the data set has {len(info.classes)}: take its own")
    # batches do not matter: nothing is trained
    problems = [p for p in cross_check(found.config, info, num_in_file=found.shape.num_source) if "batch" not in p.location]
    if problems:
        raise EngineError(problems[0].message)
