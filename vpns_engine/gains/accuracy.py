"""What a pruned network's accuracy is held against: without the prompt, untuned, dense, the control arm; and what is noise."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt
from typing import Literal

import numpy as np

from vpns_engine.errors import EngineError
from vpns_engine.events import Tested
from vpns_engine.gains.states import State
from vpns_engine.history import RunHistory
from vpns_engine.prediction_files import read_predictions
from vpns_engine.predictions import Predictions, ViewName
from vpns_engine.saved_states import dense_tests
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunLibrary, RunStore
from vpns_engine.summary import STAGE_LABELS, arm_key, family_key, results_of

Of = Literal["dense", "this", "control"]
_RARE = 0.05


@dataclass(frozen=True)
class StateTest:
    """One test of one state; shares from 0 to 1."""

    of: Of
    label: str
    stage: str
    plain: float
    prompted: float | None
    is_reported: bool = False
    """It is the state that the report is about."""
    predictions: Predictions | None = None
    """What it made of each image; None where that was not written down."""


@dataclass(frozen=True)
class Difference:
    """An accuracy minus another one, as shares, with the standard error."""

    value: float
    error: float | None
    """None where the number of images is not known."""
    gained: int | None = None
    """Images that only the first gets right; None where the two were not compared image by image."""
    lost: int | None = None
    """Images that only the second gets right."""

    @property
    def is_noise(self) -> bool:
        """Tell whether chance alone makes such a difference often.

        Compared image by image, an exact sign test of the images that only one of them gets right says so (McNemar's test; p of
        5 % or more); else it is a difference below twice its standard error.
        """
        if self.gained is not None and self.lost is not None:
            return sign_test(self.gained, self.lost) >= _RARE
        return self.error is None or abs(self.value) <= 2 * self.error


@dataclass(frozen=True)
class Accuracy:
    """All tests that belong to a state, and how many images each read."""

    num_test: int
    tests: tuple[StateTest, ...]
    control_run: str = ""
    """Folder name of the control arm with the same settings and seed; empty where none was run."""
    why_no_control: str = ""

    def test(self, of: Of, stage: str) -> StateTest | None:
        """Find a test."""
        return next((test for test in self.tests if (test.of, test.stage) == (of, stage)), None)

    @property
    def reported(self) -> StateTest | None:
        """The test of the state that the report is about; None where it was not tested."""
        return next((test for test in self.tests if test.is_reported), None)

    @property
    def dense(self) -> StateTest | None:
        """The dense reference: tuned where it was, else mapped only."""
        return self.test("dense", "finetune") or self.test("dense", "map")

    def error(self, share: float) -> float | None:
        """Give the binomial standard error of an accuracy, as a share; None where the number of images is not known."""
        return sqrt(share * (1 - share) / self.num_test) if self.num_test else None

    def difference(self, first: StateTest, view: ViewName, second: StateTest, other: ViewName) -> Difference | None:
        """Take one accuracy from another; None where one was not measured.

        Image by image where both wrote down what they made of each: then images that both get right or wrong say nothing.
        Else as if each had been measured on images of its own, which makes the error too large as a rule.
        """
        one, two = _share(first, view), _share(second, other)
        if one is None or two is None:
            return None
        return _paired(first, view, second, other) or Difference(one - two, self._apart(one, two))

    def _apart(self, one: float, two: float) -> float | None:
        errors = [error for share in (one, two) if (error := self.error(share)) is not None]
        return sqrt(sum(error**2 for error in errors)) if len(errors) == 2 else None


def sign_test(gained: int, lost: int) -> float:
    """Give how often a fair coin falls at least as unevenly, to either side: the exact two-sided p of McNemar's test."""
    count = gained + lost
    ways = (lgamma(count + 1) - lgamma(k + 1) - lgamma(count - k + 1) for k in range(min(gained, lost) + 1))
    return min(1.0, 2 * sum(exp(way - count * log(2)) for way in ways))


def _share(test: StateTest, view: ViewName) -> float | None:
    return test.plain if view == "plain" else test.prompted


def _paired(first: StateTest, view: ViewName, second: StateTest, other: ViewName) -> Difference | None:
    one, two = first.predictions, second.predictions
    if one is None or two is None or view not in one.views or other not in two.views:
        return None
    if not (np.array_equal(one.ids_N, two.ids_N) and np.array_equal(one.labels_N, two.labels_N)):
        return None
    right, beside = one.correct_N(view), two.correct_N(other)
    gained, lost, count = int((right & ~beside).sum()), int((~right & beside).sum()), len(one)
    value = (gained - lost) / count
    return Difference(value, sqrt(max(0.0, (gained + lost) / count - value**2) / count), gained, lost)


def accuracy_of(store: RunStore, history: RunHistory, state: State) -> Accuracy:
    """Put together what was tested of a state's level, of the dense network, and of the control arm in the same folder."""
    control, run, why = _control(store, state)
    num_test = history.started.num_test if history.started is not None else 0
    own = [_test(store, "this", f"Pruned, {label.lower()}", tested) for label, tested in _own(history, state)]
    reported = [StateTest(**(vars(test) | {"is_reported": test.stage == state.stage})) for test in own]
    return Accuracy(num_test, (*_dense(store, history), *reported, *control), run, why)


def _own(history: RunHistory, state: State) -> Iterator[tuple[str, Tested]]:
    for stage, label in STAGE_LABELS.items():
        if (tested := history.levels[state.level].test(stage)) is not None:
            yield label, tested


def _dense(store: RunStore, history: RunHistory) -> Iterator[StateTest]:
    for label, tested in dense_tests(history):
        where = _beside(store, tested.taken_from) if tested.taken_from else store
        yield _test(where, "dense", label, tested)


def _beside(store: RunStore, name: str) -> RunStore | None:
    """Open another run of the same folder."""
    folder = store.folder.parent / name
    if folder.parent != store.folder.parent:  # a name that is a path
        return None
    with suppress(EngineError):
        return RunStore.open(folder)
    return None


def _test(store: RunStore | None, of: Of, label: str, tested: Tested) -> StateTest:
    found: Predictions | None = None
    if store is not None and tested.predictions_path:
        with suppress(EngineError):  # whoever shows them says what is damaged
            found = read_predictions(store.path(tested.predictions_path))
    return StateTest(of, label, tested.stage, tested.accuracy, tested.accuracy_prompted, predictions=found)


def _control(store: RunStore, state: State) -> tuple[list[StateTest], str, str]:
    """Find the control arm's tests at the same density, and its run; else say why there are none."""
    if store.config.is_control:
        return [], "", "this run is the control arm itself"
    wanted = family_key(store.config)
    for folder in RunLibrary(store.folder.parent).runs():
        with suppress(EngineError):
            other = RunStore.open(folder)
            if not _may_be_control(other.config, store.config, state.density) or arm_key(other.config) != wanted:
                continue
            tests = results_of(other).levels.get(state.density, {})
            labels = {stage: f"Control arm, {label.lower()}" for stage, label in STAGE_LABELS.items()}
            if found := [_test(other, "control", labels[stage], tested) for stage, tested in tests.items()]:
                return found, folder.name, ""
    return [], "", f"no run of the control arm with these settings and seed {store.config.seed} stands beside this run"


def _may_be_control(config: RunConfig, own: RunConfig, density: float) -> bool:
    """Look at what is cheap to compare first."""
    return config.is_control and config.seed == own.seed and density in config.mask.densities
