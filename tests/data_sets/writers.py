"""Write miniature data sets in the formats in which the real ones stand on the disk."""

from collections.abc import Callable
from pathlib import Path

from tests.data_sets import folder_formats, held_formats, listed_formats
from tests.data_sets.pictures import Plan

_WRITERS: dict[str, Callable[[Path, Plan], None]] = {
    "cifar10": held_formats.write_cifar10,
    "cifar100": held_formats.write_cifar100,
    "dtd": listed_formats.write_dtd,
    "eurosat": folder_formats.write_eurosat,
    "flowers102": listed_formats.write_flowers102,
    "food101": listed_formats.write_food101,
    "gtsrb": listed_formats.write_gtsrb,
    "imagenet": folder_formats.write_imagenet,
    "mnist": held_formats.write_mnist,
    "oxford_pets": listed_formats.write_oxford_pets,
    "stanford_cars": folder_formats.write_stanford_cars,
    "stanford_cars_devkit": folder_formats.write_stanford_cars_devkit,
    "sun397": folder_formats.write_sun397,
    "svhn": held_formats.write_svhn,
    "tiny_imagenet": listed_formats.write_tiny_imagenet,
}


def write(key: str, root: Path, *, per_class: int = 8, classes: int | None = None) -> Plan:
    """Write a set below `root`, where torchvision would look for it.

    Args:
        key: one of `vpns_engine.specs.data.NAMED`, or `stanford_cars_devkit` for that set in its other layout.
        root: the data root; it is made.
        per_class: training images of each class; half as many (at least one) for each of the other parts.
        classes: how many classes have images; not given: all 10 of the digits and of CIFAR-10, else 3.

    Returns:
        What was written: see `Plan`.
    """
    plan = Plan(classes or (10 if key in ("cifar10", "mnist", "svhn") else 3), per_class)
    root.mkdir(parents=True, exist_ok=True)
    _WRITERS[key](root, plan)
    return plan
