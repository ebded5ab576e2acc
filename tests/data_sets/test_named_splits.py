"""Named data sets through `split_of`: the parts a run gets, and where the set is looked for."""

import numpy as np
import pytest

from tests.data_sets.writers import write
from vpns_engine.datasets import describe, root_of, split_of
from vpns_engine.errors import EngineError
from vpns_engine.folders import set_data_folder
from vpns_engine.specs.data import DataSpec


def spec(key, root, **values) -> DataSpec:
    return DataSpec(dataset=key, root=str(root), **values)


def per_class(part, num_classes=3) -> list[int]:
    return np.bincount(part.labels, minlength=num_classes)[:num_classes].tolist()


def test_that_validation_is_drawn_from_the_training_images_where_a_set_brings_none(tmp_path):
    write("cifar100", tmp_path, per_class=20)
    split = split_of(spec("cifar100", tmp_path, validation_share=0.3), 7)
    assert (per_class(split.train), per_class(split.validation), per_class(split.test)) == ([14] * 3, [6] * 3, [10] * 3)
    paper = split_of(spec("cifar100", tmp_path, protocol="paper"), 7)
    assert (per_class(paper.train), len(paper.validation), per_class(paper.test)) == ([20] * 3, 0, [10] * 3)
    assert np.array_equal(paper.test.ids, split.test.ids)


@pytest.mark.parametrize("key", ["dtd", "flowers102"])
def test_that_a_set_s_own_validation_is_taken_as_it_is(key, tmp_path):
    write(key, tmp_path, per_class=6)
    seeds = [split_of(spec(key, tmp_path), seed) for seed in (7, 8)]
    assert np.array_equal(seeds[0].validation.ids, seeds[1].validation.ids)
    assert (per_class(seeds[0].train), per_class(seeds[0].validation), per_class(seeds[0].test)) == ([6] * 3, [3] * 3, [3] * 3)
    paper = describe(spec(key, tmp_path, protocol="paper"))
    assert (paper.num_train, paper.num_validation, paper.num_test) == (27, 0, 9)


@pytest.mark.parametrize("key", ["eurosat", "sun397"])
def test_that_a_set_without_test_images_gets_a_seeded_test_part(key, tmp_path):
    write(key, tmp_path, per_class=20)
    first, again, other = (split_of(spec(key, tmp_path, test_share=0.25), seed) for seed in (7, 7, 8))
    assert per_class(first.test) == [5] * 3
    assert np.array_equal(first.test.ids, again.test.ids)
    assert not np.array_equal(first.test.ids, other.test.ids)
    paper = split_of(spec(key, tmp_path, test_share=0.25, protocol="paper"), 7)
    assert np.array_equal(first.test.ids, paper.test.ids)
    ids = np.concatenate([first.train.ids, first.validation.ids, first.test.ids])
    assert sorted(ids.tolist()) == list(range(60))


def test_that_labels_of_a_split_belong_to_the_rows_that_load_gives(tmp_path):
    write("mnist", tmp_path, per_class=10)
    split = split_of(spec("mnist", tmp_path), 7)
    pictures = split.load()
    for part in (split.train, split.validation, split.test):
        greys = (pictures[part.ids].mean((1, 2, 3)) - 12) // 24
        assert np.array_equal(greys, part.labels)


def test_that_the_digits_are_held_whole_too():
    split = split_of(DataSpec(), 0)
    pictures = split.load()
    assert (pictures.shape, pictures.dtype) == ((1797, 8, 8, 3), np.uint8)
    assert split.paths == ()


def test_that_a_class_without_any_image_is_no_reason_to_refuse(tmp_path):
    write("svhn", tmp_path, per_class=10, classes=4)
    split = split_of(spec("svhn", tmp_path), 7)
    assert len(split.classes) == 10
    assert per_class(split.train, 10) == [5] * 4 + [0] * 6


def test_that_a_class_that_validation_would_use_up_is_named(tmp_path):
    write("food101", tmp_path, per_class=5)
    with pytest.raises(EngineError, match="class 'apple pie' would have no training image: of its 5"):
        split_of(spec("food101", tmp_path), 0)


def test_that_a_set_is_looked_for_below_the_data_root_that_is_set(tmp_path, monkeypatch):
    write("cifar10", tmp_path / "setting", per_class=6)
    write("cifar10", tmp_path / "environment", per_class=7)
    write("cifar10", tmp_path / "own", per_class=8)
    monkeypatch.setenv("VPNS_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("VPNS_DATA", raising=False)
    set_data_folder(tmp_path / "setting")
    plain, own = DataSpec(dataset="cifar10"), spec("cifar10", tmp_path / "own")
    assert describe(plain).num_train + describe(plain).num_validation == 60
    monkeypatch.setenv("VPNS_DATA", str(tmp_path / "environment"))
    assert describe(plain).num_train + describe(plain).num_validation == 70
    assert describe(own).num_train + describe(own).num_validation == 80
    assert root_of(own) == tmp_path / "own"


def test_that_the_data_set_of_an_imported_checkpoint_must_be_chosen():
    with pytest.raises(EngineError, match="choose one"):
        describe(DataSpec(dataset="unknown"))


def test_that_files_that_are_no_images_are_told(tmp_path):
    for name in ("猫", "кот"):
        (tmp_path / name).mkdir()
        for number in range(8):
            (tmp_path / name / f"{number}.png").touch()
    (tmp_path / "猫" / "photo.heic").touch()
    (tmp_path / "猫" / ".hidden").touch()
    assert describe(DataSpec(dataset="folder", folder=str(tmp_path))).skipped == (str(tmp_path / "猫" / "photo.heic"),)
