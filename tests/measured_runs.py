"""A finished run whose gains were measured, really: in processes of their own, with few rounds."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from vpns_engine.gains.measure import measure
from vpns_engine.gains.states import state_of, write_gains
from vpns_engine.store import RunStore


def measured_copy(runs: Path, *finished: RunStore) -> RunStore:
    """Copy finished runs into a folder of runs, and measure the last state of the first one; gives that."""
    copies = [copied(store, runs) for store in finished]
    store = copies[0]
    state = state_of(store.read(steps=False).history, level=None, stage=None)
    write_gains(store, state, measure(store, state, quick=True, threads=1))
    return store


def copied(store: RunStore, runs: Path) -> RunStore:
    """Copy a run into a folder of runs, where it may be written to."""
    return RunStore.open(shutil.copytree(store.folder, runs / store.folder.name))


def children() -> list[psutil.Process]:
    """List the measuring processes that this one has begun."""
    return list(_children())


def _children() -> Iterator[psutil.Process]:
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if any("vpns_engine.gains" in word for word in child.cmdline()):
                yield child
