"""What each kind of phase does: `execute(phase, state)` works between two events.

Shapes: B batch, S source classes, T target classes.
"""

import time
from collections.abc import Generator, Iterator
from math import isfinite
from typing import Literal

import torch

from vpns_engine.errors import EngineError
from vpns_engine.events import (
    EpochEnded,
    Event,
    LabelsMapped,
    LevelSaved,
    Measuring,
    PhaseEnded,
    PhaseStarted,
    StepDone,
    Tested,
)
from vpns_engine.files import expanded
from vpns_engine.nn.criteria import set_by_criterion
from vpns_engine.nn.optim import learning_rate
from vpns_engine.specs.phase import DENSE, Finetune, Group, Load, MapLabels, Phase, PhaseKind, Rewind, Score, Search, Test
from vpns_engine.training.feeds import Feed
from vpns_engine.training.loading import load_state
from vpns_engine.training.mapping import labels_mapped, map_labels, remap
from vpns_engine.training.randomness import key_of
from vpns_engine.training.state import HalfResult, Snapshot, TrainState
from vpns_engine.training.steps import Evaluation, evaluating, half_step


def execute(index: int, phase: Phase, state: TrainState) -> Iterator[Event]:
    """Run one phase. State is consistent at every yield; whoever holds the generator decides when it goes on."""
    yield PhaseStarted(phase=index)
    match phase:
        case Rewind():
            state.rewind(phase.density)
        case Load():
            sources = load_state(state, expanded(phase.path), phase.density).mapping
            if not state.network.head_parameters():
                yield LabelsMapped(phase=index, level=phase.level, sources=sources, counts=())
        case Score():
            set_by_criterion(state.network, phase.criterion, phase.density, key_of(state.seed, "random mask"))
        case MapLabels():
            yield from map_labels(index, phase, state)
        case Search():
            yield from _train(index, phase, state)
            state.found = state.snapshot(state.epoch)
            yield save(index, phase, state, complete=True)
        case Finetune():
            yield from _train(index, phase, state)
            yield from _take_best(index, phase, state)
            if phase.level != DENSE:
                yield save(index, phase, state, complete=True)
            yield from _test(index, phase, state)
        case Test():
            plain, _ = yield from measure(index, state, state.feeds.test, "test", prompted=False)
            yield Tested(level=phase.level, stage="map", accuracy=plain.accuracy, accuracy_prompted=None)
    yield PhaseEnded(phase=index)


def interrupt(index: int, phase: Phase, state: TrainState) -> Iterator[Event]:
    """Keep the result so far of a phase that is stopped: the best epoch of a tuning, the last state of a search.

    A phase whose whole result stands in a file already keeps that; the dense reference keeps its measurements only.
    """
    if not isinstance(phase, Search | Finetune) or state.mapping_T is None or state.saved or phase.level == DENSE:
        return
    yield from _take_best(index, phase, state)
    yield save(index, phase, state, complete=False)


def rescue(index: int, phase: Phase, state: TrainState) -> Iterator[Event]:
    """Keep the best epoch of a tuning that failed; what it worked on when it failed is not to be trusted."""
    if state.best is not None and not state.saved:
        yield from interrupt(index, phase, state)


def _take_best(index: int, phase: Phase, state: TrainState) -> Iterator[Event]:
    """Go back to the best epoch, and tell its mapping where that is not the last one told."""
    if state.best is None:
        return
    last = state.mapping_T
    state.restore(state.best)
    state.epoch = state.best.epoch
    if state.mapping_T is not last:
        yield labels_mapped(index, phase.level, state, state.epoch)


def save(index: int, phase: Phase, state: TrainState, *, complete: bool) -> LevelSaved:
    """Write the level's state as it is now."""
    path = state.keeper.keep_state(phase, state, state.epoch) if state.keeper else ""
    state.saved = complete
    return LevelSaved(phase=index, level=phase.level, epoch=state.epoch, complete=complete, state_path=path)


def _train(index: int, phase: Search | Finetune, state: TrainState) -> Iterator[Event]:
    state.prepare(phase)
    if isinstance(phase, Search):
        yield (yield from _epoch_event(index, phase, state, 0, _Sums(), time.monotonic()))
    for epoch in range(1, phase.epochs + 1):
        began, sums = time.monotonic(), _Sums()
        yield from remap(index, phase, state, epoch)
        yield from _one_epoch(index, phase, state, epoch, sums)
        state.epoch = epoch
        event = yield from _epoch_event(index, phase, state, epoch, sums, began)
        for schedule in state.schedules:
            schedule.step()
        _choose(phase, state, event)
        yield event


def _one_epoch(index: int, phase: Search | Finetune, state: TrainState, epoch: int, sums: "_Sums") -> Iterator[Event]:
    # dropout draws from torch's generator: tie it to the epoch, so that an epoch can be replayed
    torch.manual_seed(key_of(state.seed, phase.kind, epoch))
    state.network.train()
    feeds = {"train": state.feeds.train.batches(phase.kind, epoch), "vp": state.feeds.vp.batches(phase.kind, epoch)}
    # the pass ends with its shorter view: both show the same images, but a broken file can empty a batch of one
    for step, batches in enumerate(zip(*(feeds[half.view] for half in phase.steps), strict=False), 1):
        results = []
        for number, (half, batch) in enumerate(zip(phase.steps, batches, strict=True)):
            results.append(half_step(state, half, batch))
            if state.observe:
                state.observe(phase, epoch, step, number, results[-1])
        losses = tuple(float(result.loss) for result in results)
        if not all(isfinite(loss) for loss in losses):
            raise EngineError(f"the loss is no longer a number (epoch {epoch}, iteration {step}): take a lower learning rate")
        sums.add(phase, results, losses)
        accuracies = tuple(int(result.correct) / result.count for result in results)
        yield StepDone(phase=index, epoch=epoch, step=step, losses=losses, accuracies=accuracies)
    if sums.loss(False) is None:
        raise EngineError("none of the training images can be read")


class _Sums:
    """Running sums of an epoch, for the prompted and the un-prompted half-steps."""

    def __init__(self) -> None:
        self._loss = {True: 0.0, False: 0.0}
        self._correct = {True: 0, False: 0}
        self._count = {True: 0, False: 0}

    def add(self, phase: Search | Finetune, results: list[HalfResult], losses: tuple[float, ...]) -> None:
        for half, result, loss in zip(phase.steps, results, losses, strict=True):
            self._loss[half.prompted] += loss * result.count
            self._correct[half.prompted] += int(result.correct)
            self._count[half.prompted] += result.count

    def loss(self, prompted: bool) -> float | None:
        return self._loss[prompted] / self._count[prompted] if self._count[prompted] else None

    def accuracy(self, prompted: bool) -> float | None:
        return self._correct[prompted] / self._count[prompted] if self._count[prompted] else None


def _epoch_event(
    index: int, phase: Search | Finetune, state: TrainState, epoch: int, sums: _Sums, began: float
) -> Generator[Event, None, EpochEnded]:
    has_prompt = state.prompt.learns and phase.level != DENSE
    plain, prompted = yield from _validate(index, state, prompted=has_prompt)
    keeper = state.keeper
    return EpochEnded(
        phase=index,
        epoch=epoch,
        loss=sums.loss(False),
        loss_prompted=sums.loss(True),
        train_accuracy=sums.accuracy(False),
        train_accuracy_prompted=sums.accuracy(True),
        val_accuracy=plain.accuracy if plain else None,
        val_loss=plain.loss if plain else None,
        val_accuracy_prompted=prompted.accuracy if prompted else None,
        kept=state.network.kept(),
        threshold=state.network.threshold,
        learning_rates=_rates(state),
        prompt_path=keeper.keep_prompt(phase, epoch, state.prompt) if keeper and has_prompt else "",
        masks_path=keeper.keep_masks(phase, epoch, state.network) if keeper and isinstance(phase, Search) else "",
        seconds=time.monotonic() - began,
    )


def _rates(state: TrainState) -> dict[str, float]:
    groups: dict[Group, float] = {group: learning_rate(optimizer) for group, optimizer in state.optimizers.items()}
    return {str(group): rate for group, rate in groups.items()}


def _validate(
    index: int, state: TrainState, *, prompted: bool
) -> Generator[Event, None, tuple[Evaluation | None, Evaluation | None]]:
    """Measure the validation split without and with the prompt; None where there is none."""
    feed = state.feeds.validation
    if feed is None:
        return None, None
    return (yield from measure(index, state, feed, "validation", prompted=prompted))


def measure(
    index: int, state: TrainState, feed: Feed, part: Literal["validation", "test"], *, prompted: bool
) -> Generator[Event, None, tuple[Evaluation, Evaluation | None]]:
    """Measure a feed without the prompt, and with it where it is `prompted`."""
    found: list[Evaluation] = []
    views = (False, True) if prompted else (False,)
    for number, view in enumerate(views):
        measure = evaluating(state, feed, prompted=view)
        while True:
            try:
                done = next(measure)
            except StopIteration as end:
                found.append(end.value)
                break
            yield Measuring(phase=index, part=part, done=(number + done) / len(views))
    return found[0], found[1] if len(found) > 1 else None


def _choose(phase: Phase, state: TrainState, event: EpochEnded) -> None:
    """Keep the tuning epoch with the best validation accuracy without the prompt; equal ones by the lower loss."""
    if not isinstance(phase, Finetune) or event.val_accuracy is None:
        return
    if state.best_epoch is None or _rank(event) > _rank(state.best_epoch):
        state.best, state.best_epoch = state.snapshot(event.epoch, scores=False), event


def _rank(event: EpochEnded) -> tuple[float, float]:
    return event.val_accuracy or 0.0, -(event.val_loss if event.val_loss is not None else float("inf"))


def _test(index: int, phase: Finetune, state: TrainState) -> Iterator[Event]:
    """Read the test split, now that every choice of the level is made: untuned and tuned, with and without the prompt.

    The dense reference was tested untuned before, and knows no prompt.
    """
    chosen = state.snapshot(state.epoch, scores=False)
    stages: list[tuple[PhaseKind, Snapshot]] = [("finetune", chosen)]
    if state.found is not None:
        stages.insert(0, ("search", state.found))
    for stage, snapshot in stages:
        state.restore(snapshot)
        has_prompt = state.prompt.learns and phase.level != DENSE
        plain, prompted = yield from measure(index, state, state.feeds.test, "test", prompted=has_prompt)
        state.restore(chosen)
        with_prompt = None if prompted is None else prompted.accuracy
        yield Tested(level=phase.level, stage=stage, accuracy=plain.accuracy, accuracy_prompted=with_prompt)
