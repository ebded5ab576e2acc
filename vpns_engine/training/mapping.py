"""Finding the label mapping of a level, at its start and (ILM) at each epoch anew.

Shapes: B batch, S source classes, T target classes.
"""

import time
from collections.abc import Generator, Iterator

import torch
from torch import Tensor

from vpns_engine.errors import EngineError
from vpns_engine.events import Event, LabelsMapped, Measuring, StepDone
from vpns_engine.nn.mappings import count_predictions, draw_sources, most_frequent
from vpns_engine.specs.phase import Finetune, MapLabels, Search
from vpns_engine.training.feeds import Batch
from vpns_engine.training.place import Place
from vpns_engine.training.randomness import key_of
from vpns_engine.training.state import TrainState
from vpns_engine.training.steps import source_logits


def map_labels(index: int, phase: MapLabels, state: TrainState) -> Iterator[Event]:
    """Find the mapping that a level starts with."""
    if phase.rule == "rlm":
        # drawn from the seed alone: the same for each level, whatever levels a run has
        sources_T = draw_sources(state.num_source, state.num_target, key_of(state.seed, "random mapping"))
        _take(state, sources_T, ())
    else:
        state.mapping_T = None
        for step in _find(phase, state, "map", 1):
            yield StepDone(phase=index, epoch=1, step=step, losses=(), accuracies=())
    yield labels_mapped(index, phase.level, state, 0)


def remap(index: int, phase: Search | Finetune, state: TrainState, here: Place) -> Generator[Event, None, Place]:
    """Find the mapping anew where the phase asks for it; until it is known the one before stays.

    Returns:
        The place after it.
    """
    if phase.remap is None or here.mapped:
        return here
    began = time.monotonic()
    for step in _find(phase.remap, state, f"map {phase.kind}", here.epoch):
        yield Measuring(phase=index, part="mapping", done=step / len(state.feeds.train))
    here = here.model_copy(update={"mapped": True, "seconds": here.seconds + time.monotonic() - began})
    state.mark(here)
    yield labels_mapped(index, phase.level, state, here.epoch)
    return here


def labels_mapped(index: int, level: int, state: TrainState, epoch: int) -> LabelsMapped:
    """Tell the mapping in force."""
    assert state.mapping_T is not None
    return LabelsMapped(phase=index, level=level, epoch=epoch, sources=tuple(state.mapping_T.tolist()), counts=state.counts)


def _find(phase: MapLabels, state: TrainState, purpose: str, epoch: int) -> Iterator[int]:
    """Count predictions over one pass of the train view, masked network in eval mode, and take what they say (spec section 3).

    Yields:
        Number of batches that are done.
    """
    counts_ST = torch.zeros(state.num_source, state.num_target, dtype=torch.int64)
    for step, batch in enumerate(state.feeds.train.batches(purpose, epoch), 1):
        counts_ST += count_predictions(_predicted(phase, state, batch), batch.y_B, state.num_source, state.num_target).cpu()
        yield step
    if not counts_ST.any():
        raise EngineError("none of the training images can be read")
    _take_most_frequent(state, counts_ST)


def _predicted(phase: MapLabels, state: TrainState, batch: Batch) -> Tensor:
    return source_logits(state, batch, prompted=phase.prompted, fixed=False).argmax(1)


def _take_most_frequent(state: TrainState, counts_ST: Tensor) -> None:
    sources_T = most_frequent(counts_ST)
    taken_T = counts_ST[sources_T, torch.arange(state.num_target)]
    _take(state, sources_T, tuple(taken_T.tolist()))


def _take(state: TrainState, sources_T: Tensor, counts: tuple[int, ...]) -> None:
    state.mapping_T, state.counts = sources_T.to(state.device), counts
