"""Data sets: every image is in one part, and the same seed gives the same parts."""

import os
from pathlib import Path

import numpy as np
import pytest

from vpns_engine.datasets import MIN_VALIDATION_PER_CLASS, Part, describe, split_of
from vpns_engine.errors import EngineError
from vpns_engine.specs.data import DataSpec


def make_images(folder: Path, count: int, suffix: str = ".png") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:04d}{suffix}").touch()


def folder_spec(folder: Path, **values) -> DataSpec:
    return DataSpec(dataset="folder", folder=str(folder), **values)


def per_class(part: Part, num_classes: int) -> list[int]:
    return np.bincount(part.labels, minlength=num_classes).tolist()


def assert_parts_cover(split, total: int) -> None:
    ids = np.concatenate([split.train.ids, split.validation.ids, split.test.ids])
    assert sorted(ids.tolist()) == list(range(total))


def test_that_the_digits_have_twenty_training_images_of_each_class():
    split = split_of(DataSpec(), 0)
    assert split.classes == tuple("0123456789")
    assert per_class(split.train, 10) == [20] * 10
    assert len(split.test) == 600
    assert not set(split.train.ids) & set(split.test.ids)


def test_that_the_paper_protocol_trains_on_the_validation_digits_too():
    held_out, paper = split_of(DataSpec(), 0), split_of(DataSpec(protocol="paper"), 0)
    assert len(paper.validation) == 0
    assert set(paper.train.ids) == set(held_out.train.ids) | set(held_out.validation.ids)
    assert np.array_equal(paper.test.ids, held_out.test.ids)


def test_that_class_folders_are_split_by_class(tmp_path):
    make_images(tmp_path / "cat", 100)
    make_images(tmp_path / "dog", 50)
    split = split_of(folder_spec(tmp_path), 7)
    assert split.classes == ("cat", "dog")
    assert per_class(split.test, 2) == [20, 10]
    assert per_class(split.validation, 2) == [8, MIN_VALIDATION_PER_CLASS]
    assert per_class(split.train, 2) == [72, 35]
    assert_parts_cover(split, 150)


def test_that_labels_agree_with_the_folder_an_image_is_in(tmp_path):
    make_images(tmp_path / "cat", 30)
    make_images(tmp_path / "dog", 30)
    split = split_of(folder_spec(tmp_path), 7)
    for part in (split.train, split.validation, split.test):
        named = [Path(split.paths[i]).parent.name for i in part.ids]
        assert named == [split.classes[label] for label in part.labels]


def test_that_only_the_seed_changes_the_split(tmp_path):
    make_images(tmp_path / "cat", 60)
    make_images(tmp_path / "dog", 60)
    first, again, other = (split_of(folder_spec(tmp_path), seed) for seed in (7, 7, 8))
    assert np.array_equal(first.test.ids, again.test.ids)
    assert np.array_equal(first.validation.ids, again.validation.ids)
    assert not np.array_equal(first.test.ids, other.test.ids)


def test_that_the_test_images_do_not_depend_on_the_protocol(tmp_path):
    make_images(tmp_path / "cat", 60)
    make_images(tmp_path / "dog", 60)
    held_out = split_of(folder_spec(tmp_path), 7)
    paper = split_of(folder_spec(tmp_path, protocol="paper"), 7)
    assert np.array_equal(held_out.test.ids, paper.test.ids)
    assert len(paper.validation) == 0
    assert len(paper.train) == 96


def test_that_val_is_the_test_part_where_there_is_no_test(tmp_path):
    for name in ("cat", "dog"):
        make_images(tmp_path / "train" / name, 40)
        make_images(tmp_path / "val" / name, 9)
    split = split_of(folder_spec(tmp_path), 7)
    assert all("/val/" in Path(split.paths[i]).as_posix() for i in split.test.ids)
    assert (len(split.train), len(split.validation), len(split.test)) == (70, 10, 18)


def test_that_train_val_and_test_are_taken_as_they_are(tmp_path):
    for part, count in (("train", 6), ("val", 3), ("test", 4)):
        for name in ("cat", "dog"):
            make_images(tmp_path / part / name, count)
    info = describe(folder_spec(tmp_path))
    assert (info.num_train, info.num_validation, info.num_test) == (12, 6, 8)
    paper = describe(folder_spec(tmp_path, protocol="paper"))
    assert (paper.num_train, paper.num_validation, paper.num_test) == (18, 0, 8)


def test_that_a_class_may_be_called_train(tmp_path):
    make_images(tmp_path / "train" / "steam", 20)
    make_images(tmp_path / "bus", 20)
    assert describe(folder_spec(tmp_path)).classes == ("bus", "train")


def test_that_nested_images_count_and_hidden_or_other_files_do_not(tmp_path):
    make_images(tmp_path / "cat" / "a" / "b", 20, ".JPeG")
    make_images(tmp_path / "dog", 20)
    make_images(tmp_path / ".cache", 20)
    make_images(tmp_path / "dog" / ".thumbs", 20)
    (tmp_path / "dog" / ".hidden.png").touch()
    (tmp_path / "dog" / "notes.txt").touch()
    split = split_of(folder_spec(tmp_path), 7)
    assert split.classes == ("cat", "dog")
    assert len(split.paths) == 40


def test_that_a_link_that_leads_back_up_is_not_followed_for_ever(tmp_path):
    make_images(tmp_path / "cat", 20)
    make_images(tmp_path / "dog", 20)
    (tmp_path / "cat" / "again").symlink_to(tmp_path / "cat", target_is_directory=True)
    assert len(split_of(folder_spec(tmp_path), 7).paths) == 40


def test_that_a_relative_folder_gives_absolute_paths(tmp_path, monkeypatch):
    make_images(tmp_path / "set" / "cat", 20)
    make_images(tmp_path / "set" / "dog", 20)
    monkeypatch.chdir(tmp_path)
    assert all(Path(path).is_absolute() for path in split_of(folder_spec(Path("set")), 7).paths)


def refusal(folder: Path, **values) -> str:
    with pytest.raises(EngineError) as caught:
        split_of(folder_spec(folder, **values), 0)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_that_a_missing_folder_is_named(tmp_path):
    assert str(tmp_path / "gone") in refusal(tmp_path / "gone")


def test_that_a_folder_without_images_is_refused(tmp_path):
    assert "no images" in refusal(tmp_path)
    (tmp_path / "cat").mkdir()
    assert "no images" in refusal(tmp_path)


def test_that_images_without_class_folders_are_refused(tmp_path):
    make_images(tmp_path, 5)
    assert "folder of its own" in refusal(tmp_path)


def test_that_one_class_is_refused(tmp_path):
    make_images(tmp_path / "cat", 20)
    assert "at least 2" in refusal(tmp_path)


def test_that_an_empty_class_is_named(tmp_path):
    make_images(tmp_path / "cat", 20)
    (tmp_path / "dog").mkdir()
    assert "'dog'" in refusal(tmp_path)


def test_that_classes_must_agree_between_parts(tmp_path):
    for name in ("cat", "dog"):
        make_images(tmp_path / "train" / name, 20)
    make_images(tmp_path / "test" / "cat", 5)
    make_images(tmp_path / "test" / "emu", 5)
    assert "'dog' is missing" in refusal(tmp_path)
    make_images(tmp_path / "test" / "dog", 5)
    message = refusal(tmp_path)
    assert "'emu' is missing" in message
    assert str(tmp_path / "train") in message


def test_that_a_class_that_validation_would_use_up_is_refused(tmp_path):
    for part in ("train", "test"):
        make_images(tmp_path / part / "cat", 20)
        make_images(tmp_path / part / "dog", 5)
    assert "'dog'" in refusal(tmp_path)
    assert describe(folder_spec(tmp_path, protocol="paper")).num_train == 25


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may read everything")
def test_that_an_unreadable_folder_is_named(tmp_path):
    make_images(tmp_path / "cat", 20)
    make_images(tmp_path / "dog", 20)
    (tmp_path / "dog").chmod(0)
    try:
        assert "cannot be read" in refusal(tmp_path)
    finally:
        (tmp_path / "dog").chmod(0o700)
