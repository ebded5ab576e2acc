"""One half-step, and one evaluation.

Shapes: B batch, S source classes, T target classes.
"""

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from vpns_engine.errors import EngineError
from vpns_engine.nn.normalization import normalize
from vpns_engine.specs.phase import HalfStep
from vpns_engine.training.feeds import Batch, Feed
from vpns_engine.training.state import HalfResult, TrainState


def half_step(state: TrainState, half: HalfStep, batch: Batch) -> HalfResult:
    """Make one forward and backward pass and step what the half learns (spec section 4)."""
    logits_BT = _task_logits(state, state.prompt(batch.x_BCHW) if half.prompted else normalize(batch.x_BCHW))
    loss = functional.cross_entropy(logits_BT, batch.y_B)
    _clear(state)
    loss.backward()  # type: ignore[no-untyped-call]
    _learn(state, half)
    correct = (logits_BT.detach().argmax(1) == batch.y_B).sum()
    return HalfResult(loss.detach(), logits_BT.detach(), correct, len(batch.y_B))


def _learn(state: TrainState, half: HalfStep) -> None:
    if "scores" in half.learns:
        state.network.scores_from_gradients()
        state.optimizers["scores"].step()
    if "weights" in half.learns:
        state.network.weights_from_gradients()
        state.optimizers["weights"].step()
    if "prompt" in half.learns:
        state.optimizers["prompt"].step()
    if "scores" in half.learns:
        state.network.update_threshold()
    elif "weights" in half.learns:
        state.network.refresh()


def _clear(state: TrainState) -> None:
    """Remove every gradient: what gets none in this half must not be stepped."""
    state.prompt.delta.grad = None
    for parameter in state.network.network.parameters():
        parameter.grad = None


def _task_logits(state: TrainState, x_BCHW: Tensor) -> Tensor:
    logits_BS: Tensor = state.network(x_BCHW)
    return logits_BS if state.mapping_T is None else logits_BS[:, state.mapping_T]


@dataclass(frozen=True)
class Evaluation:
    """Accuracy (0 to 1) and mean loss over a feed."""

    accuracy: float
    loss: float
    count: int


def evaluating(state: TrainState, feed: Feed, *, prompted: bool) -> Generator[float, None, Evaluation]:
    """Measure a feed in eval mode, with the prompt (in its fixed place) or without; gives way after each batch.

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


@torch.no_grad()
def evaluation_logits(state: TrainState, batch: Batch, *, prompted: bool) -> Tensor:
    """Give the task's logits (B, T) in eval mode; the mode is put back."""
    was_training = state.network.training
    state.network.eval()
    x = state.prompt(batch.x_BCHW, fixed=True) if prompted else normalize(batch.x_BCHW)
    logits_BT = _task_logits(state, x)
    state.network.train(was_training)
    return logits_BT
