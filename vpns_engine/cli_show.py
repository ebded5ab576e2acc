"""`vpns show`: what a run folder tells, in text; damaged folders too. Nothing here imports torch."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import is_zipfile

from vpns_engine.artifacts import read_state_info
from vpns_engine.cli_results import layers, mappings, results
from vpns_engine.cli_tables import table
from vpns_engine.density import Density, densities_of_run
from vpns_engine.errors import EngineError
from vpns_engine.events import RunStarted
from vpns_engine.files import explain
from vpns_engine.forecast import numbered
from vpns_engine.history import RunHistory
from vpns_engine.saved_states import level_words
from vpns_engine.specs.method import METHOD_LABELS
from vpns_engine.specs.phase import PHASE_LABELS
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunInfo, RunLibrary, RunStore, check_version, is_run
from vpns_engine.words import duration, percent, printable, sparsity_of


@dataclass(frozen=True)
class Opened:
    """A run folder as far as it can be read, and what of it cannot."""

    folder: Path
    config: RunConfig | None
    info: RunInfo | None
    history: RunHistory
    densities: Mapping[str, Density]
    damage: tuple[str, ...]


def find_run(wanted: str, runs: Path) -> Path:
    """Find a run: its folder, `latest`, or any part of its folder's name that only one run has.

    Raises:
        EngineError: there is none, or several.
    """
    for path in (Path(wanted), runs / wanted):
        if is_run(path):
            return path
    known = RunLibrary(runs).runs()
    if wanted == "latest" and known:
        return known[0]
    found = [path for path in known if wanted in path.name]
    if len(found) == 1:
        return found[0]
    if found:
        raise EngineError(f"{len(found)} runs have {wanted!r} in their name: give more of it")
    raise EngineError(f"no run {wanted!r}: neither a run folder nor part of a name in {runs}")


def open_run(folder: Path) -> Opened:
    """Read a run folder as far as that is possible.

    Raises:
        EngineError: the events cannot be read at all, or the folder was made by a newer version.
    """
    check_version(folder)
    damage: list[str] = []
    config = info = None
    try:
        config = RunStore.open(folder).config
    except EngineError as error:
        damage.append(str(error))
    store = RunStore(folder, config or RunConfig())
    try:
        info = store.read_info()
    except EngineError as error:
        damage.append(str(error))
    replay = store.read()
    damage.extend(replay.damage)
    if replay.history.started is None and (folder / "artifacts").exists() and not (info is not None and info.is_worked_on):
        damage.append("events.jsonl: the start of the run is missing")
    damage.extend(_damaged_checkpoints(folder))
    damage.extend(_missing_states(store, replay.history))
    return Opened(folder, config, info, replay.history, densities_of_run(store, replay.history), tuple(damage))


def _damaged_checkpoints(folder: Path) -> Iterator[str]:
    """Name the checkpoints that are cut off: a look at their end tells; the rest shows where a run goes on."""
    for name in ("last.pt", "before.pt"):
        path = folder / "checkpoints" / name
        try:
            if path.is_file() and not is_zipfile(path):
                yield f"checkpoints/{path.name}: cut off"
        except OSError as error:
            yield explain(error, path, "read")


def _missing_states(store: RunStore, history: RunHistory) -> Iterator[str]:
    for level in history.levels.values():
        for saved in level.saved:
            try:
                read_state_info(store.path(saved.state_path))
            except EngineError as error:
                yield f"saved state of level {saved.level + 1}: {error}"


def show(folder: Path) -> str:
    """Give the whole text for one run."""
    run = open_run(folder)
    parts = [_head(run), results(run.history, run.densities), _now(run.history), layers(run.history), mappings(run.history)]
    if run.damage:
        parts.append("\n".join(["Damaged:", *(f"  {printable(line)}" for line in run.damage)]))
    return "\n\n".join(part for part in parts if part)


def list_runs(runs: Path) -> str:
    """Give one line for each run in a folder of runs, newest first."""
    found = RunLibrary(runs).runs()
    if not found:
        return f"no runs in {runs}"
    rows = [_row(path) for path in found]
    return "\n".join([*table(("Run", "Status", "Method", "Network", "Data", "Sparsity", "Seed"), rows), "", f"in {runs}"])


def _row(folder: Path) -> tuple[str, ...]:
    store = RunStore(folder, RunConfig())
    try:
        check_version(folder)
    except EngineError:
        return (printable(folder.name), "made by a newer version", "", "", "", "", "")
    try:
        status = _status(store.read_info())
    except EngineError:
        status = "run.json damaged"
    try:
        config = RunStore.open(folder).config
    except EngineError:
        return (printable(folder.name), status, "config.json damaged", "", "", "", "")
    levels = " ".join(map(sparsity_of, config.mask.densities)).replace(" %", "%")
    return (
        printable(folder.name),
        status,
        config.method,
        config.model.architecture,
        config.data.dataset,
        levels,
        str(config.seed),
    )


def _status(info: RunInfo) -> str:
    return f"interrupted, last heard of {_stamp(info.heartbeat)}" if info.state == "interrupted" else info.state


def _stamp(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S")


def _head(run: Opened) -> str:
    lines = [printable(run.folder.name)]
    history = run.history
    if run.info is not None:
        spent = duration(history.seconds if history.last_time else None)
        lines.append(f"{_status(run.info)}, started {_stamp(run.info.started)}, {spent}")
    if history.resumed:
        times = numbered(len(history.resumed), "time")
        lines.append(f"went on from an earlier moment {times}, last {_stamp(history.resumed[-1].time)}")
    if history.ended is not None and history.ended.text:
        lines.append(printable(history.ended.text))
    if run.info is not None and run.info.can_resume:
        lines.append(f"`vpns resume {printable(run.folder.name)}` goes on with it")
    if run.config is not None:
        lines.append(_config_line(run.config))
    if history.started is not None:
        lines.append(_counts_line(history.started))
    return "\n".join(lines)


def _config_line(config: RunConfig) -> str:
    prompt = config.effective_prompt
    size = f" {prompt.size}" if prompt.size else ""
    place = f"prompt {prompt.kind}{size} on {prompt.canvas} px" if prompt.learns else "no prompt"
    return ", ".join(
        (
            METHOD_LABELS[config.method],
            f"{config.model.architecture} ({config.model.weights})",
            f"{config.data.dataset} {config.data.image_size} px",
            place,
            f"label mapping {config.mapping.kind}",
            f"{config.search_epochs} + {config.finetune_epochs} epochs",
            f"seed {config.seed}",
            f"protocol {config.data.protocol}",
        )
    )


def _counts_line(started: RunStarted) -> str:
    weights = sum(layer.numel for layer in started.layers)
    images = f"{started.num_train} training, {started.num_validation} validation, {started.num_test} test images"
    threads = f"{started.threads} thread{'s' * (started.threads != 1)}"
    return f"{weights:,} scored weights in {len(started.layers)} layers; {images}; {started.device}, {threads}"


def _now(history: RunHistory) -> str:
    """Say where a run is that has not finished."""
    if history.current is None or (history.ended is not None and history.ended.status == "finished"):
        return ""
    phase = history.phases[history.current]
    label = f"{PHASE_LABELS[phase.info.kind]}, {level_words(phase.info)}"
    if not phase.epochs:
        return f"Last: {label}"
    last = phase.epochs[-1]
    measured = f"validation {percent(last.val_accuracy)} without, {percent(last.val_accuracy_prompted)} with the prompt"
    return f"Last: {label}, epoch {last.epoch} of {phase.info.epochs}, {measured}"
