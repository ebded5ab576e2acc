"""Pictures as tensors."""

import numpy as np
import pytest
import torch
from PIL import Image

from vpns_engine.training.images import DigitImages, FolderImages, resized


@pytest.fixture
def folder(tmp_path):
    """Give four pictures of other modes and sizes; the third file is broken."""
    Image.new("RGB", (12, 6), (10, 20, 30)).save(tmp_path / "a.png")
    Image.new("L", (5, 5), 77).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"not a picture")
    Image.new("RGBA", (9, 9), (1, 2, 3, 128)).save(tmp_path / "d.png")
    return [str(path) for path in sorted(tmp_path.iterdir())]


@pytest.fixture
def source(folder):
    """Give the pictures and what was told of them."""
    told = []
    images = FolderImages(folder, told.append, workers=2)
    yield images, told
    images.close()


def test_that_both_sides_are_resized_and_the_picture_is_rgb(source):
    images, _ = source
    pictures, good = images.fetch(np.array([0, 1, 3]), 8)
    assert pictures.shape == (3, 3, 8, 8) and pictures.dtype == torch.uint8
    assert pictures[:, :, 4, 4].tolist() == [[10, 20, 30], [77, 77, 77], [1, 2, 3]]
    assert good.tolist() == [0, 1, 2]


def test_that_a_broken_picture_is_left_out_named_and_counted_once(source):
    images, told = source
    for _ in range(3):
        pictures, good = images.fetch(np.array([1, 2, 0]), 8)
        assert good.tolist() == [0, 2] and len(pictures) == 2
    assert len(told) == 1
    assert "c.png" in told[0] and "1 skipped so far" in told[0] and "\n" not in told[0]


def test_that_a_batch_of_broken_pictures_is_empty(source):
    images, _ = source
    pictures, good = images.fetch(np.array([2, 2]), 8)
    assert pictures.shape == (0, 3, 8, 8) and good.size == 0


def test_that_a_picture_that_vanished_is_left_out(source, folder):
    images, told = source
    images._paths = [*folder[:3], folder[3] + ".gone"]
    assert images.fetch(np.array([3, 0]), 8)[1].tolist() == [1]
    assert "d.png.gone" in told[0]


def test_that_a_half_written_picture_is_left_out(tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "cut.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "cut.jpg").read_bytes()[:900])
    told = []
    images = FolderImages([str(tmp_path / "cut.jpg")], told.append)
    assert images.fetch(np.array([0]), 8)[1].size == 0
    assert "cut.jpg" in told[0]
    images.close()


def test_that_pictures_come_in_the_order_asked_for(source):
    images, _ = source
    pictures, _ = images.fetch(np.array([3, 0, 1, 0]), 8)
    assert pictures[:, 0, 4, 4].tolist() == [1, 10, 77, 10]


def test_that_the_digits_come_in_every_size():
    images = DigitImages()
    for side in (8, 18):
        pictures, good = images.fetch(np.array([5, 0]), side)
        assert pictures.shape == (2, 3, side, side)
        assert good.tolist() == [0, 1]
    assert torch.equal(images.fetch(np.array([5]), 8)[0], images.fetch(np.array([0, 5]), 8)[0][1:])


def test_that_resizing_keeps_a_plain_colour():
    assert resized(Image.new("RGB", (3, 50), (200, 100, 0)), 16).reshape(3, -1).max(axis=1).tolist() == [200, 100, 0]


def test_that_a_file_is_decoded_once_for_each_size(source, monkeypatch):
    images, _ = source
    opened, open_image = [], Image.open
    monkeypatch.setattr(Image, "open", lambda path: opened.append(path) or open_image(path))
    first, again = (images.fetch(np.array([0, 1, 3]), 8)[0] for _ in range(2))
    assert len(opened) == 3
    assert torch.equal(first, again)
    images.fetch(np.array([0]), 9)
    assert len(opened) == 4
