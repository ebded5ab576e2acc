"""`vpns run`: one run in this terminal, with a clean stop on Ctrl-C."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from vpns_engine.cli_progress import Progress
from vpns_engine.cli_results import results
from vpns_engine.density import densities_of_run
from vpns_engine.drive import Control, RunMaker, start
from vpns_engine.events import Event, RunEnded
from vpns_engine.exit_codes import FAILED, FINISHED, STOPPED
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore


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
    control = Control()
    progress = Progress(sys.stdout)
    opened: list[RunStore] = []

    def announce(store: RunStore) -> None:
        opened.append(store)
        for line in notes:
            store.log(line)
        print(f"Run folder: {store.folder}", flush=True)

    with _stop_on_signals(control):
        try:
            store = start(config, runs, control, (progress,), opened=announce, make=make, known=known)
        except KeyboardInterrupt:
            for store in opened:
                _mark_aborted(store, progress.history.last_seq)
            return STOPPED
    return _conclude(store, progress)


def _mark_aborted(store: RunStore, last_seq: int) -> None:
    text = "aborted by a second Ctrl-C; what was not saved is lost"
    last_seq = max(last_seq, store.read().history.last_seq)  # the abort may have come between the file and the terminal
    store.append(RunEnded(seq=last_seq + 1, time=time.time(), status="failed", text=text))
    store.close()
    store.write_info(store.read_info().model_copy(update={"status": "failed", "message": text}))
    print(f"\n{text}: {store.folder}", file=sys.stderr)


def _conclude(store: RunStore, progress: Progress) -> int:
    ended = progress.history.ended
    if table := results(progress.history, densities_of_run(store, progress.history)):
        print(f"\n{table}")
    print(f"\n{ended.status if ended else 'ended'}: {store.folder}", flush=True)
    if ended is None or ended.status == "failed":
        print(f"vpns: {ended.text if ended else 'the run ended without a word'}", file=sys.stderr)
        return FAILED
    return FINISHED if ended.status == "finished" else STOPPED


@contextmanager
def _stop_on_signals(control: Control) -> Iterator[None]:
    """Stop cleanly at the first Ctrl-C or SIGTERM; give up at the second."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if control.stopping:
            _tell("aborting: the result since the last saved state is lost")
            raise KeyboardInterrupt
        control.stop()
        _tell("stopping within one batch, the result so far is kept (Ctrl-C again aborts and loses it)")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(line: str) -> None:
    # print() must not be called here: the signal may have come in the middle of another print()
    os.write(2, f"\n{line}\n".encode())
