"""What predicts: a saved state of a run, or an export."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from vpns_engine.artifacts import FloatArray
from vpns_engine.export.opening import open_export
from vpns_engine.looking import Stage
from vpns_engine.looking.look import Look, look_at_saved
from vpns_engine.predicting import Subject
from vpns_engine.store import RunStore


class RunSubject:
    """A saved state of a run."""

    def __init__(self, name: str, look: Look) -> None:
        self._name = name
        self._look = look

    @property
    def name(self) -> str:
        """The run, and which of its states."""
        return f"{self._name}: {self._look.network_words}"

    @property
    def classes(self) -> tuple[str, ...]:
        """See `Subject`."""
        return self._look.classes

    @property
    def image_size(self) -> int:
        """See `Subject`."""
        return self._look.image_size

    @property
    def has_prompt(self) -> bool:
        """See `Subject`."""
        return self._look.has_prompt

    def read(self, path: Path) -> npt.NDArray[np.uint8]:
        """See `Subject`."""
        return self._look.file(path)

    def predict(self, images_N3SS: npt.NDArray[np.uint8], prompted: bool) -> FloatArray:
        """See `Subject`."""
        return self._look.predict(images_N3SS, self._look.prompt if prompted else None)


def run_subject(folder: Path, *, level: int | None, stage: Stage | None) -> Subject:
    """Open a saved state of a run; see `open_subject`."""
    return RunSubject(folder.resolve().name, look_at_saved(RunStore.open(folder), level=level, stage=stage))


def export_subject(folder: Path) -> Subject:
    """Open an export; see `open_subject`."""
    return open_export(folder)
