"""Looking at what a run's networks make of images. Importing this loads no torch; opening a look does."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from vpns_engine.errors import EngineError
from vpns_engine.events import LevelSaved
from vpns_engine.predictions import Predictions
from vpns_engine.store import RunStore

if TYPE_CHECKING:
    from vpns_engine.looking.look import Look

Report = Callable[[str, float | None], None]
Stage = Literal["search", "finetune"]


class LookCancelled(EngineError):  # noqa: N818 - what happened, not what went wrong
    """The person has called it off."""

    def __init__(self) -> None:
        super().__init__("cancelled")


def silent(_text: str, _done: float | None) -> None:
    """Take a report and tell nobody."""


def never() -> bool:
    """Say that nobody calls it off."""
    return False


def open_look(store: RunStore, *, level: int | None = None, stage: Stage | None = None, masks_path: str = "") -> "Look":
    """Open the network of a saved state, without its images: those are read when they are asked for.

    A run keeps whole networks of its saved states only (the end of a search, the chosen epoch of a tuning). What another
    epoch's prompt does can be looked at with such a network; `Look.network_words` says which one it is.

    Args:
        store: the run.
        level: which density, from 0; the last saved one by default.
        stage: `search` or `finetune`; the level's last by default.
        masks_path: take the mask of this epoch of the search instead (`EpochEnded.masks_path`). It is that epoch's network but
            for the statistics of batch-norm, which were kept at the end of the search only; and only of methods whose search
            leaves the weights as they are.

    Raises:
        EngineError: nothing is saved, a file is missing or damaged, or the mask is none of such a search.
    """
    from vpns_engine.looking.look import look_at_saved

    return look_at_saved(store, level=level, stage=stage, masks_path=masks_path)


def open_dense(store: RunStore, report: Report = silent) -> "Look":
    """Open the dense reference as it was mapped: the pre-trained network whole, its weights read or downloaded again.

    Raises:
        EngineError: the run has not mapped it (it may be another run's), or the weights cannot be had, or are others now.
    """
    from vpns_engine.looking.look import look_at_dense

    return look_at_dense(store, report)


def examine(
    store: RunStore,
    state: LevelSaved | Literal["dense"],
    report: Report = silent,
    cancelled: Callable[[], bool] = never,
) -> Predictions:
    """Read the test images once more, with and without the prompt, for a run that has not kept what it made of them.

    What is found is written into the run, unless somebody works on it; then it is only given back. Takes about as long as a
    test of the run does on the CPU.

    Args:
        store: the run.
        state: one of its saved states, or its dense reference, mapped (the tuned one is not kept).
        report: told how far it is.
        cancelled: asked after each batch.

    Raises:
        LookCancelled: it is not wanted any more; nothing is written.
        EngineError: network or images cannot be read, or the result cannot be written.
    """
    from vpns_engine.looking.examine import examine_state

    return examine_state(store, state, report, cancelled)
