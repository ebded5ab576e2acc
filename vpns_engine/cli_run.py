"""`vpns run`: one run in this terminal, with a clean stop on Ctrl-C."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from vpns_engine.cli_progress import Progress
from vpns_engine.cli_results import results
from vpns_engine.density import densities_of_run
from vpns_engine.drive import Control, RunMaker, start
from vpns_engine.events import Event, RunEnded
from vpns_engine.exit_codes import FAILED, FINISHED, STOPPED
from vpns_engine.history import RunHistory
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_engine.words import printable

Work = Callable[[Control, Callable[[RunStore], None]], RunStore]
"""Does a run with a control; tells when its folder is open."""


def run(
    config: RunConfig,
    runs: Path,
    *,
    make: RunMaker | None = None,
    notes: Sequence[str] = (),
    known: Sequence[Event] = (),
) -> int:
    """Run to the end or to a stop; print the results and the run folder.

    `make` makes another kind of run, `notes` are lines for its log, `known` is what it takes over from another.

    Raises:
        EngineError: the run folder cannot be made.
    """
    progress = Progress(sys.stdout)

    def work(control: Control, opened: Callable[[RunStore], None]) -> RunStore:
        def announce(store: RunStore) -> None:
            opened(store)
            for line in notes:
                store.log(line)

        return start(config, runs, control, (progress,), opened=announce, make=make, known=known)

    return in_terminal(work, progress)


def in_terminal(work: Work, progress: Progress) -> int:
    """Do a run; a first Ctrl-C stops it, a second one aborts it. Print the results and the run folder.

    Raises:
        EngineError: the run cannot begin.
    """
    control = Control()
    open_now: list[RunStore] = []

    def opened(store: RunStore) -> None:
        open_now.append(store)
        print(f"Run folder: {store.folder}", flush=True)

    with _stop_on_signals(control):
        try:
            store = work(control, opened)
        except KeyboardInterrupt:
            for store in open_now:
                _mark_aborted(store, progress.history.last_seq)
            return STOPPED
    return _conclude(store, progress.history)


def _mark_aborted(store: RunStore, last_seq: int) -> None:
    text = "aborted by a second Ctrl-C; what came after the last checkpoint is lost"
    with store.writing():
        last_seq = max(last_seq, store.read(steps=False).history.last_seq)  # the terminal may have been told more, or less
        store.append(RunEnded(seq=last_seq + 1, time=time.time(), status="failed", text=text))
        store.close()
        store.write_info(store.read_info().model_copy(update={"status": "failed", "message": text}))
    print(f"\n{text}: {store.folder}\n{how_to_resume(store)}", file=sys.stderr)


def _conclude(store: RunStore, history: RunHistory) -> int:
    ended = history.ended
    print_results(store, history)
    print(f"\n{ended.status if ended else 'ended'}: {store.folder}", flush=True)
    if ended is None or ended.status == "failed":
        print(f"vpns: {printable(ended.text) if ended else 'the run ended without a word'}", file=sys.stderr)
    if ended is None or ended.status != "finished":
        print(how_to_resume(store), flush=True)
    return code_of(history)


def print_results(store: RunStore, history: RunHistory) -> None:
    """Print the table of results, where there are any."""
    if table := results(history, densities_of_run(store, history)):
        print(f"\n{table}")


def code_of(history: RunHistory) -> int:
    """Give the exit code that tells how a run ended; a run that was cut off failed."""
    if history.ended is None:
        return FAILED
    return {"finished": FINISHED, "stopped": STOPPED, "failed": FAILED}[history.ended.status]


def how_to_resume(store: RunStore) -> str:
    """Say how to go on with a run."""
    return f"`vpns resume {printable(store.folder.name)}` goes on from where it was"


@contextmanager
def _stop_on_signals(control: Control) -> Iterator[None]:
    """Stop cleanly at the first Ctrl-C or SIGTERM; give up at the second."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if control.stopping:
            _tell("aborting: what came after the last checkpoint is lost")
            raise KeyboardInterrupt
        control.stop()
        _tell("stopping within one batch: the result so far is kept, and `vpns resume` can go on (Ctrl-C again aborts)")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(line: str) -> None:
    # print() must not be called here: the signal may have come in the middle of another print()
    os.write(2, f"\n{line}\n".encode())
