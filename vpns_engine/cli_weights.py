"""`vpns weights`: the networks that can be pruned, and whether their pre-trained weights are there."""

import argparse
import sys
from pathlib import Path

from vpns_engine.catalogue import CatalogueEntry, catalogue, why_not
from vpns_engine.cli_progress import Progress
from vpns_engine.cli_tables import table
from vpns_engine.download import fetch_file, megabytes
from vpns_engine.errors import EngineError
from vpns_engine.events import Preparing
from vpns_engine.exit_codes import FINISHED
from vpns_engine.weights_files import download_path, find_weights, weights_folders

_HEADERS = ("Name", "Network", "Family", "Weights", "Image size", "Pre-trained weights")


def add_weights(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `vpns weights` to the command line."""
    parser = commands.add_parser(
        "weights",
        help="list the networks, and fetch their pre-trained weights",
        description="The networks that can be pruned, and their pre-trained weights.",
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("list", help="list the networks, and say where their weights are").set_defaults(act=_list)
    fetching = actions.add_parser("fetch", help="download weights; Ctrl-C keeps what has come")
    fetching.add_argument("names", nargs="+", metavar="NAME", help="a network, as `vpns weights list` names it")
    fetching.set_defaults(act=_fetch)


def _list(_options: argparse.Namespace) -> int:
    print("\n".join(table(_HEADERS, [_row(name, entry) for name, entry in catalogue().items()])))
    for entry in catalogue().values():
        if entry.unsupported:
            print(f"{entry.label}: {entry.unsupported}")
    print(f"\nlooked for in {', '.join(map(str, weights_folders()))}", flush=True)
    return FINISHED


def _row(name: str, entry: CatalogueEntry) -> tuple[str, ...]:
    size = f"{entry.image_size} px" + (" only" if entry.fixed_size else "")
    return (name, entry.label, entry.family, f"{entry.num_weights:,}", size, _place(name, entry))


def _place(name: str, entry: CatalogueEntry) -> str:
    if entry.unsupported:
        return "cannot be pruned"
    if not entry.url:
        return "bundled"
    found = find_weights(name)
    return str(found) if found else f"to download ({megabytes(entry.num_bytes)})"


def _fetch(options: argparse.Namespace) -> int:
    for name in options.names:
        if reason := why_not(name):
            raise EngineError(reason)
    for name in options.names:
        print(f"{name}: {_fetched(name)}", flush=True)
    return FINISHED


def _fetched(name: str) -> str:
    entry = catalogue()[name]
    if not entry.url:
        return "its weights are bundled"
    return str(find_weights(name) or _download(name, entry))


def _download(name: str, entry: CatalogueEntry) -> Path:
    moving, progress = sys.stderr.isatty(), Progress(sys.stderr)

    def report(text: str, done: float | None) -> None:
        if moving:
            progress(Preparing(text=text, done=done))

    path, label = download_path(name), f"weights of {entry.label}"
    print(f"Downloading {label} ({megabytes(entry.num_bytes)}) to {path.parent}", file=sys.stderr)
    try:
        return fetch_file(entry.url, path, report=report, bytes=entry.num_bytes, label=label)
    finally:
        if moving:
            print(file=sys.stderr)
