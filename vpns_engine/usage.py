"""What a run will put on the disk, counted before it starts and without torch."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vpns_engine.catalogue import CatalogueEntry, catalogue
from vpns_engine.keeping import Keeping
from vpns_engine.plan import plan
from vpns_engine.predictions import MOST_SHOWN
from vpns_engine.specs.optim import OptimSpec
from vpns_engine.specs.phase import DENSE, Finetune, Phase, Search, Test
from vpns_engine.specs.run import RunConfig

_VALUE = 4
_SAMPLES = 24
_BITS_HEADER = 140
"""Bytes that a file's header needs for the bits of a layer, with its shape."""
_HEADER = 95
"""Bytes that a file's header needs for another array."""
_ENTRY = 1000
"""Bytes that a checkpoint needs beside the values of an entry."""
_CHECKPOINTS_AT_ONCE = 3
"""The last one, the one before it, and the one that is being written beside them."""
_IMAGE_BYTES = 16
"""Of a test image: its class and its place in the data set."""
_PREDICTION_BYTES = 8
"""Of a test image for each class that it is taken for."""
_REST = 200_000
"""Settings, log and events, without the iterations."""


@dataclass(frozen=True)
class Room:
    """Bytes that a run puts on the disk."""

    states: int
    epochs: int
    checkpoint: int
    """One of them; while a run goes on there are up to three."""
    rest: int
    kept_checkpoints: int = 0
    """Those that stay when it is finished: two, or none."""

    @property
    def most(self) -> int:
        """What it takes at most, while it goes on."""
        return self.states + self.epochs + _CHECKPOINTS_AT_ONCE * self.checkpoint + self.rest

    @property
    def stays(self) -> int:
        """What is left when it is finished."""
        return self.states + self.epochs + self.kept_checkpoints * self.checkpoint + self.rest

    def __add__(self, other: "Room") -> "Room":
        """Take together two runs that are done one after another."""
        return Room(
            self.states + other.states,
            self.epochs + other.epochs,
            max(self.checkpoint, other.checkpoint),
            self.rest + other.rest,
            self.kept_checkpoints + other.kept_checkpoints,
        )


@dataclass(frozen=True)
class _Counts:
    """Of the network with its classifier as the run has it, and of the prompt."""

    entry: CatalogueEntry
    weights: int
    scored: int
    prompt: int
    """Bytes of a prompt's file."""

    @property
    def weight_bytes(self) -> int:
        return self.weights * _VALUE + self.entry.num_buffer_bytes

    @property
    def bits(self) -> int:
        """Bytes of a file with the masks."""
        return self.scored // 8 + self.entry.num_layers * (_BITS_HEADER + 1)

    @property
    def state(self) -> int:
        headers = (self.entry.num_entries + self.entry.num_layers) * _HEADER
        return self.weight_bytes + self.scored * _VALUE + self.bits + self.prompt + headers


def room_of(
    config: RunConfig,
    keeping: Keeping,
    *,
    num_target: int | None = None,
    num_in_file: int | None = None,
    num_test: int | None = None,
) -> Room | None:
    """Count the bytes that a run puts on the disk; None where the classes of its weights file are not known.

    Args:
        config: the run.
        keeping: what of it stays.
        num_target: classes of the data set, for a new linear head; None where not known yet: then it is left out.
        num_in_file: classes of the weights file; None where there is none, or not known.
        num_test: test images, of each of which is kept what the tested states make of it; None where not known yet.
    """
    found = _counts(config, num_target, num_in_file)
    if found is None:
        return None
    phases = [phase for phase in plan(config) if isinstance(phase, Search | Finetune)]
    epochs = sum(_of_epochs(phase, config, keeping, found) for phase in phases)
    return Room(
        states=found.state * sum(phase.level != DENSE for phase in phases),
        epochs=epochs,
        checkpoint=max((_checkpoint(phase, config, found) for phase in phases), default=0),
        rest=_REST + _SAMPLES * 3 * config.data.image_size**2 + _predictions(config, num_target or MOST_SHOWN, num_test or 0),
        kept_checkpoints=0 if keeping.finished_checkpoints == "remove" else 2,
    )


def _counts(config: RunConfig, num_target: int | None, num_in_file: int | None) -> _Counts | None:
    entry = catalogue()[config.model.architecture]
    classes = num_in_file if config.model.weights == "file" else entry.num_source_classes
    if config.mapping.kind == "head":
        classes = num_target or 0
    if classes is None:
        return None
    weights = entry.num_weights + (classes - entry.num_source_classes) * (entry.num_features + 1)
    # a new head learns as other weights do: it is among the scored ones of no mask
    scored = entry.scored_with(0 if config.mapping.kind == "head" else classes)
    return _Counts(entry, weights, scored, _prompt(config))


def _prompt(config: RunConfig) -> int:
    """Count the bytes of a prompt: delta, what it adds, and what is learned where that is neither."""
    values = config.effective_prompt.num_values(config.data.image_size)
    learned = values if config.effective_prompt.kind == "low_rank" else 0
    return 2 * _canvas(config) + learned * _VALUE + 4 * _HEADER


def _canvas(config: RunConfig) -> int:
    return 3 * config.prompt.canvas**2 * _VALUE


def _of_epochs(phase: Search | Finetune, config: RunConfig, keeping: Keeping, found: _Counts) -> int:
    if phase.level == DENSE:
        return 0
    count = phase.epochs + isinstance(phase, Search)  # a search shows its start too
    kept = count if keeping.epoch_artifacts == "all" else 1
    each = (found.prompt if config.uses_prompt else 0) + (found.bits if isinstance(phase, Search) else 0)
    return kept * each


def _predictions(config: RunConfig, num_target: int, num_test: int) -> int:
    """Count the bytes of what the tested states make of the test images."""
    found, phases = 0, plan(config)
    for phase in phases:
        prompted = config.uses_prompt and phase.level != DENSE
        tests = _num_tests(phase, phases)
        each = _IMAGE_BYTES + (1 + prompted) * min(MOST_SHOWN, num_target) * _PREDICTION_BYTES
        found += tests * (num_test * each + 6 * _HEADER)
    return found


def _num_tests(phase: Phase, phases: tuple[Phase, ...]) -> int:
    """Count the states that a phase tests: a tuning tests what a search before it found, too."""
    if isinstance(phase, Finetune):
        return 1 + any(isinstance(other, Search) and other.level == phase.level for other in phases)
    return int(isinstance(phase, Test))


def _checkpoint(phase: Search | Finetune, config: RunConfig, found: _Counts) -> int:
    return sum(_held(phase, config, found)) + found.entry.num_entries * _ENTRY


def _held(phase: Search | Finetune, config: RunConfig, found: _Counts) -> Iterator[int]:
    """Give what a checkpoint within a phase holds, piece by piece; what a level starts with is not written."""
    weights, scored, buffers = found.weights * _VALUE, found.scored * _VALUE, found.entry.num_buffer_bytes
    learned = {group for half in phase.steps for group in half.learns}
    tuning = isinstance(phase, Finetune)
    if phase.level != DENSE:
        yield scored
    if "scores" in learned:
        yield scored * _memory_of(config.optim.scores)
    if "weights" in learned:
        yield weights * (1 + _memory_of(config.optim.weights))
        # the best epoch so far
        yield 0 if config.data.protocol == "paper" else weights + buffers
    # the statistics of the network, and of the end of its search
    yield buffers * (1 + tuning)
    if config.uses_prompt and phase.level != DENSE:
        optimizer = config.optim.finetune_prompt if tuning else config.optim.search_prompt
        yield _canvas(config) * (1 + _memory_of(optimizer) + 2 * tuning)


def _memory_of(optimizer: OptimSpec) -> int:
    """Give how many values an optimizer remembers for each that it trains."""
    return 2 if optimizer.kind == "adam" else int(optimizer.momentum > 0)


def free_on(folder: Path) -> int | None:
    """Give the bytes that are free where a folder stands, or would; None where that cannot be told."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
