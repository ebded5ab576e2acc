"""Whether a named data set is there, and how it can be had where it is not."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vpns_engine.data_sets.facts import DatasetFacts, facts_of
from vpns_engine.data_sets.layout import is_absent, listed, place_of
from vpns_engine.download import megabytes
from vpns_engine.specs.data import Dataset

State = Literal["ready", "download", "manual", "incomplete"]


@dataclass(frozen=True)
class DataStatus:
    """How it stands with a data set below a data root.

    `ready`: it is there; `download`: it is not there and can be fetched; `manual`: it is not there and has to be got by hand;
    `incomplete`: a part of it is there.
    """

    key: Dataset
    state: State
    text: str
    """All of it in one line, for a person."""
    bytes: int
    """Size of the download that would bring it; 0 where it is there, or there is none."""


def status_of(key: Dataset, root: Path) -> DataStatus:
    """Look whether a data set is there. Fast: no picture is opened, nothing is counted."""
    facts = facts_of(key)
    place = place_of(key, root)
    if not place.missing:
        return DataStatus(key, "ready", f"ready in {place.folder}", 0)
    by_hand = f"must be fetched by hand: {facts.by_hand(root)}"
    if is_absent(key, root):
        how = _download_text(facts, root) if facts.downloads else by_hand
        return DataStatus(key, "download" if facts.downloads else "manual", how, facts.bytes)
    how = f"Download, or `vpns data fetch {key}`, brings all of it ({megabytes(facts.bytes)})" if facts.downloads else by_hand
    return DataStatus(key, "incomplete", f"incomplete: {listed(place.missing)} missing in {place.folder}; {how}", facts.bytes)


def staging_folder(key: Dataset, root: Path) -> Path:
    """Give the hidden folder that holds what has come of an unfinished download."""
    return root / f".{key}.fetching"


def _download_text(facts: DatasetFacts, root: Path) -> str:
    come = _bytes_in(staging_folder(facts.key, root))
    already = f", {megabytes(come)} of it are here already" if come else ""
    return f"will be downloaded ({megabytes(facts.bytes)}{already})"


def _bytes_in(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.iterdir() if file.is_file() and file.suffix != ".json")
    except OSError:
        return 0
