"""Tiny-ImageNet: 64 x 64 pictures of 200 of ImageNet's classes."""

from pathlib import Path

import numpy as np

from vpns_engine.data_sets.reading import Listing, lines_of, names_in, table_of_listings
from vpns_engine.data_sets.wordnet import words_for
from vpns_engine.errors import EngineError
from vpns_engine.image_folders import SUFFIXES
from vpns_engine.image_table import TEST, TRAIN, IdArray, ImageTable


def read_tiny_imagenet(folder: Path) -> ImageTable:
    """List the pictures of Tiny-ImageNet (folder `tiny-imagenet-200`); its val part is the test, its test has no labels."""
    numbers = tuple(sorted(set(lines_of(folder / "wnids.txt"))))
    if len(numbers) < 2:
        raise EngineError(f"{folder / 'wnids.txt'} names {len(numbers)} classes: at least 2 are needed")
    listings = [_by_folder(folder, numbers, "train", TRAIN), _validation(folder, numbers)]
    return table_of_listings(words_for(numbers, [folder / "words.txt"]), folder, listings)


def _validation(folder: Path, numbers: tuple[str, ...]) -> Listing:
    """List the val pictures: in one folder with a table of their classes, or sorted into class folders by someone."""
    table = folder / "val" / "val_annotations.txt"
    if not (folder / "val" / "images").is_dir():
        return _by_folder(folder, numbers, "val", TEST)
    rows = [line.split("\t") for line in lines_of(table)]
    label = {number: index for index, number in enumerate(numbers)}
    for at, row in enumerate(rows, 1):
        if len(row) < 2 or row[1] not in label:
            raise EngineError(f"{table}: line {at} names no class of wnids.txt: '{' '.join(row)[:80]}'")
    if not rows:
        raise EngineError(f"{table} is empty")
    return Listing(TEST, _array([label[row[1]] for row in rows]), [f"val/images/{row[0]}" for row in rows], table)


def _by_folder(folder: Path, numbers: tuple[str, ...], part_folder: str, part: int) -> Listing:
    names, labels = [], []
    for label, number in enumerate(numbers):
        place = f"{part_folder}/{number}"
        if (folder / place / "images").is_dir():
            place += "/images"
        pictures = [name for name in names_in(folder / place) if Path(name).suffix.casefold() in SUFFIXES]
        if not pictures:
            raise EngineError(f"{folder / place} has no pictures: the data set is not whole")
        names += [f"{place}/{name}" for name in pictures]
        labels += [label] * len(pictures)
    return Listing(part, _array(labels), names, folder / part_folder)


def _array(labels: list[int]) -> IdArray:
    return np.array(labels, dtype=np.int64)
