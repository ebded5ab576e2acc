"""Every named data set is read from the files in which it really stands on the disk."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.data_sets.checks import colour_classes, opened, refusal
from tests.data_sets.writers import write
from vpns_engine.data_sets.layout import LAYOUTS, folder_of, missing
from vpns_engine.data_sets.tables import read_table
from vpns_engine.datasets import split_of
from vpns_engine.specs.data import DATASET_LABELS, NAMED, DataSpec

WRITTEN = (*NAMED, "stanford_cars_devkit")
IN_FILES = tuple(key for key in NAMED if key not in ("cifar10", "cifar100", "mnist", "svhn"))
OWN_VALIDATION = ("dtd", "flowers102")
NO_TEST = ("eurosat", "sun397")


def key_of(written: str) -> str:
    return written.removesuffix("_devkit")


def test_that_every_named_set_has_a_layout():
    assert set(LAYOUTS) == set(NAMED)


@pytest.mark.parametrize("written", WRITTEN)
def test_that_every_picture_gets_the_label_and_the_part_it_was_written_for(written, tmp_path):
    plan = write(written, tmp_path, per_class=4)
    table = read_table(key_of(written), tmp_path)
    counts = np.zeros((3, len(table.classes)), dtype=int)
    np.add.at(counts, (table.parts, table.labels), 1)
    expected = [4, 2 if written in OWN_VALIDATION else 0, 0 if written in NO_TEST else 2]
    assert (counts[:, : plan.classes] == np.array(expected)[:, None]).all()
    assert counts[:, plan.classes :].sum() == 0
    assert np.array_equal(colour_classes(opened(table), plan.classes), table.labels)


@pytest.mark.parametrize("written", WRITTEN)
def test_that_a_set_behind_symbolic_links_is_found(written, tmp_path):
    write(written, tmp_path / "elsewhere", per_class=2)
    root = tmp_path / "root"
    root.mkdir()
    for entry in (tmp_path / "elsewhere").iterdir():
        (root / entry.name).symlink_to(entry)
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    direct, linked = (read_table(key_of(written), place) for place in (tmp_path / "elsewhere", tmp_path / "link"))
    assert np.array_equal(direct.labels, linked.labels)
    assert len(opened(linked)) == len(direct)


@pytest.mark.parametrize("key", NAMED)
def test_that_a_set_in_a_folder_of_its_own_name_is_found(key, tmp_path):
    write(key, tmp_path / key, per_class=2)
    assert missing(key, tmp_path) == ()
    assert len(read_table(key, tmp_path)) > 0


@pytest.mark.parametrize("key", NAMED)
def test_that_a_set_that_is_not_there_is_refused_with_what_was_looked_for_and_where(key, tmp_path):
    message = refusal(key, tmp_path / "gone")
    assert message.startswith(f"{DATASET_LABELS[key]} is not there")
    assert str(tmp_path / "gone") in message
    assert all(layout.folder in message or layout.folder == "." for layout in LAYOUTS[key])
    assert missing(key, tmp_path / "gone") == LAYOUTS[key][0].needs
    assert folder_of(key, tmp_path / "gone") == tmp_path / "gone" / LAYOUTS[key][0].folder


@pytest.mark.parametrize("key", [key for key in NAMED if len(LAYOUTS[key][0].needs) > 1])
def test_that_a_set_that_is_half_there_is_refused_with_what_is_missing(key, tmp_path):
    write(key, tmp_path, per_class=2)
    layout = LAYOUTS[key][0]
    lost = folder_of(key, tmp_path) / layout.needs[-1].removesuffix("n*/")
    if lost.is_dir():
        shutil.rmtree(lost)
    else:
        lost.unlink()
    message = refusal(key, tmp_path)
    assert missing(key, tmp_path) == (layout.needs[-1],)
    assert f"{DATASET_LABELS[key]} is not whole: {layout.needs[-1]} missing in" in message


@pytest.mark.parametrize("key", [key for key in IN_FILES if key not in ("eurosat", "imagenet", "stanford_cars", "sun397")])
def test_that_a_listed_picture_that_is_missing_is_named(key, tmp_path):
    write(key, tmp_path, per_class=3)
    lost = Path(read_table(key, tmp_path).paths[-1])
    lost.unlink()
    message = refusal(key, tmp_path)
    assert message.startswith("1 of ")
    assert lost.name in message
    assert "not whole" in message


@pytest.mark.parametrize("key", ["eurosat", "gtsrb", "imagenet", "stanford_cars", "sun397", "tiny_imagenet"])
def test_that_a_class_folder_without_pictures_is_named(key, tmp_path):
    write(key, tmp_path, per_class=2)
    place = Path(read_table(key, tmp_path).paths[0]).parent
    for file in place.iterdir():
        file.unlink()
    message = refusal(key, tmp_path)
    assert str(place) in message or (place.name in message and str(place.parent) in message)


def test_that_the_order_does_not_depend_on_the_file_system(tmp_path, monkeypatch):
    write("gtsrb", tmp_path, per_class=6)
    first = read_table("gtsrb", tmp_path).paths
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda place: list(reversed(listdir(place))))
    assert read_table("gtsrb", tmp_path).paths == first


def test_that_class_names_are_words(tmp_path):
    for key, expected in {
        "cifar10": ("airplane", "automobile", "bird"),
        "cifar100": ("fine thing 000", "fine thing 001", "fine thing 002"),
        "flowers102": ("pink primrose", "hard-leaved pocket orchid", "canterbury bells"),
        "food101": ("apple pie", "baby back ribs", "baklava"),
        "gtsrb": ("speed limit 20 km/h", "speed limit 30 km/h", "speed limit 50 km/h"),
        "oxford_pets": ("Abyssinian", "American Bulldog", "American Pit Bull Terrier"),
        "sun397": ("abbey", "airplane cabin", "apartment building/outdoor"),
        "tiny_imagenet": ("goldfish", "European fire salamander", "bullfrog"),
    }.items():
        write(key, tmp_path, per_class=1)
        assert read_table(key, tmp_path).classes[:3] == expected


def test_that_imagenet_has_words_where_a_file_gives_them(tmp_path):
    write("imagenet", tmp_path, per_class=1)
    assert read_table("imagenet", tmp_path).classes == ("n01443537", "n01629819", "n01641577")
    lines = ("n01443537 goldfish, Carassius auratus", "n01629819 crane", "n01641577 crane", "n02012849 other")
    (tmp_path / "imagenet" / "LOC_synset_mapping.txt").write_text("\n".join(lines))
    assert read_table("imagenet", tmp_path).classes == ("goldfish", "crane (n01629819)", "crane (n01641577)")


def test_that_the_thousand_classes_of_imagenet_are_known_by_their_order(tmp_path):
    numbers = ["n01440764", *(f"n02{number:06d}" for number in range(998)), "n15075141"]
    for part in ("train", "val"):
        for number in numbers:
            (tmp_path / part / number).mkdir(parents=True)
            (tmp_path / part / number / "a.JPEG").touch()
    classes = read_table("imagenet", tmp_path).classes
    assert (classes[0], classes[1], classes[999]) == ("tench", "goldfish", "toilet tissue")
    assert len(set(classes)) == 1000


def test_that_imagenet_may_be_the_data_root_itself_but_other_folders_may_not(tmp_path):
    write("imagenet", tmp_path, per_class=1)
    assert len(read_table("imagenet", tmp_path / "imagenet")) == 6
    for part in ("train", "val"):
        (tmp_path / "imagenet" / part / "n01443537").rename(tmp_path / "imagenet" / part / "goldfish")
    assert "goldfish is no class of ImageNet" in refusal("imagenet", tmp_path / "imagenet")


def test_that_any_folder_with_train_and_val_is_not_taken_for_imagenet(tmp_path):
    for part in ("train", "val"):
        (tmp_path / part / "cat").mkdir(parents=True)
        (tmp_path / part / "cat" / "1.png").touch()
    assert missing("imagenet", tmp_path) == ("train/n*/", "val/n*/")
    assert "ImageNet is not there" in refusal("imagenet", tmp_path)


def test_that_unsorted_validation_pictures_of_imagenet_are_seen_without_reading(tmp_path):
    write("imagenet", tmp_path, per_class=1)
    shutil.rmtree(tmp_path / "imagenet" / "val")
    (tmp_path / "imagenet" / "val").mkdir()
    (tmp_path / "imagenet" / "val" / "ILSVRC2012_val_00000001.JPEG").touch()
    assert missing("imagenet", tmp_path) == ("val/n*/",)


def test_that_a_data_root_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda place, _mode: Path(place) != tmp_path)
    assert refusal("dtd", tmp_path) == f"the data root {tmp_path} cannot be read: no permission"


def test_that_a_data_root_that_no_folder_can_have_is_refused():
    assert "is not there" in refusal("dtd", Path("a\0b"))


def test_that_a_relative_data_root_gives_absolute_paths(tmp_path, monkeypatch):
    write("dtd", tmp_path / "data", per_class=4)
    monkeypatch.chdir(tmp_path)
    split = split_of(DataSpec(dataset="dtd", root="data"), 0)
    assert all(Path(path).is_absolute() for path in split.paths)


def test_that_tiny_imagenet_sorted_into_val_folders_is_read_too(tmp_path):
    write("tiny_imagenet", tmp_path, per_class=4)
    before = read_table("tiny_imagenet", tmp_path)
    folder = tmp_path / "tiny-imagenet-200"
    numbers = sorted((folder / "wnids.txt").read_text().split())
    for path, label in zip(before.paths, before.labels, strict=True):
        if "/val/" in path:
            place = folder / "val" / numbers[label]
            place.mkdir(exist_ok=True)
            Path(path).rename(place / Path(path).name)
    (folder / "val" / "images").rmdir()
    after = read_table("tiny_imagenet", tmp_path)
    assert after.classes == before.classes
    assert np.array_equal(after.labels[after.parts == 2], np.sort(before.labels[before.parts == 2]))
    assert np.array_equal(colour_classes(opened(after), 3), after.labels)
