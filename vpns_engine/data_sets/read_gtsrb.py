"""GTSRB: German traffic signs, numbered class folders and a table for the test pictures."""

import csv
from pathlib import Path

import numpy as np

from vpns_engine.data_sets.class_names import class_names
from vpns_engine.data_sets.reading import Listing, as_labels, lines_of, names_in, table_of_listings
from vpns_engine.errors import EngineError
from vpns_engine.image_table import TEST, TRAIN, ImageTable

_TRAIN_FOLDER, _TEST_FOLDER = "Training", "Final_Test/Images"


def read_gtsrb(folder: Path) -> ImageTable:
    """List the pictures of GTSRB (folder `gtsrb`)."""
    listings = [_train(folder / "GTSRB" / _TRAIN_FOLDER), _test(folder / "GT-final_test.csv")]
    return table_of_listings(class_names("gtsrb"), folder / "GTSRB", listings)


def _train(folder: Path) -> Listing:
    places = [name for name in names_in(folder) if (folder / name).is_dir()]
    wrong = [name for name in places if not (name.isascii() and name.isdigit())]
    if wrong:
        raise EngineError(f"{folder / wrong[0]} is no folder of a class: numbers such as 00007 are expected")
    names, numbers = [], []
    for place in places:
        pictures = [name for name in names_in(folder / place) if name.endswith(".ppm")]
        if not pictures:
            raise EngineError(f"{folder / place} has no pictures (.ppm): the data set is not whole")
        names += [f"{_TRAIN_FOLDER}/{place}/{name}" for name in pictures]
        numbers += [int(place)] * len(pictures)
    return Listing(TRAIN, as_labels(numbers, len(class_names("gtsrb")), folder), names, folder)


def _test(path: Path) -> Listing:
    rows = list(csv.DictReader(lines_of(path), delimiter=";", skipinitialspace=True))
    if not rows or not {"Filename", "ClassId"} <= set(rows[0]):
        raise EngineError(f"{path}: columns Filename and ClassId are expected")
    try:
        numbers = np.array([int(row["ClassId"]) for row in rows])
    except (TypeError, ValueError) as error:
        raise EngineError(f"{path}: a ClassId is no whole number, or a line is cut off") from error
    names = [f"{_TEST_FOLDER}/{row['Filename']}" for row in rows]
    return Listing(TEST, as_labels(numbers, len(class_names("gtsrb")), path), names, path)
