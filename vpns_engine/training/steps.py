"""One half-step, and one evaluation.

Shapes: B batch, S source classes, T target classes.
"""

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor
from torch.nn import functional

from vpns_engine.errors import EngineError
from vpns_engine.specs.phase import HalfStep
from vpns_engine.training.feeds import Batch, Feed
from vpns_engine.training.memory import guarded_pass
from vpns_engine.training.seen import Seen
from vpns_engine.training.state import HalfResult, TrainState


def half_step(state: TrainState, half: HalfStep, batch: Batch) -> HalfResult:
    """Make one forward and backward pass and step what the half learns (spec section 4).

    A batch goes through in micro-batches where the state says so; their gradients are summed, each weighted by its share of
    the batch, and a moving prompt stays where it is.

    Raises:
        OutOfMemory: a pass does not fit into the device's memory.
    """
    _clear(state)
    place = state.prompt.draw() if half.prompted else None
    losses, logits = [], []
    for piece, share in _pieces(state, batch):
        with _guarded(state, piece):
            x = state.prompt(piece.x_BCHW, place=place) if half.prompted else state.normalization(piece.x_BCHW)
            logits_BT = _mapped(state, state.computing.logits(state.network, x))
            loss = functional.cross_entropy(logits_BT, piece.y_B) * share
            loss.backward()  # type: ignore[no-untyped-call]
        losses.append(loss.detach())
        logits.append(logits_BT.detach())
    _learn(state, half)
    logits_BT = torch.cat(logits)
    correct = (logits_BT.argmax(1) == batch.y_B).sum()
    return HalfResult(torch.stack(losses).sum(), logits_BT, correct, len(batch.y_B))


def _pieces(state: TrainState, batch: Batch) -> Iterator[tuple[Batch, float]]:
    """Cut a batch into micro-batches of about one size, and give the share of each."""
    count = len(batch.y_B)
    pieces = ceil(count / state.micro_batch) if state.micro_batch else 1
    for x_BCHW, y_B in zip(batch.x_BCHW.tensor_split(pieces), batch.y_B.tensor_split(pieces), strict=True):
        yield Batch(x_BCHW, y_B), len(y_B) / count


def _guarded(state: TrainState, batch: Batch) -> AbstractContextManager[None]:
    return guarded_pass(state.network, len(batch.y_B), batch.x_BCHW.shape[-1])


def _learn(state: TrainState, half: HalfStep) -> None:
    if "scores" in half.learns:
        state.network.scores_from_gradients()
        state.optimizers["scores"].step()
    if "weights" in half.learns:
        state.network.weights_from_gradients()
        state.optimizers["weights"].step()
    for group in ("head", "prompt"):
        if group in half.learns:
            state.optimizers[group].step()
    if "scores" in half.learns:
        state.network.update_threshold()
    elif "weights" in half.learns:
        state.network.refresh()


def _clear(state: TrainState) -> None:
    """Remove every gradient: what gets none in this half must not be stepped."""
    for parameter in (*state.prompt.parameters(), *state.network.network.parameters()):
        parameter.grad = None


def _mapped(state: TrainState, logits_BS: Tensor) -> Tensor:
    return logits_BS if state.mapping_T is None else logits_BS[:, state.mapping_T]


@dataclass(frozen=True)
class Evaluation:
    """Accuracy (0 to 1) and mean loss over a feed."""

    accuracy: float
    loss: float
    count: int


def evaluating(
    state: TrainState, feed: Feed, *, prompted: bool, seen: Seen | None = None
) -> Generator[float, None, Evaluation]:
    """Measure a feed in eval mode, with the prompt (in its fixed place) or without; gives way after each batch.

    `seen` takes what is made of each image.

    Yields:
        Share of the batches that is done, 0 to 1.

    Raises:
        EngineError: no image of the feed could be read.
    """
    correct, loss, count, batches = 0, 0.0, 0, len(feed)
    for number, batch in enumerate(feed.batches("evaluate", 0), 1):
        logits_BT = evaluation_logits(state, batch, prompted=prompted)
        correct += int((logits_BT.argmax(1) == batch.y_B).sum())
        loss += float(functional.cross_entropy(logits_BT, batch.y_B, reduction="sum"))
        count += len(batch.y_B)
        if seen is not None:
            seen.add(batch, logits_BT)
        yield number / batches
    if count == 0:
        raise EngineError("none of the images to measure with can be read: check the validation and test images")
    return Evaluation(correct / count, loss / count, count)


def evaluate(state: TrainState, feed: Feed, *, prompted: bool) -> Evaluation:
    """Measure a feed in one go; see `evaluating`."""
    steps = evaluating(state, feed, prompted=prompted)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Evaluation = end.value
            return result


def evaluation_logits(state: TrainState, batch: Batch, *, prompted: bool) -> Tensor:
    """Give the task's logits (B, T) in eval mode; the mode is put back.

    Raises:
        OutOfMemory: a pass does not fit into the device's memory.
    """
    was_training = state.network.training
    try:
        return _mapped(state, source_logits(state, batch, prompted=prompted, fixed=True))
    finally:
        state.network.train(was_training)


@torch.no_grad()
def source_logits(state: TrainState, batch: Batch, *, prompted: bool, fixed: bool) -> Tensor:
    """Put the network in eval mode and give its logits (B, S).

    Args:
        state: what is measured.
        batch: the images; they go through in micro-batches where the state says so.
        prompted: with the prompt.
        fixed: a moving prompt stands in its fixed place; else one place is drawn for the batch.

    Raises:
        OutOfMemory: a pass does not fit into the device's memory.
    """
    state.network.eval()
    place = state.prompt.draw() if prompted and not fixed else None
    logits = []
    for piece, _ in _pieces(state, batch):
        with _guarded(state, piece):
            x = state.prompt(piece.x_BCHW, fixed=fixed, place=place) if prompted else state.normalization(piece.x_BCHW)
            logits.append(state.computing.logits(state.network, x))
    return torch.cat(logits)
