"""A file that is cut off, of the wrong shape or with labels outside the range gives one line that names it."""

import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from tests.data_sets.checks import refusal
from tests.data_sets.held_formats import write_idx
from tests.data_sets.writers import write
from vpns_engine.data_sets.tables import read_table

DESCRIBING = [
    ("cifar10", "cifar-10-batches-py/data_batch_3"),
    ("cifar10", "cifar-10-batches-py/batches.meta"),
    ("cifar100", "cifar-100-python/train"),
    ("cifar100", "cifar-100-python/meta"),
    ("flowers102", "flowers-102/setid.mat"),
    ("flowers102", "flowers-102/imagelabels.mat"),
    ("food101", "food-101/meta/train.json"),
    ("mnist", "MNIST/raw/train-images-idx3-ubyte"),
    ("mnist", "MNIST/raw/t10k-labels-idx1-ubyte"),
    ("stanford_cars_devkit", "stanford_cars/devkit/cars_meta.mat"),
    ("stanford_cars_devkit", "stanford_cars/cars_test_annos_withlabels.mat"),
    ("svhn", "train_32x32.mat"),
]
LISTS = [
    ("dtd", "dtd/dtd/labels/val1.txt"),
    ("gtsrb", "gtsrb/GT-final_test.csv"),
    ("oxford_pets", "oxford-iiit-pet/annotations/trainval.txt"),
    ("sun397", "SUN397/ClassName.txt"),
    ("tiny_imagenet", "tiny-imagenet-200/val/val_annotations.txt"),
]


@pytest.mark.parametrize(("written", "name"), DESCRIBING)
@pytest.mark.parametrize("share", [0, 0.5, 0.95])
def test_that_a_file_that_is_cut_off_is_named(written, name, share, tmp_path):
    write(written, tmp_path, per_class=2)
    path = tmp_path / name
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    assert str(path) in refusal(written.removesuffix("_devkit"), tmp_path)


@pytest.mark.parametrize(("key", "name"), LISTS)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01", b"<html>not found</html>\n", b"a\x00b/c\x00d 99 1 1\n"])
def test_that_a_list_with_something_else_in_it_is_named(key, name, content, tmp_path):
    write(key, tmp_path, per_class=2)
    (tmp_path / name).write_bytes(content)
    assert str(tmp_path / name) in refusal(key, tmp_path)


@pytest.mark.parametrize(("written", "name"), [*DESCRIBING, *LISTS])
def test_that_a_folder_in_place_of_a_file_counts_as_missing(written, name, tmp_path):
    write(written, tmp_path, per_class=2)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    message = refusal(written.removesuffix("_devkit"), tmp_path)
    assert Path(name).name in message


def batch(**values) -> bytes:
    return pickle.dumps({"data": np.zeros((2, 3072), np.uint8), "fine_labels": [0, 1], **values}, protocol=2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (batch(fine_labels=[0, 3]), "label 3 of picture 1 is outside the range 0 to 2"),
        (batch(fine_labels=[-1, 0]), "label -1 of picture 0 is outside the range 0 to 2"),
        (batch(fine_labels=["a", "b"]), "no list of whole numbers"),
        (batch(fine_labels=[0.5, 1]), "no list of whole numbers"),
        (batch(fine_labels=[[0], [1, 2]]), "no list of whole numbers"),
        (batch(fine_labels=[]), "no list of whole numbers"),
        (batch(fine_labels=7), "no list of whole numbers"),
        (batch(fine_labels=[0]), "'data' is uint8 of shape (2, 3072), but uint8 of shape (1, 3072) is expected"),
        (batch(data=np.zeros((2, 3071), np.uint8)), "'data' is uint8 of shape (2, 3071)"),
        (batch(data=np.zeros((2, 3072), np.float32)), "'data' is float32 of shape (2, 3072)"),
        (batch(data=b"abc"), "'data' is bytes"),
        (pickle.dumps({"data": 1}), "has no 'fine_labels'"),
    ],
)
def test_that_a_wrong_cifar_batch_is_refused(content, words, tmp_path):
    write("cifar100", tmp_path, per_class=1)
    (tmp_path / "cifar-100-python" / "train").write_bytes(content)
    message = refusal("cifar100", tmp_path)
    assert words in message
    assert str(tmp_path / "cifar-100-python" / "train") in message


def test_that_cifar_names_must_be_names(tmp_path):
    write("cifar100", tmp_path, per_class=1)
    (tmp_path / "cifar-100-python" / "meta").write_bytes(pickle.dumps({"fine_label_names": ["one"]}))
    assert "at least 2 class names" in refusal("cifar100", tmp_path)


def test_that_files_that_changed_since_are_noticed_when_the_pictures_are_read(tmp_path):
    write("cifar100", tmp_path, per_class=2)
    table = read_table("cifar100", tmp_path)
    (tmp_path / "cifar-100-python" / "train").write_bytes(batch())
    with pytest.raises(Exception, match="have changed"):
        table.load()


@pytest.mark.parametrize(
    ("labels", "shape", "words"),
    [
        ([0, 11], (32, 32, 3, 2), "label 11 of picture 1 is outside the range 0 to 10"),
        ([1, 2, 3], (32, 32, 3, 2), "'X' has shape (32, 32, 3, 2), but (32, 32, 3, 3) is expected"),
        ([1, 2], (28, 32, 3, 2), "'X' has shape (28, 32, 3, 2)"),
        ([0.5, 2], (32, 32, 3, 2), "no list of whole numbers"),
    ],
)
def test_that_a_wrong_svhn_file_is_refused(labels, shape, words, tmp_path):
    write("svhn", tmp_path, per_class=1)
    savemat(tmp_path / "test_32x32.mat", {"X": np.zeros(shape, np.uint8), "y": np.array(labels)[:, None]})
    assert words in refusal("svhn", tmp_path)


def test_that_an_svhn_file_of_other_numbers_is_refused_when_it_is_read(tmp_path):
    write("svhn", tmp_path, per_class=1)
    savemat(tmp_path / "test_32x32.mat", {"X": np.zeros((32, 32, 3, 2)), "y": np.array([[1], [2]])})
    assert "'X' is float64" in refusal("svhn", tmp_path, loading=True)


def test_that_an_svhn_file_with_one_picture_is_read(tmp_path):
    write("svhn", tmp_path, per_class=1)
    savemat(tmp_path / "test_32x32.mat", {"X": np.full((32, 32, 3, 1), 7, np.uint8), "y": np.array([[10]])})
    table = read_table("svhn", tmp_path)
    assert (table.load()[-1] == 7).all()
    assert (table.labels[-1], table.parts[-1]) == (0, 2)


def test_that_a_mat_file_without_its_variable_is_refused(tmp_path):
    write("flowers102", tmp_path, per_class=1)
    savemat(tmp_path / "flowers-102" / "setid.mat", {"trnid": np.array([[1]])})
    assert "has no 'valid'" in refusal("flowers102", tmp_path)


def test_that_flower_numbers_outside_the_pictures_are_refused(tmp_path):
    write("flowers102", tmp_path, per_class=1)
    savemat(
        tmp_path / "flowers-102" / "setid.mat", {"trnid": np.array([[1]]), "valid": np.array([[2]]), "tstid": np.array([[99]])}
    )
    assert "99 of picture 0 is outside the range 1 to" in refusal("flowers102", tmp_path)
    savemat(tmp_path / "flowers-102" / "imagelabels.mat", {"labels": np.array([[1, 103]])})
    assert "103 of picture 1 is outside the range 1 to 102" in refusal("flowers102", tmp_path)


def test_that_a_wrong_mnist_file_is_refused(tmp_path):
    write("mnist", tmp_path, per_class=1)
    folder = tmp_path / "MNIST" / "raw"
    labels = (folder / "t10k-labels-idx1-ubyte").read_bytes()
    write_idx(folder / "t10k-labels-idx1-ubyte", np.array([3, 10], dtype=np.uint8))
    assert "label 10 of picture 1 is outside the range 0 to 9" in refusal("mnist", tmp_path)
    write_idx(folder / "t10k-labels-idx1-ubyte", np.array([3, 4], dtype=np.uint8))
    assert "has 10 pictures, but there are 2 labels" in refusal("mnist", tmp_path)
    (folder / "t10k-labels-idx1-ubyte").write_bytes(labels)
    (folder / "t10k-images-idx3-ubyte").write_bytes(bytes((0, 0, 13, 3)) + struct.pack(">3I", 10, 28, 28) + bytes(10 * 784 * 4))
    assert "no idx file of bytes in 3 dimensions" in refusal("mnist", tmp_path)
    (folder / "t10k-images-idx3-ubyte").write_bytes(bytes((0, 0, 8, 3)) + b"\xff" * 12)
    assert "cut off or damaged" in refusal("mnist", tmp_path)
    write_idx(folder / "t10k-images-idx3-ubyte", np.zeros((10, 20, 28), np.uint8))
    assert "different sizes" in refusal("mnist", tmp_path, loading=True)


def test_that_a_pet_of_a_breed_outside_the_range_is_refused(tmp_path):
    write("oxford_pets", tmp_path, per_class=1)
    with (tmp_path / "oxford-iiit-pet" / "annotations" / "test.txt").open("a") as file:
        file.write("beagle_900 38 2 1\n")
    assert "label 38 of picture 3 is outside the range 1 to 4" in refusal("oxford_pets", tmp_path)


def test_that_a_traffic_sign_outside_the_range_is_refused(tmp_path):
    write("gtsrb", tmp_path, per_class=1)
    with (tmp_path / "gtsrb" / "GT-final_test.csv").open("a") as file:
        file.write("00000.ppm;34;34;5;5;29;29;43\n")
    assert "label 43 of picture 3 is outside the range 0 to 42" in refusal("gtsrb", tmp_path)
    (tmp_path / "gtsrb" / "GT-final_test.csv").write_text("Filename;ClassId\n00000.ppm\n")
    assert "no whole number, or a line is cut off" in refusal("gtsrb", tmp_path)
    (tmp_path / "gtsrb" / "GTSRB" / "Training" / "stop").mkdir()
    assert "numbers such as 00007 are expected" in refusal("gtsrb", tmp_path)


def test_that_a_car_outside_the_range_is_refused(tmp_path):
    write("stanford_cars_devkit", tmp_path, per_class=1)
    row = np.array([[(4, "00001.jpg")]], dtype=[("class", object), ("fname", object)])
    savemat(tmp_path / "stanford_cars" / "devkit" / "cars_train_annos.mat", {"annotations": row})
    assert "label 4 of picture 0 is outside the range 1 to 3" in refusal("stanford_cars", tmp_path)
    savemat(tmp_path / "stanford_cars" / "devkit" / "cars_train_annos.mat", {"annotations": np.array([[1, 2]])})
    assert "no fields 'fname' and 'class'" in refusal("stanford_cars", tmp_path)


def test_that_a_validation_picture_of_an_unknown_class_is_refused(tmp_path):
    write("tiny_imagenet", tmp_path, per_class=1)
    with (tmp_path / "tiny-imagenet-200" / "val" / "val_annotations.txt").open("a") as file:
        file.write("val_9.JPEG\tn99999999\t0\t0\t1\t1\n")
    assert "line 4 names no class of wnids.txt: 'val_9.JPEG n99999999" in refusal("tiny_imagenet", tmp_path)


def test_that_classes_that_differ_between_the_parts_of_imagenet_are_named(tmp_path):
    write("imagenet", tmp_path, per_class=1)
    (tmp_path / "imagenet" / "val" / "n01443537").rename(tmp_path / "imagenet" / "val" / "n99999999")
    assert "class 'n01443537' is missing in" in refusal("imagenet", tmp_path)
