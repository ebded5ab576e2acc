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
from vpns_engine.training.feeds import Batch, Feed
from vpns_engine.training.loading import load_state
from vpns_engine.training.mapping import labels_mapped, map_labels, remap
from vpns_engine.training.place import Place, Sums
from vpns_engine.training.randomness import key_of
from vpns_engine.training.seen import Seen, together
from vpns_engine.training.state import Snapshot, TrainState
from vpns_engine.training.steps import Evaluation, evaluating, half_step


def execute(index: int, phase: Phase, state: TrainState, here: Place | None = None) -> Iterator[Event]:
    """Run one phase. State is consistent at every yield; whoever holds the generator decides when it goes on.

    Args:
        index: of the phase in the plan.
        phase: what is to be done.
        state: what it is done with.
        here: a place within the phase to go on from, with the state as it was there.
    """
    here = here or Place(phase=index)
    if not here.begun:
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
            here = yield from _train(index, phase, state, here)
            if not here.kept:
                yield _keep_found(index, phase, state, here)
        case Finetune():
            here = yield from _train(index, phase, state, here)
            if not here.kept:
                here = yield from _keep_best(index, phase, state, here)
            yield from _test(index, phase, state, here)
        case Test():
            yield (yield from testing(index, phase, "map", state, prompted=False))
    state.mark(Place(phase=index + 1))
    yield PhaseEnded(phase=index)


def interrupt(index: int, phase: Phase, state: TrainState) -> Iterator[Event]:
    """Keep the result so far of a phase that is stopped: the best epoch of a tuning, the last state of a search.

    A phase whose whole result stands in a file already keeps that; the dense reference keeps its measurements only.
    """
    if not isinstance(phase, Search | Finetune) or state.mapping_T is None or state.saved or phase.level == DENSE:
        return
    state.unmark()
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
    last = _mapping(state)
    state.restore(state.best)
    state.epoch = state.best.epoch
    if _mapping(state) != last:
        yield labels_mapped(index, phase.level, state, state.epoch)


def _mapping(state: TrainState) -> tuple[list[int], tuple[int, ...]]:
    return [] if state.mapping_T is None else state.mapping_T.tolist(), state.counts


def save(index: int, phase: Phase, state: TrainState, *, complete: bool) -> LevelSaved:
    """Write the level's state as it is now."""
    path = state.keeper.keep_state(phase, state, state.epoch) if state.keeper else ""
    state.saved = complete
    return LevelSaved(phase=index, level=phase.level, epoch=state.epoch, complete=complete, state_path=path)


def _keep_found(index: int, phase: Search, state: TrainState, here: Place) -> LevelSaved:
    """Keep the state at the end of a search."""
    state.found = state.snapshot(state.epoch)
    event = save(index, phase, state, complete=True)
    state.mark(_moved(here, kept=True))
    return event


def _keep_best(index: int, phase: Finetune, state: TrainState, here: Place) -> Generator[Event, None, Place]:
    """Choose among a tuning's epochs and keep that; the dense reference's is not written."""
    yield from _take_best(index, phase, state)
    here = _moved(here, kept=True)
    if phase.level != DENSE:
        event = save(index, phase, state, complete=True)
        state.mark(here)
        yield event
    return here


def _moved(here: Place, **changes: object) -> Place:
    return here.model_copy(update=changes)


def _train(index: int, phase: Search | Finetune, state: TrainState, here: Place) -> Generator[Event, None, Place]:
    """Do the epochs that are left.

    Returns:
        The place after the last of them.
    """
    if not here.begun:
        state.prepare(phase)
        here = Place(phase=index, epoch=1)
        if isinstance(phase, Search):
            event = yield from _epoch_event(index, phase, state, 0, Sums(), time.monotonic())
            state.mark(here)
            yield event
    while here.epoch <= phase.epochs:
        here = yield from _epoch(index, phase, state, here)
    return here


def _epoch(index: int, phase: Search | Finetune, state: TrainState, here: Place) -> Generator[Event, None, Place]:
    """Do what is left of an epoch.

    Returns:
        The place at the start of the next one.
    """
    began = time.monotonic() - here.seconds
    here = yield from remap(index, phase, state, here)
    here = yield from _iterations(index, phase, state, here, began)
    if here.sums.plain.mean_loss is None:
        raise EngineError("none of the training images can be read")
    state.epoch = here.epoch
    event = yield from _epoch_event(index, phase, state, here.epoch, here.sums, began)
    state.unmark()
    for schedule in state.schedules:
        schedule.step()
    _choose(phase, state, event)
    here = Place(phase=index, epoch=here.epoch + 1)
    state.mark(here)
    yield event
    return here


def _iterations(
    index: int, phase: Search | Finetune, state: TrainState, here: Place, began: float
) -> Generator[Event, None, Place]:
    if here.step == 0:
        # dropout draws from torch's generator: tie it to the epoch, so that an epoch can be replayed
        torch.manual_seed(key_of(state.seed, phase.kind, here.epoch))
    state.network.train()
    feeds = {
        "train": state.feeds.train.batches(phase.kind, here.epoch, here.batches.get("train", 0)),
        "vp": state.feeds.vp.batches(phase.kind, here.epoch, here.batches.get("vp", 0)),
    }
    # the pass ends with its shorter view: both show the same images, but a broken file can empty a batch of one
    for batches in zip(*(feeds[half.view] for half in phase.steps), strict=False):
        state.unmark()
        here, event = _iteration(index, phase, state, here, batches)
        here = _moved(here, seconds=time.monotonic() - began)
        state.mark(here)
        yield event
    return here


def _iteration(
    index: int, phase: Search | Finetune, state: TrainState, here: Place, batches: tuple[Batch, ...]
) -> tuple[Place, StepDone]:
    """Make the half-steps of one iteration, and give the place after it."""
    step, results = here.step + 1, []
    for number, (half, batch) in enumerate(zip(phase.steps, batches, strict=True)):
        results.append(half_step(state, half, batch))
        if state.observe:
            state.observe(phase, here.epoch, step, number, results[-1])
    losses = tuple(float(result.loss) for result in results)
    if not all(isfinite(loss) for loss in losses):
        raise EngineError(f"the loss is no longer a number (epoch {here.epoch}, iteration {step}): take a lower learning rate")
    sums, corrects = here.sums, [int(result.correct) for result in results]
    for half, result, loss, correct in zip(phase.steps, results, losses, corrects, strict=True):
        sums = sums.plus(half, loss, correct, result.count)
    shown = {half.view: batch.number + 1 for half, batch in zip(phase.steps, batches, strict=True)}
    accuracies = tuple(correct / result.count for correct, result in zip(corrects, results, strict=True))
    event = StepDone(phase=index, epoch=here.epoch, step=step, losses=losses, accuracies=accuracies)
    return _moved(here, step=step, batches=shown, sums=sums), event


def _epoch_event(
    index: int, phase: Search | Finetune, state: TrainState, epoch: int, sums: Sums, began: float
) -> Generator[Event, None, EpochEnded]:
    has_prompt = state.prompt.learns and phase.level != DENSE
    plain, prompted = yield from _validate(index, state, prompted=has_prompt)
    keeper = state.keeper
    return EpochEnded(
        phase=index,
        epoch=epoch,
        loss=sums.plain.mean_loss,
        loss_prompted=sums.prompted.mean_loss,
        train_accuracy=sums.plain.accuracy,
        train_accuracy_prompted=sums.prompted.accuracy,
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
    index: int,
    state: TrainState,
    feed: Feed,
    part: Literal["validation", "test"],
    *,
    prompted: bool,
    seen: tuple[Seen | None, Seen | None] = (None, None),
) -> Generator[Event, None, tuple[Evaluation, Evaluation | None]]:
    """Measure a feed without the prompt, and with it where it is `prompted`; `seen` takes what is made of each image."""
    found: list[Evaluation] = []
    views = (False, True) if prompted else (False,)
    for number, view in enumerate(views):
        measure = evaluating(state, feed, prompted=view, seen=seen[number])
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


def _test(index: int, phase: Finetune, state: TrainState, here: Place) -> Iterator[Event]:
    """Read the test split, now that every choice of the level is made: untuned and tuned, with and without the prompt.

    The dense reference was tested untuned before, and knows no prompt.
    """
    chosen = state.snapshot(state.epoch, scores=False)
    stages: list[tuple[PhaseKind, Snapshot]] = [("finetune", chosen)]
    if state.found is not None:
        stages.insert(0, ("search", state.found))
    for stage, snapshot in stages[here.tests :]:
        state.aside = chosen
        state.restore(snapshot)
        has_prompt = state.prompt.learns and phase.level != DENSE
        event = yield from testing(index, phase, stage, state, prompted=has_prompt)
        state.restore(chosen)
        state.aside = None
        here = _moved(here, tests=here.tests + 1)
        state.mark(here)
        yield event


def testing(
    index: int, phase: Search | Finetune | Test, stage: PhaseKind, state: TrainState, *, prompted: bool
) -> Generator[Event, None, Tested]:
    """Measure the test split, and keep what is made of each image."""
    seen = (Seen(), Seen())
    plain, with_prompt = yield from measure(index, state, state.feeds.test, "test", prompted=prompted, seen=seen)
    path = ""
    if state.keeper is not None:
        predictions = together(*seen[: 1 + prompted])
        path = state.keeper.keep_predictions(phase, stage, predictions, state.num_target)
    return Tested(
        level=phase.level,
        stage=stage,
        accuracy=plain.accuracy,
        accuracy_prompted=None if with_prompt is None else with_prompt.accuracy,
        predictions_path=path,
    )
