"""Which levels are done already, recognised by the digest of all that determines a level's result."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from vpns_engine.artifacts import read_state_info
from vpns_engine.datasets import DatasetInfo, describe
from vpns_engine.errors import EngineError
from vpns_engine.events import LevelSaved, Tested
from vpns_engine.files import expanded
from vpns_engine.history import RunHistory
from vpns_engine.plan import plan
from vpns_engine.specs.phase import DENSE, Finetune, Search
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunLibrary, RunStore
from vpns_engine.words import sparsity_of

TO_DO = "to do"
"""How a configuration stands of which nothing is done."""
_ELSEWHERE = {"name": True, "method": True, "prompt": True, "optim": True, "dense": True}
"""What of a configuration is looked at by itself."""


def level_digest(config: RunConfig, density: float) -> str:
    """Name all that determines a level's result: not the run's name, where data stand, nor the other levels."""
    return _digest(what_determines(config) | {"density": density})


def what_determines(config: RunConfig) -> dict[str, Any]:
    """Give the settings that determine a level's result, nested, its density aside."""
    return _common(config) | {
        "method": "control" if config.is_control else config.method,
        "prompt": config.effective_prompt.model_dump(mode="json"),
        "optim": {name: getattr(config.optim, name).model_dump(mode="json") for name in _optimizers(config)},
    }


def dense_digest(config: RunConfig) -> str:
    """Name all that determines the dense reference that is asked for; no prompt, method or sparsity is among it."""
    values = _common(config)
    epochs = values.pop("search_epochs") + values.pop("finetune_epochs")
    if config.dense == "tuned":
        values |= {"epochs": epochs, "weights": config.optim.weights.model_dump(mode="json")}
    return _digest(values)


def run_digest(config: RunConfig) -> str:
    """Name all that determines the results of a whole run, so that two runs that would do the same can be told."""
    levels = [level_digest(config, density) for density in config.mask.densities]
    return _digest({"levels": levels, "dense": config.dense, "reference": dense_digest(config)})


def _common(config: RunConfig) -> dict[str, Any]:
    left_out: Any = {**_ELSEWHERE, "data": {"root"}, "mask": {"sparsities"}}
    return config.model_dump(mode="json", exclude=left_out)


def _optimizers(config: RunConfig) -> list[str]:
    """Name the optimizers that a level uses."""
    names = {"weights"}
    for phase in plan(config):
        if isinstance(phase, Search | Finetune) and phase.level != DENSE:
            learned = {group for half in phase.steps for group in half.learns}
            names |= {"scores"} & learned
            if "prompt" in learned:
                names.add("search_prompt" if isinstance(phase, Search) else "finetune_prompt")
    return sorted(names)


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Done:
    """What of a configuration is done: for each density, and for the dense reference, the runs that did it, newest first."""

    levels: Mapping[float, Sequence[Path]] = field(default_factory=dict)
    dense: Sequence[Path] = ()
    dense_tests: Sequence[Tested] = ()
    """What the newest of these measured of the dense reference, with its name in it."""

    def left_of(self, config: RunConfig) -> RunConfig | None:
        """Give the configuration of what is still to do; None where that is nothing.

        A dense reference that is mapped and not tuned makes no run of its own: it comes with the next level.
        """
        sparsities = [
            sparsity
            for sparsity, density in zip(config.mask.sparsities, config.mask.densities, strict=True)
            if density not in self.levels
        ]
        dense = "none" if self.dense else config.dense
        if not sparsities and dense != "tuned":
            return None
        mask = config.mask.model_copy(update={"sparsities": tuple(sparsities)})
        return config.model_copy(update={"mask": mask, "dense": dense})

    @property
    def newest(self) -> Path | None:
        """Give the run that did some of it last."""
        newest = [folders[0] for folders in (self.dense, *self.levels.values()) if folders]
        return max(newest, key=lambda folder: folder.name, default=None)

    def words(self, config: RunConfig) -> tuple[str, ...]:
        """Say line by line what is taken from where."""
        known = [density for density in config.mask.densities if density in self.levels]
        found = [("dense reference", self.dense)] if self.dense else []
        found += [(f"{sparsity_of(density)} sparsity", self.levels[density]) for density in known]
        return tuple(f"{what}: done already, in {folders[0].name}" for what, folders in found)


def states_of(configs: Sequence[RunConfig], runs: Path) -> Iterator[str]:
    """Say of each configuration how much of it is done in a folder of runs; folders that have nothing of it are read once."""
    known: dict[str, list[Path]] = {}
    folders = RunLibrary(runs).runs()
    for folder in folders:
        for digest in _digests_in(folder):
            known.setdefault(digest, []).append(folder)
    for config in configs:
        found = {folder for digest in _digests(config) for folder in known.get(digest, ())}
        yield _state_words(config, runs, [folder for folder in folders if folder in found]) if found else TO_DO


def _digests_in(folder: Path) -> frozenset[str]:
    """Give the digests of what a run does, none of a damaged one; read again only where its settings are another file."""
    try:
        found = (folder / "config.json").stat()
        return _read_digests(folder, (found.st_mtime_ns, found.st_size, found.st_ino))
    except (OSError, EngineError):  # a damaged run is nothing to build upon
        return frozenset()


@lru_cache(maxsize=2**15)
def _read_digests(folder: Path, _stamp: tuple[int, int, int]) -> frozenset[str]:
    return frozenset(_digests(RunStore.open(folder).config))


def _digests(config: RunConfig) -> set[str]:
    return {level_digest(config, density) for density in config.mask.densities} | _dense_digests(config)


def _state_words(config: RunConfig, runs: Path, among: Sequence[Path]) -> str:
    done = done_levels(config, runs, among)
    if done.left_of(config) is None and done.newest is not None:
        return f"done already, in {done.newest.name}"
    known = [sparsity_of(density) for density in config.mask.densities if density in done.levels]
    return f"in part: {', '.join(known)} done already" if known else TO_DO


def done_levels(config: RunConfig, runs: Path, among: Sequence[Path] | None = None) -> Done:
    """Look through a folder of runs, or only `among` some of them, newest first, for what a configuration asks for.

    A level counts where it was brought to its end: every phase over, its state readable, the test images read. One that was
    stopped or is damaged does not, nor one whose weights file has changed since, or that read another number of images.
    """
    digests = _digests(config)
    wanted = {level_digest(config, density): density for density in config.mask.densities}
    dense_stages = _dense_stages(config)
    dense_wanted = dense_digest(config) if dense_stages else None
    levels: dict[float, list[Path]] = {}
    dense: list[Path] = []
    tests: tuple[Tested, ...] = ()
    source = _Source(config)
    for folder in RunLibrary(runs).runs() if among is None else among:
        if digests.isdisjoint(_digests_in(folder)):
            continue
        try:
            store = RunStore.open(folder)
            matching = {n: wanted.get(level_digest(store.config, d)) for n, d in enumerate(store.config.mask.densities)}
            has_dense = dense_wanted in _dense_digests(store.config)
            if not (has_dense or any(density is not None for density in matching.values())):
                continue
            history = store.read(steps=False).history
            if not source.same(store, history):
                continue
        except EngineError:  # a damaged run is nothing to build upon
            continue
        for number, density in matching.items():
            if density is not None and level_is_done(store, history, number):
                levels.setdefault(density, []).append(folder)
        if has_dense and history.dense is not None and all(history.dense.test(stage) for stage in dense_stages):
            dense.append(folder)
            found = [history.dense.test(stage) for stage in dense_stages]
            tests = tests or tuple(test.model_copy(update={"taken_from": folder.name}) for test in found if test is not None)
    return Done(levels, dense, tests)


def _dense_digests(config: RunConfig) -> set[str]:
    """Give what a run's dense reference answers: one that is tuned was tested untuned before."""
    answers = {"none": (), "mapped": ("mapped",), "tuned": ("mapped", "tuned")}[config.dense]
    return {dense_digest(config.model_copy(update={"dense": answer})) for answer in answers}


def _dense_stages(config: RunConfig) -> list[str]:
    """Name the stages in which the dense reference is tested; none where a run has none."""
    kinds = {"test": "map", "finetune": "finetune"}
    return [kinds[phase.kind] for phase in plan(config) if phase.level == DENSE and phase.kind in kinds]


def level_is_done(store: RunStore, history: RunHistory, number: int) -> bool:
    """Tell whether a level of a run was brought to its end, and its states can be read."""
    return level_is_measured(store.config, history, number) and all(
        _readable(store, found.state_path) for found in _last_saved(history, number).values()
    )


def level_is_measured(config: RunConfig, history: RunHistory, number: int) -> bool:
    """Tell whether a level was brought to its end: what was measured of it holds, whether or not its states were kept."""
    level = history.levels.get(number)
    phases = [phase for phase in history.phases if phase.info.level == number and phase.ended is not None]
    planned = [(phase.kind, phase.density) for phase in plan(config) if phase.level == number]
    if level is None or [(phase.info.kind, phase.info.density) for phase in phases] != planned:
        return False
    saved = _last_saved(history, number)
    trained = {kind for kind, _ in planned if kind in ("search", "finetune")}
    return all(stage in saved and saved[stage].complete and level.test(stage) is not None for stage in trained)


def _last_saved(history: RunHistory, number: int) -> dict[str, LevelSaved]:
    """Give the last state that each stage of a level saved."""
    return {history.phases[saved.phase].info.kind: saved for saved in history.levels[number].saved}


def _readable(store: RunStore, state_path: str) -> bool:
    try:
        read_state_info(store.path(state_path))
    except EngineError:
        return False
    return True


class _Source:
    """What a run read that may have changed since, though the settings are the same."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._info: DatasetInfo | None = None

    def same(self, store: RunStore, history: RunHistory) -> bool:
        """Tell whether a run read the same: the weights file is older than it, the images count the same.

        Raises:
            EngineError: the run's `run.json` or the images cannot be read.
        """
        if history.started is None:
            return False
        config = self._config
        files = [config.model.weights_file if config.model.weights == "file" else "", config.start_from]
        began = store.read_info().started
        if not all(_older(expanded(file), began) for file in files if file):
            return False
        if config.data.dataset == "digits":
            return True
        info = self._info = self._info or describe(config.data, config.seed)
        started = history.started
        counts = (started.num_train, started.num_validation, started.num_test)
        return (started.target_classes, counts) == (info.classes, (info.num_train, info.num_validation, info.num_test))


def _older(path: Path, moment: float) -> bool:
    try:
        return path.stat().st_mtime < moment
    except OSError:  # gone: the run to come will say so
        return False
