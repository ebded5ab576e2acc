"""Several runs together: mean and spread over the seeds, and the difference to the control arm, seed by seed."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from vpns_engine.catalogue import labels
from vpns_engine.errors import EngineError
from vpns_engine.events import Tested
from vpns_engine.history import LevelHistory, RunHistory
from vpns_engine.levels import level_digest, level_is_measured
from vpns_engine.saved_states import DENSE_LABELS, TUNING_LABELS
from vpns_engine.specs.data import DATASET_LABELS
from vpns_engine.specs.method import METHOD_LABELS
from vpns_engine.specs.run import RunConfig
from vpns_engine.specs.sweep import control_of
from vpns_engine.store import RunLibrary, RunStore
from vpns_engine.words import sparsity_of

STAGE_LABELS = {"search": TUNING_LABELS["untuned"], "finetune": TUNING_LABELS["tuned"]}

NOTE = (
    "Test accuracy: mean ± sample standard deviation over the seeds. Gain over control: the difference to the control arm, "
    "which has no prompt, taken seed by seed."
)


@dataclass(frozen=True)
class Spread:
    """Mean of a few shares (0 to 1), and their sample standard deviation; that is None where there is one only."""

    mean: float
    deviation: float | None
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread | None":
        """Sum up values; None where there is none."""
        count = len(values)
        if count == 0:
            return None
        mean = sum(values) / count
        deviation = sqrt(sum((value - mean) ** 2 for value in values) / (count - 1)) if count > 1 else None
        return cls(mean, deviation, count)

    def text(self, *, signed: bool = False) -> str:
        """Write it in percent: `97.52 ± 0.31`."""
        spread = "" if self.deviation is None else f" ± {self.deviation * 100:.2f}"
        return f"{self.mean * 100:{'+' if signed else ''}.2f}{spread}"


@dataclass(frozen=True)
class Line:
    """One state of one level, over its seeds. `density` is None for the dense reference."""

    density: float | None
    arm: str
    state: str
    seeds: tuple[int, ...]
    plain: Spread
    prompted: Spread | None = None
    gain: Spread | None = None
    """Without the prompt, minus the control arm; None where that is not there, or is this one."""
    gain_prompted: Spread | None = None
    """The same for the accuracy with the prompt."""

    @property
    def cells(self) -> tuple[str, ...]:
        """Write the line, in the order of `COLUMNS`; accuracies in percent."""
        return (
            sparsity_of(1.0 if self.density is None else self.density),
            self.arm,
            self.state,
            ", ".join(map(str, self.seeds)),
            self.plain.text(),
            self.prompted.text() if self.prompted else "-",
            _gain(self.gain, self.seeds),
            _gain(self.gain_prompted, self.seeds),
        )


COLUMNS = (
    "Sparsity",
    "Method",
    "State",
    "Seeds",
    "Test %",
    "with prompt %",
    "gain over control",
    "with prompt",
)


def _gain(found: Spread | None, seeds: Sequence[int]) -> str:
    if found is None:
        return "-"
    pairs = "" if found.count == len(seeds) else f" ({found.count} of {len(seeds)} seeds)"
    return found.text(signed=True) + pairs


@dataclass(frozen=True)
class Family:
    """Runs that can be compared: all their settings are the same but the seed, the method, the prompt and the sparsities."""

    key: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class RunResults:
    """What one run measured to its end: the tests of its whole levels by density, and of the dense reference, by stage."""

    folder: Path
    config: RunConfig
    levels: Mapping[float, Mapping[str, Tested]]
    dense: Mapping[str, Tested]


def family_key(config: RunConfig) -> str:
    """Name what a run has in common with those it can be compared with."""
    return arm_key(control_of(config))


def arm_key(config: RunConfig) -> str:
    """Name a run by everything but its seed and its sparsities."""
    return level_digest(config.model_copy(update={"seed": 0}), 0.0)


def collect(runs: Path) -> list[RunResults]:
    """Read what the runs of a folder measured, newest first; a run that cannot be read is left out."""
    found = []
    for folder in RunLibrary(runs).runs():
        with suppress(EngineError):
            found.append(results_of(RunStore.open(folder)))
    return found


def results_of(store: RunStore) -> RunResults:
    """Read what a run measured.

    Raises:
        EngineError: its events cannot be read.
    """
    return results_in(store, store.read(steps=False).history)


def results_in(store: RunStore, history: RunHistory) -> RunResults:
    """Take from a run's history what it measured."""
    levels = {
        level.density: _tests(level, STAGE_LABELS)
        for number, level in history.levels.items()
        if level_is_measured(store.config, history, number)
    }
    dense = _tests(history.dense, DENSE_LABELS) if history.dense is not None else {}
    return RunResults(store.folder, store.config, levels, dense)


def _tests(level: LevelHistory, stages: Iterable[str]) -> dict[str, Tested]:
    tests = {stage: level.test(stage) for stage in stages}
    return {stage: tested for stage, tested in tests.items() if tested is not None}


def families(results: Iterable[RunResults]) -> tuple[Family, ...]:
    """Group runs and sum them up; of runs that are the same the first is taken, so the newest comes first."""
    groups: dict[str, list[RunResults]] = {}
    for result in results:
        groups.setdefault(family_key(result.config), []).append(result)
    made = (Family(key, title_of(group[0].config), _lines(group)) for key, group in groups.items())
    return tuple(family for family in made if family.lines)


def title_of(config: RunConfig) -> str:
    """Say what the runs of a family have in common."""
    data, epochs = config.data, f"{config.search_epochs} + {config.finetune_epochs} epochs"
    name = Path(data.folder).name if data.dataset == "folder" else DATASET_LABELS[data.dataset]
    parts = [
        f"{labels()[config.model.architecture]} on {name}",
        f"{data.image_size} px on a canvas of {config.prompt.canvas} px",
        f"a saved state and {config.finetune_epochs} epochs" if config.start_from else epochs,
        f"protocol {data.protocol}",
    ]
    if config.model.weights != "pretrained":
        parts.append("random weights" if config.model.weights == "none" else f"weights {Path(config.model.weights_file).name}")
    if config.mapping.kind != "flm":
        parts.append(f"label mapping {config.mapping.kind}")
    return ", ".join(parts)


_Cell = tuple[float, str]
"""Density and stage."""
_Arm = dict[_Cell, dict[int, Tested]]
"""The tests of one arm, by seed."""


def _lines(group: Sequence[RunResults]) -> tuple[Line, ...]:
    arms: dict[str, _Arm] = {}
    names: dict[str, str] = {}
    for result in group:
        key = arm_key(result.config)
        names.setdefault(key, arm_name(result.config))
        arm = arms.setdefault(key, {})
        for density, tests in result.levels.items():
            for stage, tested in tests.items():
                arm.setdefault((density, stage), {}).setdefault(result.config.seed, tested)
    control = arms.get(family_key(group[0].config), {})
    order = sorted(arms, key=lambda key: (arms[key] is control, names[key]))
    cells = sorted({cell for arm in arms.values() for cell in arm}, key=lambda cell: (-cell[0], cell[1] != "search"))
    levels = (_line(cell, names[key], arms[key], control) for cell in cells for key in order if cell in arms[key])
    return (*_dense_lines(group), *levels)


def arm_name(config: RunConfig) -> str:
    """Name an arm: its method, and the prompt it learns."""
    if config.is_control:
        return METHOD_LABELS["control"]
    prompt = config.effective_prompt
    kind = prompt.kind.removesuffix("_rank")  # the size says it
    return METHOD_LABELS[config.method] + (f", {kind} {prompt.size}".rstrip() if prompt.learns else "")


def _line(cell: _Cell, name: str, arm: _Arm, control: _Arm) -> Line:
    tests = arm[cell]
    beside = control.get(cell, {}) if arm is not control else {}
    seeds = tuple(sorted(tests))
    pairs = [(tests[seed], beside[seed]) for seed in seeds if seed in beside]
    plain = Spread.of([tests[seed].accuracy for seed in seeds])
    assert plain is not None  # a cell has one seed at least
    prompted = [found for seed in seeds if (found := tests[seed].accuracy_prompted) is not None]
    gains = [own.accuracy_prompted - other.accuracy for own, other in pairs if own.accuracy_prompted is not None]
    return Line(
        density=cell[0],
        arm=name,
        state=STAGE_LABELS[cell[1]],
        seeds=seeds,
        plain=plain,
        prompted=Spread.of(prompted),
        gain=Spread.of([own.accuracy - other.accuracy for own, other in pairs]),
        gain_prompted=Spread.of(gains),
    )


def _dense_lines(group: Sequence[RunResults]) -> Iterable[Line]:
    for stage, label in DENSE_LABELS.items():
        tests: dict[int, Tested] = {}
        for result in group:
            if stage in result.dense:
                tests.setdefault(result.config.seed, result.dense[stage])
        seeds = tuple(sorted(tests))
        if plain := Spread.of([tests[seed].accuracy for seed in seeds]):
            yield Line(None, "-", label, seeds, plain)
