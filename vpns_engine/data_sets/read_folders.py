"""EuroSAT, ImageNet, StanfordCars and SUN397: a folder for each class."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from vpns_engine.data_sets.mat_files import read_mat
from vpns_engine.data_sets.reading import Listing, as_labels, lines_of, names_in, readable, table_of_listings
from vpns_engine.data_sets.wordnet import is_wordnet_number, words_for
from vpns_engine.errors import EngineError
from vpns_engine.image_folders import table_of_folders
from vpns_engine.image_table import TEST, TRAIN, ImageTable


def read_eurosat(folder: Path) -> ImageTable:
    """List the pictures of EuroSAT (folder `eurosat`), all as training images."""
    return table_of_folders({TRAIN: folder / "2750"})


def read_imagenet(folder: Path) -> ImageTable:
    """List the pictures of ImageNet (folder `imagenet`, or the root itself); its val part is the test."""
    table = table_of_folders({TRAIN: folder / "train", TEST: folder / "val"})
    if wrong := [name for name in table.classes if not is_wordnet_number(name)]:
        raise EngineError(f"{folder / 'train' / wrong[0]} is no class of ImageNet: folders such as n01440764 are expected")
    return replace(table, classes=words_for(table.classes, [folder / "LOC_synset_mapping.txt", folder / "words.txt"]))


def read_stanford_cars(folder: Path) -> ImageTable:
    """List the pictures of StanfordCars (folder `car_data/car_data` as on Kaggle, or `stanford_cars` as in torchvision)."""
    if not (folder / "devkit").is_dir():
        return table_of_folders({TRAIN: folder / "train", TEST: folder / "test"})
    names_path = folder / "devkit" / "cars_meta.mat"
    classes = read_mat(names_path, "class_names")
    if not isinstance(classes, list) or len(classes) < 2 or not all(isinstance(name, str) for name in classes):
        raise EngineError(f"{names_path}: 'class_names' is no list of at least 2 names")
    listings = [
        _annotated(folder / "devkit" / "cars_train_annos.mat", "cars_train", TRAIN, len(classes)),
        _annotated(folder / "cars_test_annos_withlabels.mat", "cars_test", TEST, len(classes)),
    ]
    return table_of_listings(tuple(classes), folder, listings)


def read_sun397(folder: Path) -> ImageTable:
    """List the pictures of SUN397 (folder `SUN397`), all as training images."""
    source = folder / "ClassName.txt"
    # a line is /a/abbey: the first letter is a folder as well
    places = [line.strip("/") for line in lines_of(source)]
    if len(places) < 2 or any("/" not in place for place in places):
        raise EngineError(f"{source}: lines such as /a/abbey are expected, at least 2")
    names, labels = [], []
    for label, place in enumerate(places):
        pictures = [name for name in names_in(folder / place) if name.startswith("sun_") and name.endswith(".jpg")]
        if not pictures:
            raise EngineError(f"{folder / place} has no pictures (sun_*.jpg): the data set is not whole")
        names += [f"{place}/{name}" for name in pictures]
        labels += [label] * len(pictures)
    classes = tuple(readable(place.partition("/")[2]) for place in places)
    return table_of_listings(classes, folder, [Listing(TRAIN, np.array(labels, dtype=np.int64), names, source)])


def _annotated(path: Path, pictures: str, part: int, num_classes: int) -> Listing:
    rows = read_mat(path, "annotations")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("fname"), str) for row in rows):
        raise EngineError(f"{path}: 'annotations' has no fields 'fname' and 'class'")
    numbers = [value[0] if isinstance(value := row.get("class"), np.ndarray) and value.size == 1 else None for row in rows]
    labels = as_labels(numbers, num_classes, path, first=1)
    return Listing(part, labels, [f"{pictures}/{row['fname']}" for row in rows], path)
