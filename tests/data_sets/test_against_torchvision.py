"""torchvision's own classes read the same files to the same labels and pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets
from torchvision.datasets import imagenet

from tests.data_sets.checks import part_of
from tests.data_sets.writers import write
from vpns_engine.data_sets.tables import read_table
from vpns_engine.image_table import TEST, TRAIN, VALIDATION


class _Cifar10(datasets.CIFAR10):
    train_list = [[name, None] for name, _ in datasets.CIFAR10.train_list]  # noqa: RUF012
    test_list = [[name, None] for name, _ in datasets.CIFAR10.test_list]  # noqa: RUF012
    meta = {**datasets.CIFAR10.meta, "md5": None}  # noqa: RUF012


class _Cifar100(datasets.CIFAR100):
    train_list = [[name, None] for name, _ in datasets.CIFAR100.train_list]  # noqa: RUF012
    test_list = [[name, None] for name, _ in datasets.CIFAR100.test_list]  # noqa: RUF012
    meta = {**datasets.CIFAR100.meta, "md5": None}  # noqa: RUF012


class _Flowers102(datasets.Flowers102):
    _file_dict = {part: (name, None) for part, (name, _) in datasets.Flowers102._file_dict.items()}  # noqa: RUF012


class _Svhn(datasets.SVHN):
    split_list = {part: [url, name, None] for part, (url, name, _) in datasets.SVHN.split_list.items()}  # noqa: RUF012


def _imagenet(root: Path, split: str) -> datasets.ImageNet:
    folder = root / "imagenet"
    numbers = sorted(place.name for place in (folder / "train").iterdir())
    torch.save(({number: (number,) for number in numbers}, []), folder / imagenet.META_FILE)
    return datasets.ImageNet(folder, split=split)


READERS = {
    "cifar10": {TRAIN: lambda root: _Cifar10(root, train=True), TEST: lambda root: _Cifar10(root, train=False)},
    "cifar100": {TRAIN: lambda root: _Cifar100(root, train=True), TEST: lambda root: _Cifar100(root, train=False)},
    "dtd": {
        part: lambda root, split=split: datasets.DTD(root, split=split, partition=1)
        for part, split in ((TRAIN, "train"), (VALIDATION, "val"), (TEST, "test"))
    },
    "eurosat": {TRAIN: datasets.EuroSAT},
    "flowers102": {
        part: lambda root, split=split: _Flowers102(root, split=split)
        for part, split in ((TRAIN, "train"), (VALIDATION, "val"), (TEST, "test"))
    },
    "food101": {
        part: lambda root, split=split: datasets.Food101(root, split=split)
        for part, split in ((TRAIN, "train"), (TEST, "test"))
    },
    "gtsrb": {
        part: lambda root, split=split: datasets.GTSRB(root, split=split) for part, split in ((TRAIN, "train"), (TEST, "test"))
    },
    "imagenet": {TRAIN: lambda root: _imagenet(root, "train"), TEST: lambda root: _imagenet(root, "val")},
    "mnist": {TRAIN: lambda root: datasets.MNIST(root, train=True), TEST: lambda root: datasets.MNIST(root, train=False)},
    "oxford_pets": {
        part: lambda root, split=split: datasets.OxfordIIITPet(root, split=split)
        for part, split in ((TRAIN, "trainval"), (TEST, "test"))
    },
    "stanford_cars": {
        part: lambda root, split=split: datasets.ImageFolder(root / "car_data" / "car_data" / split)
        for part, split in ((TRAIN, "train"), (TEST, "test"))
    },
    "stanford_cars_devkit": {
        part: lambda root, split=split: datasets.StanfordCars(root, split=split)
        for part, split in ((TRAIN, "train"), (TEST, "test"))
    },
    "sun397": {TRAIN: datasets.SUN397},
    "svhn": {part: lambda root, split=split: _Svhn(root, split=split) for part, split in ((TRAIN, "train"), (TEST, "test"))},
    # there is no class of torchvision's for it: its training folder is one of class folders, in the order of the numbers
    "tiny_imagenet": {TRAIN: lambda root: datasets.ImageFolder(root / "tiny-imagenet-200" / "train")},
}


@pytest.mark.parametrize("written", READERS)
def test_that_torchvision_reads_the_same_labels_and_pictures(written, tmp_path):
    write(written, tmp_path, per_class=3)
    table = read_table(written.removesuffix("_devkit"), tmp_path)
    for part, reader in READERS[written].items():
        items = sorted((np.asarray(image.convert("RGB")).tobytes(), int(label)) for image, label in reader(tmp_path))
        assert items
        assert part_of(table, part) == items


@pytest.mark.parametrize("written", ["cifar10", "cifar100", "mnist", "svhn"])
def test_that_sets_held_whole_keep_torchvision_s_order(written, tmp_path):
    write(written, tmp_path, per_class=3)
    table = read_table(written, tmp_path)
    theirs = [label for reader in READERS[written].values() for _, label in reader(tmp_path)]
    assert table.labels.tolist() == theirs
    assert np.array_equal(table.load()[0], np.asarray(READERS[written][TRAIN](tmp_path)[0][0].convert("RGB")))


@pytest.mark.parametrize("written", ["cifar10", "cifar100", "dtd", "eurosat", "food101", "oxford_pets", "stanford_cars_devkit"])
def test_that_classes_are_in_torchvision_s_order(written, tmp_path):
    write(written, tmp_path, per_class=2)
    names = [name.replace("_", " ") for name in READERS[written][TRAIN](tmp_path).classes]
    assert list(read_table(written.removesuffix("_devkit"), tmp_path).classes) == names
