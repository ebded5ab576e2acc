"""Pictures that are held whole, and how a data set's are opened."""

import numpy as np
import pytest
import torch
from PIL import Image

from vpns_engine.datasets import split_of
from vpns_engine.errors import EngineError
from vpns_engine.specs.data import DataSpec
from vpns_engine.training.image_files import FileImages
from vpns_engine.training.images import HeldImages, ImageSource, SmallImages
from vpns_engine.training.sources import open_source
from vpns_engine.training.transforms import drawn_cuts, whole_picture

CPU = torch.device("cpu")


@pytest.fixture
def pictures():
    """Give six pictures of 12 x 10 px, (N, H, W, 3)."""
    return np.random.default_rng(3).integers(0, 256, (6, 12, 10, 3), dtype=np.uint8)


def test_that_the_digits_come_in_every_size():
    images = SmallImages(split_of(DataSpec(), 7).load())
    for side in (8, 18):
        pictures, good = images.fetch(np.array([5, 0]), side)
        assert pictures.shape == (2, 3, side, side) and pictures.dtype == torch.uint8
        assert good.tolist() == [0, 1]
    assert torch.equal(images.fetch(np.array([5]), 8)[0], images.fetch(np.array([0, 5]), 8)[0][1:])


def test_that_the_digits_are_resized_as_pil_does_it_to_the_bit():
    images = SmallImages(split_of(DataSpec(), 7).load())
    own, _ = images.fetch(np.arange(20), 8)
    found, _ = images.fetch(np.arange(20), 18)
    for small, large in zip(own, found, strict=True):
        picture = Image.fromarray(small.permute(1, 2, 0).numpy()).resize((18, 18), Image.Resampling.BILINEAR)
        assert np.array_equal(large.permute(1, 2, 0).numpy(), np.asarray(picture))


def test_that_held_pictures_come_in_the_order_asked_for_and_in_any_size(pictures):
    images = HeldImages(pictures)
    for side in (7, 12, 25):
        found, good = images.fetch(np.array([4, 0, 4]), side)
        assert found.shape == (3, 3, side, side) and found.dtype == torch.uint8
        assert good.tolist() == [0, 1, 2]
        for place, row in enumerate((4, 0, 4)):
            expected = np.asarray(Image.fromarray(pictures[row]).resize((side, side), Image.Resampling.BILINEAR))
            gap = np.abs(found[place].permute(1, 2, 0).numpy().astype(int) - expected)
            assert gap.max() <= 2


def test_that_a_batch_of_held_pictures_has_the_pixels_of_pil(pictures):
    ids = np.array([5, 1, 2, 0])
    cuts = drawn_cuts(9, ids, 16, side=18, flip=True)
    x, good = HeldImages(pictures).begin(ids, cuts)()
    assert x.dtype == torch.float32 and x.is_contiguous() and good.tolist() == [0, 1, 2, 3]
    for place, row in enumerate(ids):
        whole = np.asarray(Image.fromarray(pictures[row]).resize((18, 18), Image.Resampling.BILINEAR)).astype(float)
        window = whole[cuts.tops_B[place] :, cuts.lefts_B[place] :][:16, :16]
        window = window[:, ::-1] if cuts.mirrored_B[place] else window
        assert np.abs(x[place].permute(1, 2, 0).numpy() * 255 - window).max() < 2.01


def test_that_square_pictures_of_the_size_asked_for_are_not_touched():
    pictures = np.random.default_rng(4).integers(0, 256, (3, 9, 9, 3), dtype=np.uint8)
    x, _ = HeldImages(pictures).begin(np.array([2, 0]), whole_picture(2, 9))()
    expected = torch.from_numpy(pictures[[2, 0]]).permute(0, 3, 1, 2).float() / 255
    assert torch.equal(x, expected)


def _split(**changes):
    digits = split_of(DataSpec(), 7)
    return type(digits)(**{**vars(digits), **changes})


def test_that_each_kind_of_data_set_is_opened_its_own_way(pictures, tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    told = []
    cifar = DataSpec(dataset="cifar10")
    assert isinstance(open_source(_split(), DataSpec(), CPU, told.append), SmallImages)
    assert isinstance(open_source(_split(), DataSpec(image_size=224), CPU, told.append), HeldImages)
    many = np.repeat(pictures, 3000, axis=0)
    assert isinstance(open_source(_split(load=lambda: many), cifar, CPU, told.append), HeldImages)
    files = open_source(_split(load=None, paths=(str(tmp_path / "a.png"),)), cifar, CPU, told.append)
    assert isinstance(files, FileImages)
    assert files.fetch(np.array([0]), 8)[1].size == 0
    assert len(told) == 1
    files.close()


def test_that_a_set_whose_files_cannot_be_read_is_an_error():
    def load():
        raise EngineError("data_batch_1 cannot be read")

    with pytest.raises(EngineError, match="data_batch_1 cannot be read"):
        open_source(_split(load=load), DataSpec(dataset="cifar10"), CPU, lambda _text: None)


class _Resized(ImageSource):
    """A source that can only resize: every picture shows its columns' numbers."""

    def fetch(self, ids_B, side):
        row = torch.arange(side, dtype=torch.uint8)
        return row.expand(ids_B.size, 3, side, side).contiguous(), np.arange(ids_B.size)


def test_that_a_source_that_only_resizes_is_cut_and_mirrored_all_the_same():
    ids = np.arange(40)
    cuts = drawn_cuts(2, ids, 16, side=18, flip=True)
    x, _ = _Resized().begin(ids, cuts)()
    assert torch.equal((x[:, 0, 0] * 255).round().long(), cuts.columns())
