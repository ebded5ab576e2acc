"""Predicting pictures of one's own with an export or a run. Importing this loads no torch; opening a subject does."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vpns_engine.errors import EngineError
from vpns_engine.looking import Report, Stage, never, silent
from vpns_engine.predicting.pictures import Unreadable, pictures_in
from vpns_engine.predictions import MOST_SHOWN
from vpns_engine.store import is_run

Chances = tuple[tuple[str, float], ...]
"""Classes and how likely they are held to be (0 to 1), the likeliest first."""


@dataclass(frozen=True)
class Prediction:
    """What is made of one picture file."""

    path: Path
    plain: Chances
    """Without the prompt; empty where the file cannot be read."""
    prompted: Chances | None
    """With it; None where there is no prompt, or the file cannot be read."""
    problem: str = ""
    """Why the file cannot be read, in one line; empty where it can."""

    @property
    def changed(self) -> bool:
        """Tell whether the prompt makes another class of it."""
        return bool(self.prompted) and self.prompted is not None and self.prompted[0][0] != self.plain[0][0]


class Subject(Protocol):
    """What predicts: an export, or a saved state of a run."""

    @property
    def name(self) -> str:
        """What it is, for a person."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes it tells apart."""

    @property
    def image_size(self) -> int:
        """Side of the images it takes, px."""

    @property
    def has_prompt(self) -> bool:
        """Tell whether it can predict with a prompt."""

    def read(self, path: Path) -> npt.NDArray[np.uint8]:
        """Read a picture file as the run read its own, uint8 (3, S, S); may be called from several threads.

        Raises:
            EngineError: it is no picture, damaged, or not there.
        """

    def predict(self, images_N3SS: npt.NDArray[np.uint8], prompted: bool) -> npt.NDArray[np.float32]:
        """Give the chances of the classes, shape (N, T).

        Raises:
            EngineError: the network gives what are no numbers, or there is no prompt.
        """


def open_subject(path: Path, *, level: int | None = None, stage: Stage | None = None) -> Subject:
    """Open what predicts: the folder of an export or of a run.

    Args:
        path: the folder.
        level: of a run, which density, from 0; the last saved one by default.
        stage: of a run, `search` or `finetune`; the level's last by default.

    Raises:
        EngineError: it is neither, nothing is saved, or a file is missing or damaged.
    """
    from vpns_engine.predicting.subjects import export_subject, run_subject

    if is_run(path):
        return run_subject(path, level=level, stage=stage)
    if level is not None or stage is not None:
        raise EngineError(f"{path} is no run: an export holds one state, there is no level or stage to choose")
    return export_subject(path)


def predict_folder(
    subject: Subject,
    folder: Path,
    *,
    top: int = MOST_SHOWN,
    recursive: bool = False,
    report: Report = silent,
    cancelled: Callable[[], bool] = never,
) -> Iterator[Prediction]:
    """Predict the pictures of a folder (or one picture file) in the order of their names, each as soon as it is known.

    No more than a few batches are in memory, however many files there are. Files that cannot be read come with their problem.

    Args:
        subject: what predicts.
        folder: where the pictures are; what is none by its name is passed over.
        top: how many classes are given of each.
        recursive: folders within it as well.
        report: told how far it is.
        cancelled: asked after each picture; then the predictions end, and those given so far stand.

    Raises:
        EngineError: the folder is not there or has no pictures, or the network cannot predict.
    """
    report("Looking for pictures", None)
    return predict_pictures(subject, pictures_in(folder, recursive=recursive), top=top, report=report, cancelled=cancelled)


def predict_pictures(
    subject: Subject,
    paths: Sequence[Path | Unreadable],
    *,
    top: int = MOST_SHOWN,
    report: Report = silent,
    cancelled: Callable[[], bool] = never,
) -> Iterator[Prediction]:
    """Predict picture files in their order; see `predict_folder`.

    Raises:
        EngineError: the network cannot predict.
    """
    from vpns_engine.predicting.stream import predicted

    return predicted(subject, paths, top=top, report=report, cancelled=cancelled)
