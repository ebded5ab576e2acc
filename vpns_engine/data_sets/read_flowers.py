"""Flowers102: a folder of numbered pictures, labels and parts in MATLAB files."""

from pathlib import Path

from vpns_engine.data_sets.class_names import class_names
from vpns_engine.data_sets.mat_files import read_mat
from vpns_engine.data_sets.reading import Listing, as_labels, table_of_listings
from vpns_engine.image_table import TEST, TRAIN, VALIDATION, ImageTable

_PARTS = {TRAIN: "trnid", VALIDATION: "valid", TEST: "tstid"}


def read_flowers102(folder: Path) -> ImageTable:
    """List the pictures of Flowers102 (folder `flowers-102`), which brings a validation part."""
    classes = class_names("flowers102")
    labels_path, parts_path = folder / "imagelabels.mat", folder / "setid.mat"
    labels = as_labels(read_mat(labels_path, "labels"), len(classes), labels_path, first=1)
    listings = []
    for part, name in _PARTS.items():
        # picture numbers start at 1 as well
        ids = as_labels(read_mat(parts_path, name), labels.size, parts_path, first=1)
        listings.append(Listing(part, labels[ids], [f"image_{number + 1:05d}.jpg" for number in ids], parts_path))
    return table_of_listings(classes, folder / "jpg", listings)
