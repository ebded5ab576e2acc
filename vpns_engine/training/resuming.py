"""What a run that goes on has to know: which events a moment belongs to, and whether it works on what it was begun with."""

from collections.abc import Iterator

import torch

from vpns_engine.errors import EngineError
from vpns_engine.events import Event, Measuring, RunStarted, StepDone
from vpns_engine.training.checkpoint import ResumePoint
from vpns_engine.training.state import Moment


class Told:
    """Counts the events since the last whole moment: each moment is that of the event told right after it."""

    def __init__(self) -> None:
        self._moment: Moment | None = None
        self._since = 0
        """Events told after that of the moment."""
        self._fleeting = 0
        """Events in a row up to now that may not be written down."""
        self._fleeting_then = 0
        self._point: ResumePoint | None = None

    def note(self, event: Event, moment: Moment | None) -> None:
        """Take note of an event that is about to be told, and of the last whole moment."""
        self._since += 1
        self._fleeting = self._fleeting + 1 if isinstance(event, StepDone | Measuring) else 0
        if moment is not None and moment is not self._moment:
            self._moment, self._since, self._fleeting_then, self._point = moment, 0, self._fleeting, None

    def go_on(self, moment: Moment | None, point: ResumePoint) -> None:
        """Take note of a moment that was told of before this run began."""
        self._moment, self._point = moment, point

    def numbers(self, seq: int) -> tuple[int, int]:
        """Give the number of the moment's event, and of the last one up to there that is written down for certain.

        Args:
            seq: number of the last event told.
        """
        if self._point is not None:
            return self._point.at, self._point.told
        return seq - self._since, seq - self._since - self._fleeting_then


def changes(started: RunStarted, point: ResumePoint) -> Iterator[str]:
    """Hold what a run works on now against what it was begun with, and say what may change its last bits.

    Raises:
        EngineError: it is another network, or other images: the run cannot go on as it was.
    """
    before = point.started
    if before is None:
        return
    for what, same in (
        ("network", before.layers == started.layers),
        ("plan", [info.kind for info in before.phases] == [info.kind for info in started.phases]),
        ("classes", before.target_classes == started.target_classes),
        ("source classes", before.source_classes == started.source_classes),
    ):
        if not same:
            raise EngineError(f"the {what} changed since the run was begun: it cannot go on, start it anew")
    counts = [(info.num_train, info.num_validation, info.num_test) for info in (before, started)]
    if counts[0] != counts[1]:
        words = [f"{train} to train, {val} to validate, {test} to test" for train, val, test in counts]
        raise EngineError(f"the images changed since the run was begun: {words[0]} then, {words[1]} now")
    if before.weights_sha256 and before.weights_sha256 != started.weights_sha256:
        raise EngineError("the pre-trained weights changed since the run was begun: it cannot go on, start it anew")
    if before.device != started.device:
        yield f"begun on {before.device}, goes on on {started.device}: the last bits may differ"
    elif (before.precision, before.channels_last) != (started.precision, started.channels_last):
        yield f"begun in {before.precision}, goes on in {started.precision}: the last bits may differ"
    now = str(torch.__version__)
    then = point.checkpoint.about.torch if point.checkpoint is not None else now
    if then != now:
        yield f"begun with torch {then}, goes on with {now}: the last bits may differ"
