"""What a run will do, in numbers, and what speaks against it, before it starts and without torch."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from vpns_engine.catalogue import catalogue, labels
from vpns_engine.datasets import DatasetInfo
from vpns_engine.plan import plan
from vpns_engine.specs.masks import num_dropped
from vpns_engine.specs.phase import DENSE, Finetune, Search, epochs_of
from vpns_engine.specs.problems import Problem
from vpns_engine.specs.run import RunConfig

_LISTED = 6


@dataclass(frozen=True)
class Forecast:
    """The numbers of a run. Epochs are those of one level, half-steps those of all levels."""

    num_scored: int | None
    """None where the number of classes of a weights file is not known."""
    sparsities: tuple[float, ...]
    kept: tuple[int, ...] | None
    """Kept weights of each level, at most: ties at the threshold fall too."""
    num_prompt_values: int
    search_epochs: int
    finetune_epochs: int
    iterations: int | None
    """Of one epoch; None while the number of training images is not known."""
    half_steps: int | None
    dense_epochs: int = 0
    """Epochs in which the dense reference is tuned."""


def forecast(config: RunConfig, num_train: int | None, *, num_in_file: int | None = None) -> Forecast:
    """Count what a run will do.

    Args:
        config: the run.
        num_train: training images; None where not known yet.
        num_in_file: classes of the weights file; None where there is none, or not known.
    """
    # a new head is not scored: of a classifier without classes nothing is
    sources = 0 if config.mapping.kind == "head" else _num_sources(config, num_in_file)
    entry = catalogue()[config.model.architecture]
    num_scored = None if sources is None else entry.scored_with(sources)
    densities = config.mask.densities
    phases = [phase for phase in plan(config) if isinstance(phase, Search | Finetune)]
    iterations = None if num_train is None else math.ceil(num_train / config.data.batch_size)
    half_steps = sum(epochs_of(phase) * len(phase.steps) for phase in phases)
    return Forecast(
        num_scored=num_scored,
        sparsities=config.mask.sparsities,
        kept=None if num_scored is None else tuple(num_kept(num_scored, density) for density in densities),
        num_prompt_values=config.effective_prompt.num_values(config.data.image_size),
        search_epochs=sum(phase.epochs for phase in phases if phase.kind == "search" and phase.level == 0),
        finetune_epochs=sum(phase.epochs for phase in phases if phase.kind == "finetune" and phase.level == 0),
        iterations=iterations,
        half_steps=None if iterations is None else half_steps * iterations,
        dense_epochs=sum(phase.epochs for phase in phases if phase.level == DENSE),
    )


def num_kept(num_scored: int, density: float) -> int:
    """Give how many weights a level keeps: all but the k = int((1 - d) N) of least score, k in double precision."""
    return num_scored - num_dropped(density, num_scored)


def _num_sources(config: RunConfig, num_in_file: int | None) -> int | None:
    return num_in_file if config.model.weights == "file" else catalogue()[config.model.architecture].num_source_classes


def lines(numbers: Forecast) -> tuple[str, str, str]:
    """Write a forecast in three parts: the weights, the prompt, the work."""
    return _weights(numbers), _prompt(numbers), _work(numbers)


def _weights(numbers: Forecast) -> str:
    scored = " scored" if numbers.search_epochs else ""  # without a search the weights are ranked once
    if not numbers.sparsities:
        return "no level, the dense reference only"
    if numbers.num_scored is None or numbers.kept is None:
        return f"all weights of the file{scored}, {_sparsity(numbers)}"
    return f"{numbered(numbers.num_scored, 'weight')}{scored}, {_kept(numbers.kept)} kept ({_sparsity(numbers)})"


def _kept(counts: tuple[int, ...]) -> str:
    if len(counts) <= _LISTED:
        return " / ".join(f"{count:,}" for count in counts)
    return f"{min(counts):,} to {max(counts):,}"


def _sparsity(numbers: Forecast) -> str:
    if len(numbers.sparsities) <= _LISTED:
        return " / ".join(f"{sparsity * 100:.10g}" for sparsity in numbers.sparsities) + " % sparsity"
    return f"{len(numbers.sparsities)} levels"


def _prompt(numbers: Forecast) -> str:
    return numbered(numbers.num_prompt_values, "prompt value") if numbers.num_prompt_values else "no prompt"


def _work(numbers: Forecast) -> str:
    stages = [epochs for epochs in (numbers.search_epochs, numbers.finetune_epochs) if epochs] or [numbers.dense_epochs]
    epochs = " + ".join(f"{count:,}" for count in stages) + (" epoch" if stages == [1] else " epochs")
    if numbers.iterations is None or numbers.half_steps is None:
        return epochs
    each = " for each level" if len(numbers.sparsities) > 1 else ""
    dense = f" and {numbers.dense_epochs:,} for the dense reference" if numbers.dense_epochs and numbers.sparsities else ""
    iterations = numbered(numbers.iterations, "iteration")
    return f"{epochs} of {iterations}{each}{dense}, {numbered(numbers.half_steps, 'half-step')}"


def numbered(count: int, noun: str) -> str:
    """Write a count with its noun: 1 weight, 2,000 weights."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def cross_check(config: RunConfig, info: DatasetInfo, *, num_in_file: int | None = None) -> tuple[Problem, ...]:
    """Give what speaks against a run once its data set is known.

    Args:
        config: the run.
        info: its data set.
        num_in_file: classes of the weights file; None where there is none, or not known: the engine checks those then.
    """
    return tuple(chain(_class_problems(config, info, num_in_file), _size_problems(config), _last_batch_problems(config, info)))


def _class_problems(config: RunConfig, info: DatasetInfo, num_in_file: int | None) -> Iterator[Problem]:
    sources = None if config.mapping.kind == "head" else _num_sources(config, num_in_file)
    if sources is not None and len(info.classes) > sources:
        network = "the weights file" if config.model.weights == "file" else _name(config)
        yield Problem("data.dataset", f"{len(info.classes):,} classes, but {network} has {sources:,} to map them to")


def _name(config: RunConfig) -> str:
    """Give the network's name as a person reads it."""
    return labels()[config.model.architecture].partition(" (")[0]


def _size_problems(config: RunConfig) -> Iterator[Problem]:
    size, canvas, network = config.data.image_size, config.prompt.canvas, _name(config)
    entry = catalogue()[config.model.architecture]
    if entry.fixed_size:
        yield from _fixed_size_problems(network, entry.image_size, size, canvas)
    elif size < entry.min_image_size:
        yield Problem("data.image_size", f"image size {size} px is too small for {network}: at least {entry.min_image_size} px")


def _fixed_size_problems(network: str, only: int, size: int, canvas: int) -> Iterator[Problem]:
    """The canvas goes through the network just as the image does, so a network of one size needs both to have it."""
    if size != only:
        yield Problem("data.image_size", f"image size {size} px does not fit {network}: it takes {only} px only")
    if canvas != only:
        yield Problem("prompt.canvas", f"canvas {canvas} px does not fit {network}: it takes {only} px only, as for the image")


def _last_batch_problems(config: RunConfig, info: DatasetInfo) -> Iterator[Problem]:
    """Find a last batch of one image where batch normalization would have one value of each channel to train on."""
    size, network = config.data.image_size, _name(config)
    largest = catalogue()[config.model.architecture].one_pixel_size
    batch, count, micro = config.data.batch_size, info.num_train, config.data.micro_batch
    if size > largest or count == 0:
        return
    if _cut_to_one(min(batch, count), micro) or (not _leaves_one(count, batch) and _cut_to_one(count % batch, micro)):
        yield Problem(
            "data.micro_batch",
            f"micro-batch {micro:,} leaves a piece of one image of a batch, and {network} cannot train on one image of "
            f"{largest} px or less: take a larger one, or larger images",
        )
    if not _leaves_one(count, batch):
        return
    other = next((b for b in (*range(batch - 1, 1, -1), *range(batch + 1, count + 1)) if not _leaves_one(count, b)), None)
    instead = f"take another one, {other} for example, or" if other else "take"
    yield Problem(
        "data.batch_size",
        f"batch size {batch:,} leaves a last batch of one image ({count:,} training images), and {network} cannot train on one "
        f"image of {largest} px or less: {instead} larger images",
    )


def _cut_to_one(batch: int, micro_batch: int) -> bool:
    """Tell whether a batch of two images or more is cut into pieces of which one has a single image."""
    return micro_batch > 0 and batch > 1 and batch // math.ceil(batch / micro_batch) == 1


def _leaves_one(count: int, batch: int) -> bool:
    return count > 0 and (count - 1) % batch == 0
