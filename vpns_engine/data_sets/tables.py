"""Read a named data set: one table, whatever its files look like."""

from collections.abc import Callable
from pathlib import Path

from vpns_engine.data_sets.layout import whole_place
from vpns_engine.data_sets.read_cifar import read_cifar10, read_cifar100
from vpns_engine.data_sets.read_flowers import read_flowers102
from vpns_engine.data_sets.read_folders import read_eurosat, read_imagenet, read_stanford_cars, read_sun397
from vpns_engine.data_sets.read_gtsrb import read_gtsrb
from vpns_engine.data_sets.read_listed import read_dtd, read_food101, read_oxford_pets
from vpns_engine.data_sets.read_mnist import read_mnist
from vpns_engine.data_sets.read_svhn import read_svhn
from vpns_engine.data_sets.read_tiny_imagenet import read_tiny_imagenet
from vpns_engine.image_table import ImageTable
from vpns_engine.specs.data import Dataset

_READERS: dict[Dataset, Callable[[Path], ImageTable]] = {
    "cifar10": read_cifar10,
    "cifar100": read_cifar100,
    "dtd": read_dtd,
    "eurosat": read_eurosat,
    "flowers102": read_flowers102,
    "food101": read_food101,
    "gtsrb": read_gtsrb,
    "imagenet": read_imagenet,
    "mnist": read_mnist,
    "oxford_pets": read_oxford_pets,
    "stanford_cars": read_stanford_cars,
    "sun397": read_sun397,
    "svhn": read_svhn,
    "tiny_imagenet": read_tiny_imagenet,
}


def read_table(key: Dataset, root: Path) -> ImageTable:
    """List the images of a named data set (`specs.data.NAMED`) below a data root; no picture is decoded.

    Raises:
        EngineError: the set is not there or not whole, a file is damaged, or a label is outside its range.
    """
    return _READERS[key](whole_place(key, root).folder)
