"""Kills runs at random moments and compares what comes out: `python -m tests.faults.kill --count 100`.

Each trial starts a run in a process of its own, kills it with SIGKILL after a random time, goes on with it (half of the time to
kill it again) and at the end holds it against the same run that nobody killed: every artifact byte for byte, and all that its
events tell but times.
"""

import argparse
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.kill_cases import CASES, draw_pictures
from vpns_engine.errors import EngineError
from vpns_engine.events import Resumed, StepDone, from_json
from vpns_engine.history import RunHistory
from vpns_engine.keeping import Keeping
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunLibrary, RunStore

_MOST_KILLS = 4
_TOO_LONG = 600.0
"""Seconds after which a run that nobody means to kill has hung."""
_PASSING = {"seq", "time", "seconds"}
_COMMAND = (sys.executable, "-m", "vpns_engine")


@dataclass(frozen=True)
class Whole:
    """A run that nobody killed."""

    config: RunConfig
    store: RunStore
    seconds: float


@dataclass
class Trial:
    """A run that was killed."""

    name: str
    way: str
    kills: list[float] = field(default_factory=list)
    """Seconds after its start, or its going on, at which it was killed."""
    went_on: list[int] = field(default_factory=list)
    """The events from which it went on; -1: from its start."""
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Way:
    """How a run is begun and gone on with."""

    name: str
    begin: Callable[[RunConfig, Path, Path], int]
    go_on: Callable[[Path, Path], int]
    """Both give the number of a process of its own; the last argument is the file it prints to."""


def forked(minutes: float) -> Way:
    """Work in a copy of this process, which has torch in memory already; with a checkpoint every so many minutes."""
    keeping = Keeping.model_construct(checkpoint_minutes=minutes, finished_checkpoints="remove", epoch_artifacts="all")

    def child(work: Callable[[], object], log: Path) -> int:
        number = os.fork()
        if number == 0:
            _work_and_leave(work, log, keeping)
        return number

    def begin(config: RunConfig, runs: Path, log: Path) -> int:
        from vpns_engine.drive import Control, start

        return child(lambda: start(config, runs, Control(), ()), log)

    def go_on(folder: Path, log: Path) -> int:
        from vpns_engine.drive import Control, resume

        return child(lambda: resume(RunStore.open(folder), Control(), ()), log)

    return Way("each step" if minutes == 0 else "each epoch", begin, go_on)


def _work_and_leave(work: Callable[[], object], log: Path, keeping: Keeping) -> None:
    """Work as a process of its own does, and leave without what belongs to the process it is a copy of."""
    code = 1
    try:
        with log.open("a") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        from vpns_engine import drive

        drive.read_keeping = lambda: keeping
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the copy must not go on as its original
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _typed(*words: str, log: Path) -> int:
    with log.open("a") as file:
        return subprocess.Popen([*_COMMAND, *words], stdout=file, stderr=file).pid


def _begin_typed(config: RunConfig, runs: Path, log: Path) -> int:
    path = runs.parent / "typed.json"
    path.write_text(config.model_dump_json(), encoding="utf-8")
    return _typed("run", "--config", str(path), "--runs", str(runs), log=log)


TYPED = Way("typed", _begin_typed, lambda folder, log: _typed("resume", str(folder), "--runs", str(folder.parent), log=log))
"""By the commands a person types."""


def wait(process: int, seconds: float | None) -> bool:
    """Wait for a process to end, so many seconds at most; tell whether it has."""
    handle = os.pidfd_open(process)
    try:
        ended, _, _ = select.select([handle], [], [], seconds)
    finally:
        os.close(handle)
    return bool(ended)


def killed(process: int, seconds: float) -> bool:
    """Kill a process after a time; False where it had ended before."""
    ended = wait(process, seconds)
    if not ended:
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return not ended


def do_whole(config: RunConfig, place: Path) -> Whole:
    """Do a run from start to end, in a process of its own."""
    began = time.monotonic()
    process = forked(10.0).begin(config, place, place / "log")
    os.waitpid(process, 0)
    store = opened(place)
    if store is None or not is_finished(store):
        raise RuntimeError(f"the run {place.name} does not finish by itself: {_log(place)}")
    return Whole(config, store, time.monotonic() - began)


def _log(place: Path) -> str:
    """Give what a run printed, and the end that it told."""
    store = opened(place)
    ended = store.read(steps=False).history.ended if store is not None else None
    return (place / "log").read_text(encoding="utf-8") + (ended.text if ended is not None else "")


def try_once(whole: Whole, name: str, way: Way, place: Path, chance: random.Random, most_seconds: float) -> Trial:
    """Kill a run one to four times, let it go on to its end, and compare."""
    trial, log, runs = Trial(name, way.name), place / "log", place / "runs"
    runs.mkdir(parents=True)
    kills = 1
    while kills < _MOST_KILLS and chance.random() < 0.4:
        kills += 1
    store: RunStore | None = None
    for seconds in (*(chance.uniform(0, most_seconds) for _ in range(kills)), _TOO_LONG):
        process = way.go_on(store.folder, log) if store else way.begin(whole.config, runs, log)
        if killed(process, seconds):
            trial.kills.append(seconds)
        store = opened(runs)
        if store is not None and is_finished(store):
            break
    trial.differences += ["it left no run"] if store is None else differences(whole.store, store)
    trial.went_on += [] if store is None else _resumed(store)
    return trial


def opened(runs: Path) -> RunStore | None:
    """Open the one run of a folder; None where none was made before the kill came."""
    for folder in RunLibrary(runs).runs():
        try:
            return RunStore.open(folder)
        except EngineError:
            continue
    return None


def is_finished(store: RunStore) -> bool:
    """Tell whether a run was brought to its end."""
    ended = store.read(steps=False).history.ended
    return ended is not None and ended.status == "finished"


def _resumed(store: RunStore) -> Iterator[int]:
    for line in (store.folder / "events.jsonl").read_bytes().splitlines():
        try:
            event = from_json(line)
        except ValueError:  # the line that a kill cut
            continue
        if isinstance(event, Resumed):
            yield event.at


def differences(one: RunStore, other: RunStore) -> Iterator[str]:
    """Say what differs between two runs of one configuration."""
    files, others = (sorted(_artifacts(store)) for store in (one, other))
    yield from (f"{path} is missing" for path in files if path not in others)
    yield from (f"{path} is left over" for path in others if path not in files)
    for path in files:
        if path in others and (one.folder / path).read_bytes() != (other.folder / path).read_bytes():
            yield f"{path} differs"
    history, its = one.read().history, other.read().history
    for name, value in told(history).items():
        if value != told(its)[name]:
            yield f"{name} differs: {told(its)[name]!r:.300} instead of {value!r:.300}"
    yield from (f"step {step} differs" for step in _steps_that_differ(one, other))


def _artifacts(store: RunStore) -> Iterator[str]:
    for path in (store.folder / "artifacts").rglob("*"):
        if path.is_file():
            yield path.relative_to(store.folder).as_posix()


def told(history: RunHistory) -> dict[str, Any]:
    """Give all that a run's events tell, but times and iterations."""
    found: dict[str, Any] = {"start": history.started and history.started.model_dump(exclude=_PASSING)}
    for number, phase in enumerate(history.phases):
        found[f"phase {number}"] = (phase.ended is not None, [epoch.model_dump(exclude=_PASSING) for epoch in phase.epochs])
    for number, level in [*history.levels.items(), *([(-1, history.dense)] if history.dense else [])]:
        events = [*level.saved, *level.tested]
        found[f"level {number}"] = (level.sources, level.counts, [event.model_dump(exclude=_PASSING) for event in events])
    found["end"] = history.ended and (history.ended.status, history.ended.text)
    return found


def _steps_that_differ(one: RunStore, other: RunStore) -> Iterator[tuple[int, int, int]]:
    """Compare the iterations that both have written down: not all of them are."""
    steps = [dict(_steps(store)) for store in (one, other)]
    yield from (place for place in steps[0].keys() & steps[1].keys() if steps[0][place] != steps[1][place])


def _steps(store: RunStore) -> Iterator[tuple[tuple[int, int, int], list[tuple[float, ...]]]]:
    for line in (store.folder / "events.jsonl").read_bytes().splitlines():
        if b'"kind":"step"' in line:
            try:
                event = from_json(line)
            except ValueError:
                continue
            if isinstance(event, StepDone):
                yield (event.phase, event.epoch, event.step), [event.losses, event.accuracies]


def kill_runs(count: int, seed: int, place: Path, names: Sequence[str], typed: int) -> Iterator[Trial]:
    """Kill until `count` kills have struck; `typed` of the trials go through the command line."""
    import torch

    import vpns_engine.training.run  # noqa: F401 - the copies of this process need not load it

    torch.set_num_threads(1)
    chance, struck, number = random.Random(seed), 0, 0
    pictures = draw_pictures(place / "pictures")
    cases = [case for case in CASES if case.__name__ in names]
    wholes: dict[str, Whole] = {}
    while struck < count:
        case = cases[number % len(cases)]
        name = case.__name__
        if name not in wholes:
            (place / name).mkdir()
            wholes[name] = do_whole(case(pictures), place / name)
        whole = wholes[name]
        way = TYPED if number < typed else forked(chance.choice((0.0, 10.0)))
        seconds = whole.seconds * 1.1 + (8.0 if way is TYPED else 0.0)
        trial = try_once(whole, name, way, place / f"trial {number}", chance, seconds)
        struck, number = struck + len(trial.kills), number + 1
        yield trial


def main(words: Sequence[str] | None = None) -> int:
    """Kill, print a table, and tell by the exit code whether all runs came out the same."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kill", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=100, help="kills (default: 100)")
    parser.add_argument("--seed", type=int, default=7, help="of the moments (default: 7)")
    parser.add_argument("--typed", type=int, default=3, help="trials that go through the command line (default: 3)")
    names = [case.__name__ for case in CASES]
    parser.add_argument("--case", action="append", choices=names, help="only this run; may be repeated")
    options = parser.parse_args(words)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    began, trials = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="vpns-kill-") as folder:
        print(f"{'run':<10}{'checkpoint':<12}{'killed after':<28}{'went on from event':<22}result", flush=True)
        for trial in kill_runs(options.count, options.seed, Path(folder), options.case or names, options.typed):
            trials.append(trial)
            kills, events = (" ".join(words) for words in ([f"{s:.2f} s" for s in trial.kills], map(str, trial.went_on)))
            result = "the same" if not trial.differences else "; ".join(trial.differences[:3])
            print(f"{trial.name:<10}{trial.way:<12}{kills:<28}{events:<22}{result}", flush=True)
    kills = sum(len(trial.kills) for trial in trials)
    different = [trial for trial in trials if trial.differences]
    ways = ", ".join(f"{count} {way}" for way, count in Counter(trial.way for trial in trials).items())
    print(f"\n{kills} kills of {len(trials)} runs ({ways}), {len(different)} differ, {time.monotonic() - began:.0f} s")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
