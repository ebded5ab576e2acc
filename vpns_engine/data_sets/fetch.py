"""Fetch a named data set: download, compare, unpack beside, put in place. What is half done never looks like a whole."""

import errno
import filecmp
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from vpns_engine.data_sets.facts import DatasetFacts, Download, facts_of
from vpns_engine.data_sets.layout import listed, missing
from vpns_engine.data_sets.status import staging_folder
from vpns_engine.data_sets.unpack import unpack
from vpns_engine.download import Report, fetch_file, megabytes
from vpns_engine.errors import EngineError
from vpns_engine.files import explained
from vpns_engine.locks import only_one
from vpns_engine.partial import Digest
from vpns_engine.specs.data import Dataset


def fetch(key: Dataset, root: Path, report: Report) -> None:
    """Bring a named data set below `root`, unless it stands there already.

    An archive that a person has put where torchvision keeps it is used instead of a download, if it is the right one. Parts
    of an incomplete set that are in the way are set aside under another name, not deleted.

    Args:
        key: the data set.
        root: the data root; it is made.
        report: told what goes on, with the share done (0 to 1) where known; what it raises ends the work, and the next call
            goes on from what has come.

    Raises:
        EngineError: the set has to be got by hand, no network, a checksum differs, no space, no permission.
    """
    facts = facts_of(key)
    if not missing(key, root):
        return
    if not facts.downloads:
        raise EngineError(f"{facts.label} must be fetched by hand: {facts.by_hand(root)}")
    stage = staging_folder(key, root)
    # beside the folder, which is removed at the end
    waiting = partial(report, f"Another process fetches {facts.label}: waiting", None)
    with only_one(stage.with_name(f"{stage.name}.lock"), waiting):
        if not missing(key, root):
            return  # the other process was quicker
        try:
            _Fetch(facts, root, stage, report).work()
        finally:
            with suppress(OSError):
                stage.rmdir()  # where nothing came


class _Fetch:
    def __init__(self, facts: DatasetFacts, root: Path, stage: Path, report: Report) -> None:
        self._facts = facts
        self._root = root
        self._stage = stage
        self._tree = stage / "unpacked"
        self._report = report

    def work(self) -> None:
        self._check_space()
        files = self._download_all()
        try:
            self._unpack_all(files)
            self._put_in_place()
        finally:
            shutil.rmtree(self._tree, ignore_errors=True)
        shutil.rmtree(self._stage, ignore_errors=True)

    def _check_space(self) -> None:
        """Refuse at once what could not end well: pictures take as much room unpacked as packed."""
        with explained(self._root):
            self._stage.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self._stage).free
            there = sum(file.stat().st_size for file in self._stage.iterdir() if file.is_file())
            given = (next(self._places_given(download), None) for download in self._facts.downloads)
            there += sum(file.stat().st_size for file in given if file is not None)
        unpacked = sum(download.bytes for download in self._facts.downloads if download.unpack)
        need = self._facts.bytes + unpacked - there
        if need > free:
            raise EngineError(
                f"no space left for {self._facts.label} in {self._root}: about {megabytes(need)} are needed, "
                f"{megabytes(free)} are free; free some, or choose another data root"
            )

    def _download_all(self) -> list[Path]:
        files, before = [], 0
        for download in self._facts.downloads:
            tell = _part_of(self._report, before, download.bytes, self._facts.bytes)
            files.append(self._given(download) or self._downloaded(download, tell))
            before += download.bytes
        return files

    def _given(self, download: Download) -> Path | None:
        """Find a file that is there already, put there by a person or by torchvision."""
        digest = Digest.of(download.digest)
        for path in self._places_given(download):
            if digest is None:
                break
            if digest.fits(path, partial(self._report, f"Checking {path}")):
                return path
            self._report(f"{path} is damaged (its checksum differs): it is left where it is, and downloaded again", None)
        return None

    def _places_given(self, download: Download) -> Iterator[Path]:
        places = dict.fromkeys((self._root / download.into / download.name, self._root / download.name))
        return (path for path in places if path.is_file())

    def _downloaded(self, download: Download, report: Report) -> Path:
        return fetch_file(
            download.url,
            self._stage / download.name,
            report=report,
            bytes=download.bytes,
            digest=download.digest,
            mirrors=download.mirrors,
            by_hand=self._root / download.into / download.name,
        )

    def _unpack_all(self, files: list[Path]) -> None:
        shutil.rmtree(self._tree, ignore_errors=True)
        for file, download in zip(files, self._facts.downloads, strict=True):
            tell = partial(self._report, f"Unpacking {file.name}")
            tell(0.0)
            unpack(file, self._tree / download.into, download.unpack, tell)
        lacking = missing(self._facts.key, self._tree)
        if lacking:
            raise EngineError(f"what came is not {self._facts.label} as it is known: {listed(lacking)} missing in it")

    def _put_in_place(self) -> None:
        for download in self._facts.downloads:
            for name in download.gives:
                self._place(self._tree / name, self._root / name)

    def _place(self, new: Path, path: Path) -> None:
        aside = None
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(path) and not _same_file(new, path):
                aside = _free_name(path)
                path.rename(aside)
            _move(new, path)
        if aside:
            self._report(f"{path} was not whole: what was there is now {aside}", None)


def _part_of(report: Report, before: int, size: int, total: int) -> Report:
    """Turn the share of one file into that of all."""
    return lambda text, share: report(text, None if share is None else (before + share * size) / total)


def _same_file(new: Path, path: Path) -> bool:
    """Tell whether a file is there already as it would be put there: then it is simply replaced."""
    return new.is_file() and path.is_file() and filecmp.cmp(new, path, shallow=False)


def _free_name(path: Path) -> Path:
    number = 1
    while True:
        aside = path.with_name(f"{path.name}.incomplete{'' if number == 1 else f'-{number}'}")
        if not os.path.lexists(aside):
            return aside
        number += 1


def _move(new: Path, path: Path) -> None:
    """Rename; onto another disk (a linked folder), copy beside and rename there."""
    try:
        new.replace(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = path.with_name(f".{path.name}.moving")
        shutil.rmtree(beside, ignore_errors=True)
        shutil.move(new, beside)
        beside.replace(path)
