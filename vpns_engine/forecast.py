"""What a run will do, in numbers, and what speaks against it, before it starts and without torch."""

import math
from dataclasses import dataclass

from vpns_engine.catalogue import catalogue
from vpns_engine.datasets import DatasetInfo
from vpns_engine.plan import plan
from vpns_engine.specs.phase import Finetune, Search, epochs_of
from vpns_engine.specs.problems import Problem
from vpns_engine.specs.run import RunConfig

_LISTED = 6


@dataclass(frozen=True)
class Forecast:
    """The numbers of a run. Epochs are those of one level, half-steps those of all levels."""

    num_scored: int
    sparsities: tuple[float, ...]
    kept: tuple[int, ...]
    """Kept weights of each level, at most: ties at the threshold fall too."""
    num_prompt_values: int
    search_epochs: int
    finetune_epochs: int
    iterations: int | None
    """Of one epoch; None while the number of training images is not known."""
    half_steps: int | None


def forecast(config: RunConfig, num_train: int | None) -> Forecast:
    """Count what a run will do.

    Args:
        config: the run.
        num_train: training images; None where not known yet.
    """
    num_scored = catalogue()[config.model.architecture].num_scored
    phases = [phase for phase in plan(config) if isinstance(phase, Search | Finetune)]
    iterations = None if num_train is None else math.ceil(num_train / config.data.batch_size)
    half_steps = sum(epochs_of(phase) * len(phase.steps) for phase in phases)
    return Forecast(
        num_scored=num_scored,
        sparsities=config.mask.sparsities,
        kept=tuple(num_kept(num_scored, density) for density in config.mask.densities),
        num_prompt_values=config.effective_prompt.num_values(config.data.image_size),
        search_epochs=sum(phase.epochs for phase in phases if phase.kind == "search" and phase.level == 0),
        finetune_epochs=sum(phase.epochs for phase in phases if phase.kind == "finetune" and phase.level == 0),
        iterations=iterations,
        half_steps=None if iterations is None else half_steps * iterations,
    )


def num_kept(num_scored: int, density: float) -> int:
    """Give how many weights a level keeps: all but the k = int((1 - d) N) of least score, k in double precision."""
    return num_scored - int((1 - density) * num_scored)


def sentence(numbers: Forecast) -> str:
    """Write a forecast as one line."""
    return "; ".join(lines(numbers))


def lines(numbers: Forecast) -> tuple[str, str, str]:
    """Write a forecast in three parts: the weights, the prompt, the work."""
    return _weights(numbers), _prompt(numbers), _work(numbers)


def _weights(numbers: Forecast) -> str:
    scored = " scored" if numbers.search_epochs else ""  # without a search the weights are ranked once
    return f"{numbered(numbers.num_scored, 'weight')}{scored}, {_kept(numbers)}"


def _kept(numbers: Forecast) -> str:
    counts = [f"{count:,}" for count in numbers.kept]
    percents = [f"{sparsity * 100:.10g}" for sparsity in numbers.sparsities]
    if len(counts) == 1:
        return f"{counts[0]} kept ({percents[0]} % sparsity)"
    if len(counts) <= _LISTED:
        return f"{' / '.join(counts)} kept ({' / '.join(percents)} % sparsity)"
    return f"{min(numbers.kept):,} to {max(numbers.kept):,} kept ({len(counts)} levels)"


def _prompt(numbers: Forecast) -> str:
    return numbered(numbers.num_prompt_values, "prompt value") if numbers.num_prompt_values else "no prompt"


def _work(numbers: Forecast) -> str:
    stages = [epochs for epochs in (numbers.search_epochs, numbers.finetune_epochs) if epochs]
    epochs = " + ".join(f"{count:,}" for count in stages) + (" epoch" if stages == [1] else " epochs")
    if numbers.iterations is None or numbers.half_steps is None:
        return epochs
    each = " for each level" if len(numbers.kept) > 1 else ""
    return f"{epochs} of {numbered(numbers.iterations, 'iteration')}{each}, {numbered(numbers.half_steps, 'half-step')}"


def numbered(count: int, noun: str) -> str:
    """Write a count with its noun: 1 weight, 2,000 weights."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def cross_check(config: RunConfig, info: DatasetInfo) -> tuple[Problem, ...]:
    """Give what speaks against a run once its data set is known.

    How many classes a weights file has is known only when it is read; the engine checks that one then.
    """
    sources = catalogue()[config.model.architecture].num_source_classes
    if config.model.weights == "file" or len(info.classes) <= sources:
        return ()
    return (
        Problem(
            "data.dataset", f"{len(info.classes):,} classes, but {config.model.architecture} has {sources:,} to map them to"
        ),
    )
