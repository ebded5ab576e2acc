"""Go through a whole data set that is there: counts, checksums, every picture."""

import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from vpns_engine.data_sets.facts import DatasetFacts, facts_of
from vpns_engine.data_sets.layout import folder_of
from vpns_engine.data_sets.tables import read_table
from vpns_engine.download import Report
from vpns_engine.errors import EngineError
from vpns_engine.image_table import TEST, TRAIN, VALIDATION, ImageTable
from vpns_engine.partial import Digest
from vpns_engine.specs.data import Dataset

_UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)
_PICTURES_AT_ONCE = 256
_PART_NAMES = {TRAIN: "training", VALIDATION: "validation", TEST: "test"}


@dataclass(frozen=True)
class CheckResult:
    """What a data set has, and what is wrong with it."""

    key: Dataset
    num_classes: int
    num_train: int
    num_validation: int
    num_test: int
    problems: tuple[str, ...]
    """One line for each; empty where all is as its makers published it."""


def check(key: Dataset, root: Path, report: Report) -> CheckResult:
    """Read a data set through: its counts against the published ones, its files against their checksums, every picture.

    Args:
        key: the data set.
        root: the data root.
        report: told the share done (0 to 1); what it raises ends the work.

    Raises:
        EngineError: it is not there or not whole, or its lists cannot be read.
    """
    facts = facts_of(key)
    table = read_table(key, root)
    counts = np.bincount(table.parts, minlength=3)
    problems = [*_wrong_counts(facts, table), *_wrong_files(facts, root, report)]
    problems += [f"{path} is no picture" for path in table.skipped]
    problems += _wrong_pictures(table, report)
    train, validation, test = (int(counts[part]) for part in (TRAIN, VALIDATION, TEST))
    return CheckResult(key, len(table.classes), train, validation, test, tuple(problems))


def _wrong_counts(facts: DatasetFacts, table: ImageTable) -> Iterator[str]:
    counts = np.bincount(table.parts, minlength=3)
    expected = {TRAIN: facts.num_train, VALIDATION: facts.num_validation, TEST: facts.num_test}
    for part, number in expected.items():
        if counts[part] != number:
            yield f"{counts[part]:,} {_PART_NAMES[part]} images where {number:,} were published"
    if len(table.classes) != facts.num_classes:
        yield f"{len(table.classes)} classes where {facts.num_classes} were published"


def _wrong_files(facts: DatasetFacts, root: Path, report: Report) -> Iterator[str]:
    """Compare the checksums that are known of single files."""
    # the layout's folder may stand below a folder of the set's own name
    base = root / facts.key if folder_of(facts.key, root).is_relative_to(root / facts.key) else root
    for name, digest in facts.file_digests().items():
        expected, path = Digest.of(digest), base / name
        if expected is None or not path.is_file():
            continue
        if not expected.fits(path, partial(report, f"Comparing {path.name}")):
            yield f"{path} is not the published file (its checksum differs)"


def _wrong_pictures(table: ImageTable, report: Report) -> Iterator[str]:
    if table.load is not None:
        yield from _wrong_arrays(table)
        return
    text = f"Reading {len(table.paths):,} pictures"
    with warnings.catch_warnings(), ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1)) as pool:
        warnings.simplefilter("ignore")  # of odd but readable pictures
        for start in range(0, len(table.paths), _PICTURES_AT_ONCE):
            report(text, start / len(table.paths))
            yield from filter(None, pool.map(_fault, table.paths[start : start + _PICTURES_AT_ONCE]))
    report(text, 1.0)


def _wrong_arrays(table: ImageTable) -> Iterator[str]:
    if table.load is None:
        return
    try:
        pictures = table.load()
    except EngineError as error:
        yield str(error)
        return
    if pictures.shape[0] != len(table):
        yield f"{pictures.shape[0]:,} pictures for {len(table):,} labels"


def _fault(path: str) -> str | None:
    """Decode one picture; say what is wrong with it."""
    try:
        with Image.open(path) as picture:
            picture.load()
    except _UNREADABLE as error:
        return f"{path} cannot be read ({_reason(path, error)})"
    return None


def _reason(path: str, error: Exception) -> str:
    if _is_empty(path):
        return "empty"
    if isinstance(error, UnidentifiedImageError):
        return "no picture in a known format"
    return getattr(error, "strerror", None) or " ".join(str(error).split())


def _is_empty(path: str) -> bool:
    try:
        return Path(path).stat().st_size == 0
    except OSError:
        return False
