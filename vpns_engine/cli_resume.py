"""`vpns resume`: a run goes on where it was cut off; `vpns follow`: a run that another process works on."""

import argparse
import datetime
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from vpns_engine.cli_progress import Progress
from vpns_engine.cli_run import code_of, how_to_resume, in_terminal, print_results
from vpns_engine.cli_show import find_run
from vpns_engine.cli_tables import table
from vpns_engine.control import Control
from vpns_engine.drive import resume
from vpns_engine.errors import EngineError
from vpns_engine.exit_codes import FINISHED, STOPPED
from vpns_engine.follow import Follower, Told
from vpns_engine.specs.run import RunConfig
from vpns_engine.standing import standing
from vpns_engine.store import RunInfo, RunIsHeld, RunLibrary, RunStore
from vpns_engine.words import printable

_SECONDS_BETWEEN = 0.5


def add_resume(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", add_runs: Callable[[argparse.ArgumentParser], None]
) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """Add both commands; `add_runs` adds the option that names the folder of runs."""
    about = "go on with a run that was cut off, stopped, or failed; follow it where another process works on it"
    going_on = commands.add_parser("resume", help=about, description=f"{about[0].upper()}{about[1:]}.")
    named = "a run folder, part of its name, or latest"
    going_on.add_argument("run", nargs="?", metavar="RUN", help=f"{named}; without it: the list of those that can go on")
    following = commands.add_parser("follow", help="show a run that another process works on, until its end")
    following.add_argument("run", metavar="RUN", help=named)
    for parser in (going_on, following):
        add_runs(parser)
    return going_on, following


def resume_run(wanted: str | None, runs: Path) -> int:
    """Go on with a run, or follow it where somebody works on it already; without a name list those that can go on.

    Raises:
        EngineError: there is no such run, or nothing to go on with.
    """
    if wanted is None:
        print(_resumable(runs), flush=True)
        return FINISHED
    store = RunStore.open(find_run(wanted, runs))
    progress = Progress(sys.stdout)

    def work(control: Control, opened: Callable[[RunStore], None]) -> RunStore:
        def announce(store: RunStore) -> None:
            progress.history = store.read(steps=False).history  # now that nobody else writes it
            opened(store)

        return resume(store, control, (progress,), opened=announce)

    try:
        return in_terminal(work, progress)
    except RunIsHeld as error:
        print(f"{printable(str(error))}: following it instead", flush=True)
        return follow_run(store)


def _resumable(runs: Path) -> str:
    rows = [row for folder in RunLibrary(runs).runs() if (row := _row(folder))]
    if not rows:
        return f"no run in {runs} was cut off, stopped or failed"
    return "\n".join([*table(("Run", "Status", "Last heard of"), rows), "", f"in {runs}; `vpns resume RUN` goes on"])


def _row(folder: Path) -> tuple[str, ...] | None:
    try:
        info: RunInfo = RunStore(folder, RunConfig()).read_info()
    except EngineError:
        return (printable(folder.name), "run.json damaged", "")
    heard = datetime.datetime.fromtimestamp(info.heartbeat).strftime("%Y-%m-%d %H:%M:%S")
    return (printable(folder.name), info.state, heard) if info.can_resume else None


def follow_run(store: RunStore) -> int:
    """Show a run that another process works on until its end, or until Ctrl-C, which leaves it alone."""
    print(f"Run folder: {store.folder}\nCtrl-C ends the following; the run goes on without it.", flush=True)
    try:
        return _follow(store, Follower(store), Progress(sys.stdout))
    except KeyboardInterrupt:
        print("\nnot followed any more; the run goes on", flush=True)
        return STOPPED


def _follow(store: RunStore, follower: Follower, progress: Progress) -> int:
    told = _first(follower, progress)
    waiting = threading.Event()
    while not told.ended:
        waiting.wait(_SECONDS_BETWEEN)
        told = follower.read()
        if told.restarted:
            progress.begin_anew()
        for event in told.events:
            progress(event)
        _print_damage(told)
    return _conclude(store, progress, told)


def _first(follower: Follower, progress: Progress) -> Told:
    """Take in quietly what was told before."""
    told = follower.read()
    for event in told.events:
        progress.history.apply(event)
    _print_damage(told)
    if not told.ended:
        print(f"{told.state}, {standing(progress.history)}", flush=True)
    return told


def _print_damage(told: Told) -> None:
    for line in told.damage:
        print(f"vpns: {printable(line)}", file=sys.stderr)


def _conclude(store: RunStore, progress: Progress, told: Told) -> int:
    history = progress.history
    progress.end()
    print_results(store, history)
    print(f"\n{told.state}: {store.folder}", flush=True)
    if history.ended is not None and history.ended.text:
        print(f"vpns: {printable(history.ended.text)}", file=sys.stderr)
    if told.state != "finished":
        print(how_to_resume(store), flush=True)
    return code_of(history)
