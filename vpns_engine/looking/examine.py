"""Reads the test images of a finished run once more, and keeps what its network makes of each."""

from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from vpns_engine.errors import EngineError
from vpns_engine.events import LevelSaved
from vpns_engine.kept_predictions import EXAMINED, event_of, predictions_file
from vpns_engine.looking import LookCancelled, Report
from vpns_engine.looking.look import Look, look_at_dense, look_at_saved
from vpns_engine.prediction_files import write_predictions
from vpns_engine.predictions import Predictions
from vpns_engine.specs.phase import DENSE, PhaseKind
from vpns_engine.store import RunIsHeld, RunStore
from vpns_engine.training.feeds import ImageFeed
from vpns_engine.training.images import CPU
from vpns_engine.training.seen import Seen, together

_MAPPED: PhaseKind = "map"


def examine_state(
    store: RunStore, state: LevelSaved | Literal["dense"], report: Report, cancelled: Callable[[], bool]
) -> Predictions:
    """See `looking.examine`."""
    report("Opening the network", None)
    with look_at_dense(store, report) if state == "dense" else look_at_saved(store, saved=state) as look:
        found = _predictions(look, report, cancelled)
        num_classes = len(look.classes)
    _keep(store, state, found, num_classes)
    return found


def _predictions(look: Look, report: Report, cancelled: Callable[[], bool]) -> Predictions:
    seen = {"plain": Seen()} | ({"prompted": Seen()} if look.prompt is not None else {})
    feed, images = feed_of(look), 0
    report("Reading the test images", 0.0)
    for number, batch in enumerate(feed.batches("evaluate", 0), 1):
        if cancelled():
            raise LookCancelled
        seen["plain"].add(batch, look.logits(batch.x_BCHW))
        if look.prompt is not None:
            seen["prompted"].add(batch, look.logits(look.prompted(batch.x_BCHW, look.prompt)))
        images += len(batch.y_B)
        report("Reading the test images", number / len(feed))
    if not images:
        raise EngineError("none of the test images can be read")
    return together(seen["plain"], seen.get("prompted"))


def feed_of(look: Look) -> ImageFeed:
    """Give the run's test images in its own batches: the last bits may depend on them."""
    config = look.config
    return ImageFeed(
        source=look.images.source,
        part=look.images.part("test"),
        data=config.data,
        device=CPU,
        seed=config.seed,
        name="test",
        augmented=False,
        shuffled=False,
    )


def _keep(store: RunStore, state: LevelSaved | Literal["dense"], found: Predictions, num_classes: int) -> None:
    """Write the predictions into the run, unless somebody works on it or it has gone on meanwhile."""
    with suppress(RunIsHeld), store.writing():
        history = store.read(steps=False).history
        if store.read_info().is_worked_on:
            return
        if state == "dense":
            level, stage, density = DENSE, _MAPPED, 1.0
        else:
            info = history.phases[state.phase].info
            level, stage, density = state.level, info.kind, info.density
        made_by = event_of(history, level, stage)
        if made_by is not None and (state == "dense" or made_by == state.seq):
            path = store.path(predictions_file(store, level, density, stage))
            write_predictions(path, found, num_classes, {"stage": stage, EXAMINED: made_by})
