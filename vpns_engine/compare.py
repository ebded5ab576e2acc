"""Chosen runs side by side: what each told, and what they measured together, arm by arm, with every run by its name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vpns_engine.catalogue import labels
from vpns_engine.csv_files import Cell
from vpns_engine.differences import arm_labels, run_labels
from vpns_engine.errors import EngineError
from vpns_engine.events import Tested
from vpns_engine.history import RunHistory
from vpns_engine.published import DENSE_METHOD, MAIN_STUDIES, OUR_NAMES, PROTOCOL, PublishedLine, PublishedPoint, published
from vpns_engine.saved_states import DENSE_LABELS, dense_tests
from vpns_engine.specs.data import DATASET_LABELS, Dataset
from vpns_engine.specs.method import METHOD_LABELS, MethodName
from vpns_engine.specs.run import RunConfig
from vpns_engine.specs.sweep import control_of
from vpns_engine.store import RunStore
from vpns_engine.summary import STAGE_LABELS, RunResults, Spread, arm_key, family_key, results_in
from vpns_engine.words import sparsity_of

Stage = Literal["search", "finetune", "map"]
"""Which state was tested: the mask found and untuned, tuned; of the dense network its labels mapped, or tuned."""

_STAMP = len("2026-11-20T10-12-33")
_DENSE = "dense "
_SAME = 1e-9
"""Densities that differ by less are one: 1 - 0.9 is not 0.1."""
_METHODS = list(METHOD_LABELS)


@dataclass(frozen=True)
class ReadRun:
    """A run with all that is drawn of it."""

    folder: Path
    config: RunConfig
    history: RunHistory
    results: RunResults


@dataclass(frozen=True)
class Measured:
    """What one run measured of one state; shares from 0 to 1."""

    seed: int
    run: str
    """Name of the run's folder."""
    plain: float
    prompted: float | None


@dataclass(frozen=True)
class Point:
    """One state of one density, over the seeds."""

    density: float
    measured: tuple[Measured, ...]

    @property
    def plain(self) -> Spread:
        """Without the prompt."""
        found = Spread.of([one.plain for one in self.measured])
        assert found is not None  # a point has one run at least
        return found

    @property
    def prompted(self) -> Spread | None:
        """With the prompt; None where there is none."""
        return Spread.of([one.prompted for one in self.measured if one.prompted is not None])


@dataclass(frozen=True)
class Arm:
    """Runs that differ in seed and sparsities only, in one state; points by falling density."""

    key: str
    label: str
    config: RunConfig
    """Of one of them."""
    stage: Stage
    points: tuple[Point, ...]

    @property
    def state(self) -> str:
        """The state in words."""
        return (DENSE_LABELS if self.is_dense else STAGE_LABELS)[self.stage]

    @property
    def is_dense(self) -> bool:
        """Tell the dense reference from the levels."""
        return self.key.startswith(_DENSE)


@dataclass(frozen=True)
class Comparison:
    """All that is drawn of several runs."""

    runs: tuple[ReadRun, ...]
    labels: tuple[str, ...]
    """What each run differs in from the others."""
    arms: tuple[Arm, ...]
    dense: tuple[Arm, ...]
    published: tuple[tuple[str, PublishedLine], ...]
    """What was published of the same networks and data sets; each with the name of network and data set."""


def read_run(folder: Path) -> ReadRun:
    """Read a run; its iterations are passed over.

    Raises:
        EngineError: it cannot be read.
    """
    store = RunStore.open(folder)
    history = store.read(steps=False).history
    return ReadRun(store.folder, store.config, history, results_in(store, history))


def read_runs(folders: Iterable[Path]) -> tuple[list[ReadRun], list[str]]:
    """Read several runs; gives those that can be read, and why the others cannot."""
    found: list[ReadRun] = []
    refused: list[str] = []
    for folder in folders:
        try:
            found.append(read_run(folder))
        except EngineError as error:
            refused.append(str(error))
    return found, refused


def compare(runs: Sequence[ReadRun]) -> Comparison:
    """Put runs together. Of runs that are the same, seed and all, the one that is listed first counts."""
    places = dict.fromkeys((run.config.model.architecture, run.config.data.dataset) for run in runs)
    lines = tuple((_place(*place), line) for place in places for line in published(*place))
    return Comparison(tuple(runs), _distinct(runs), _arms(runs), _dense(runs), lines)


def _place(architecture: str, dataset: Dataset) -> str:
    return f"{labels()[architecture]} on {DATASET_LABELS[dataset]}"


def _distinct(runs: Sequence[ReadRun]) -> tuple[str, ...]:
    """Name runs by what differs; those that do not differ by when they began as well."""
    found = run_labels([run.config for run in runs])
    alike = {text for text in found if found.count(text) > 1}
    began = [f"{text}, {run.folder.name[:_STAMP]}" if text in alike else text for text, run in zip(found, runs, strict=True)]
    twice = {text for text in began if began.count(text) > 1}
    return tuple(run.folder.name if text in twice else text for text, run in zip(began, runs, strict=True))


_Cells = dict[tuple[Stage, float], dict[int, Measured]]
"""What an arm measured, by stage and density, then by seed."""


def _arms(runs: Sequence[ReadRun]) -> tuple[Arm, ...]:
    cells: dict[str, _Cells] = {}
    configs: dict[str, RunConfig] = {}
    for run in runs:
        key = arm_key(run.config)
        configs.setdefault(key, run.config)
        own = cells.setdefault(key, {})
        for density, tests in run.results.levels.items():
            for stage in STAGE_LABELS:
                if (tested := tests.get(stage)) is not None:
                    _add(own, (_stage(stage), density), run.config.seed, run.folder.name, tested)
    made = _made(cells, configs, arm_labels(list(configs.values())))
    return tuple(sorted(made, key=lambda arm: (_METHODS.index(_method(arm.config)), arm.label)))


def _method(config: RunConfig) -> MethodName:
    return "control" if config.is_control else config.method


def _dense(runs: Sequence[ReadRun]) -> tuple[Arm, ...]:
    """Give the dense references: one for each group of runs that can be compared, in each state that was tested."""
    cells: dict[str, _Cells] = {}
    configs: dict[str, RunConfig] = {}
    for run in runs:
        key = _DENSE + family_key(run.config)
        configs.setdefault(key, run.config)
        own = cells.setdefault(key, {})
        for _, tested in dense_tests(run.history):
            _add(own, (_stage(tested.stage), 1.0), run.config.seed, tested.taken_from or run.folder.name, tested)
    families = arm_labels([control_of(config) for config in configs.values()]) if len(configs) > 1 else [""] * len(configs)
    told = [text.partition(", ")[2] for text in families]
    return _made(cells, configs, told)


def _stage(name: str) -> Stage:
    match name:
        case "search" | "finetune" | "map":
            return name
        case _:
            raise ValueError(f"no state is tested after {name}")


def _add(cells: _Cells, cell: tuple[Stage, float], seed: int, run: str, tested: Tested) -> None:
    cells.setdefault(cell, {}).setdefault(seed, Measured(seed, run, tested.accuracy, tested.accuracy_prompted))


def _made(cells: dict[str, _Cells], configs: dict[str, RunConfig], told: Sequence[str]) -> tuple[Arm, ...]:
    found = []
    for (key, own), label in zip(cells.items(), told, strict=True):
        for stage in dict.fromkeys(stage for stage, _ in own):
            points = [
                Point(density, tuple(one for _, one in sorted(seeds.items())))
                for (of, density), seeds in own.items()
                if of == stage
            ]
            points.sort(key=lambda point: -point.density)
            found.append(Arm(key, label, configs[key], stage, tuple(points)))
    return tuple(found)


COLUMNS = ("Sparsity", "Method", "State", "Seeds", "Test %", "with prompt %", "Published %")
"""Columns of `cells_of`."""


def cells_of(comparison: Comparison) -> list[tuple[str, ...]]:
    """Give the accuracies as a table to read: the dense references, then level by level, the published ones beside them."""
    cells = [(point, arm) for arm in comparison.arms for point in arm.points]
    cells.sort(key=lambda cell: (-cell[0].density, cell[1].stage != "search"))
    dense = [(point, arm) for arm in comparison.dense for point in arm.points]
    return [_cells(comparison, point, arm) for point, arm in (*dense, *cells)]


def _cells(comparison: Comparison, point: Point, arm: Arm) -> tuple[str, ...]:
    beside = published_beside(comparison, arm, point.density)
    return (
        sparsity_of(point.density),
        arm.label or "-",
        arm.state,
        ", ".join(str(one.seed) for one in point.measured),
        point.plain.text(),
        point.prompted.text() if point.prompted else "-",
        Spread(beside.accuracy, beside.deviation, beside.seeds).text() if beside else "-",
    )


def published_beside(comparison: Comparison, arm: Arm, density: float) -> PublishedPoint | None:
    """Give what was published of the same method, network, data set and sparsity, tuned and without the prompt."""
    model, data = arm.config.model, arm.config.data
    wanted = DENSE_METHOD if arm.is_dense else next((name for name, own in OUR_NAMES.items() if own == _method(arm.config)), "")
    place = _place(model.architecture, data.dataset)
    points = [
        point
        for where, line in comparison.published
        if where == place and line.study in MAIN_STUDIES and line.method == wanted and arm.stage == "finetune"
        for point in line.points
    ]
    return next((point for point in points if abs(1 - point.sparsity - density) < _SAME), None)


HEADER = (
    "architecture", "data set", "protocol", "arm", "state", "sparsity %", "seeds", "number",
    "accuracy % without prompt", "deviation", "accuracy % with prompt", "deviation with prompt", "runs",
)  # fmt: skip
"""Columns of `rows_of`."""


def rows_of(comparison: Comparison, *, with_published: bool = True) -> list[tuple[Cell, ...]]:
    """Give all accuracies of a comparison as a table of numbers, the published ones last; percent, full precision."""
    own = [_row(arm, point) for arm in (*comparison.dense, *comparison.arms) for point in arm.points]
    return own + (_published_rows(comparison) if with_published else [])


def _row(arm: Arm, point: Point) -> tuple[Cell, ...]:
    config = arm.config
    return (
        labels()[config.model.architecture],
        DATASET_LABELS[config.data.dataset],
        config.data.protocol,
        arm.label,
        arm.state,
        _percent(1 - point.density),
        " ".join(str(one.seed) for one in point.measured),
        len(point.measured),
        *_numbers(point.plain),
        *_numbers(point.prompted),
        " ".join(one.run for one in point.measured),
    )


def _published_rows(comparison: Comparison) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for place, line in comparison.published:
        network, _, data = place.partition(" on ")
        for point in line.points:
            spread = Spread(point.accuracy, point.deviation, point.seeds)
            values = (*(None, None), *_numbers(spread)) if line.prompted else (*_numbers(spread), None, None)
            state = f"published: {line.study}"
            told = (network, data, PROTOCOL, line.method, state, _percent(point.sparsity), None, point.seeds)
            rows.append((*told, *values, line.where))
    return rows


def _numbers(spread: Spread | None) -> tuple[Cell, Cell]:
    if spread is None:
        return None, None
    return _percent(spread.mean), None if spread.deviation is None else _percent(spread.deviation)


def _percent(share: float) -> float:
    return round(share * 100, 10)  # 0.1 and 1 - 0.9 are one sparsity
