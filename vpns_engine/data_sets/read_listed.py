"""DTD, Food101 and OxfordPets: text files that list the pictures of each part."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vpns_engine.data_sets.reading import Listing, as_labels, lines_of, readable, table_of_listings
from vpns_engine.errors import EngineError
from vpns_engine.image_table import TEST, TRAIN, VALIDATION, IdArray, ImageTable


def read_dtd(folder: Path) -> ImageTable:
    """List the pictures of DTD (folder `dtd/dtd`), partition 1, which brings a validation part."""
    sources = {
        folder / "labels" / f"{name}1.txt": part for name, part in (("train", TRAIN), ("val", VALIDATION), ("test", TEST))
    }
    names = {source: lines_of(source) for source in sources}
    for source, some in names.items():
        _check_lines(some, source, fields=2, separator="/", example="banded/banded_0002.jpg")
    keys = tuple(sorted({_class_of(name) for some in names.values() for name in some}))
    listings = [Listing(part, _numbered(names[source], keys), names[source], source) for source, part in sources.items()]
    return table_of_listings(tuple(map(readable, keys)), folder / "images", listings)


def read_food101(folder: Path) -> ImageTable:
    """List the pictures of Food101 (folder `food-101`)."""
    sources = {folder / "meta" / "train.json": TRAIN, folder / "meta" / "test.json": TEST}
    names = {source: [f"{name}.jpg" for name in _food_names(source)] for source in sources}
    keys = tuple(sorted({_class_of(name) for some in names.values() for name in some}))
    listings = [Listing(part, _numbered(names[source], keys), names[source], source) for source, part in sources.items()]
    return table_of_listings(tuple(map(readable, keys)), folder / "images", listings)


def read_oxford_pets(folder: Path) -> ImageTable:
    """List the pictures of OxfordPets (folder `oxford-iiit-pet`), by breed."""
    sources = {folder / "annotations" / "trainval.txt": TRAIN, folder / "annotations" / "test.txt": TEST}
    lines = {source: lines_of(source) for source in sources}
    breeds: dict[int, str] = {}
    numbers = {}
    for source, some in lines.items():
        _check_lines(some, source, fields=4, separator=None, example="Abyssinian_100 1 1 1")
        numbers[source] = [_whole(line.split()[1], source, line) for line in some]
        for line, number in zip(some, numbers[source], strict=True):
            breeds.setdefault(number, line.split()[0].rpartition("_")[0])
    listings = [
        Listing(
            part,
            as_labels(numbers[source], len(breeds), source, first=1),
            [f"{line.split()[0]}.jpg" for line in lines[source]],
            source,
        )
        for source, part in sources.items()
    ]
    classes = tuple(readable(breeds[number]).title() for number in sorted(breeds))
    return table_of_listings(classes, folder / "images", listings)


def _food_names(source: Path) -> list[str]:
    try:
        content = json.loads("\n".join(lines_of(source)))
    except ValueError as error:
        raise EngineError(f"{source} is damaged: {error}") from error
    names = [name for some in content.values() if isinstance(some, list) for name in some] if isinstance(content, dict) else []
    if not names or not all(isinstance(name, str) and name.count("/") == 1 for name in names):
        raise EngineError(f"{source} is no list of pictures such as apple_pie/1005649 for each class")
    return names


def _check_lines(lines: Sequence[str], source: Path, *, fields: int, separator: str | None, example: str) -> None:
    if not lines:
        raise EngineError(f"{source} is empty: lines such as '{example}' are expected")
    for number, line in enumerate(lines, 1):
        if len(line.split(separator)) != fields:
            raise EngineError(f"{source}: line {number} is '{line[:80]}', but one such as '{example}' is expected")


def _class_of(name: str) -> str:
    return name.partition("/")[0]


def _numbered(names: Sequence[str], keys: tuple[str, ...]) -> IdArray:
    number = {key: index for index, key in enumerate(keys)}
    return np.array([number[_class_of(name)] for name in names], dtype=np.int64)


def _whole(text: str, source: Path, line: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise EngineError(f"{source}: '{text}' in line '{line[:80]}' is no class number") from None
