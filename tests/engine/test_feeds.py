"""Batches of the two views."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vpns_engine.datasets import Part
from vpns_engine.specs.data import DataSpec
from vpns_engine.training.feeds import ImageFeed, augment


class _Numbered:
    """Pictures whose every value is their id; ids in `broken` cannot be read."""

    def __init__(self, broken=()):
        self.broken = set(broken)

    def fetch(self, ids_B, side):
        good = np.array([place for place, i in enumerate(ids_B) if int(i) not in self.broken], dtype=np.int64)
        pictures = torch.from_numpy(ids_B[good].astype(np.uint8))
        return pictures[:, None, None, None].expand(-1, 3, side, side).contiguous(), good


def _feed(count=10, source=None, **changes):
    part = Part(np.arange(count) + 5, np.arange(count) % 3)
    data = DataSpec(image_size=8, batch_size=4)
    feed = ImageFeed(source or _Numbered(), part, data, torch.device("cpu"), 7, "train", augmented=False, shuffled=True)
    return replace(feed, **changes)


def _ids(feed, purpose="search", epoch=1):
    return [(batch.x_BCHW[:, 0, 0, 0] * 255).round().int().tolist() for batch in feed.batches(purpose, epoch)]


def test_that_a_pass_shows_every_picture_once_with_its_class():
    feed = _feed()
    batches = list(feed.batches("search", 1))
    assert [len(batch.y_B) for batch in batches] == [4, 4, 2]
    assert len(feed) == 3
    ids = torch.cat([batch.x_BCHW[:, 0, 0, 0] for batch in batches]).mul(255).round().int()
    assert sorted(ids.tolist()) == list(range(5, 15))
    assert torch.equal((ids - 5) % 3, torch.cat([batch.y_B for batch in batches]).int())


def test_that_the_order_depends_on_seed_view_purpose_and_epoch():
    orders = [_ids(_feed()), _ids(_feed(), epoch=2), _ids(_feed(), "finetune"), _ids(_feed(name="vp")), _ids(_feed(seed=8))]
    assert all(orders[0] != other for other in orders[1:])
    assert orders[0] == _ids(_feed())


def test_that_an_unshuffled_feed_keeps_the_order():
    assert [i for ids in _ids(_feed(shuffled=False)) for i in ids] == list(range(5, 15))


def test_that_values_lie_between_zero_and_one():
    (batch,) = _feed(count=1).batches("search", 1)
    assert batch.x_BCHW.dtype == torch.float32
    assert torch.equal(batch.x_BCHW, torch.full((1, 3, 8, 8), 5) / 255)


def test_that_broken_pictures_leave_their_classes_out_too():
    feed = _feed(source=_Numbered(broken=(6, 7)), shuffled=False)
    first = next(feed.batches("search", 1))
    assert (first.x_BCHW[:, 0, 0, 0] * 255).round().int().tolist() == [5, 8]
    assert first.y_B.tolist() == [0, 0]


def test_that_a_batch_of_broken_pictures_is_left_out():
    feed = _feed(source=_Numbered(broken=(5, 6, 7, 8)), shuffled=False)
    assert _ids(feed) == [[9, 10, 11, 12], [13, 14]]


def _ramp(count, side):
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return torch.stack([rows, columns, torch.zeros_like(rows)])[None].repeat(count, 1, 1, 1).float()


def test_that_a_crop_is_a_window_of_the_picture():
    x = augment(_ramp(50, 9), 3, np.arange(50), 8, flip=False)
    assert x.shape == (50, 3, 8, 8)
    tops, lefts = x[:, 0, 0, 0], x[:, 1, 0, 0]
    assert set(tops.tolist()) == set(lefts.tolist()) == {0.0, 1.0}
    assert torch.equal(x[:, 0, 7, 0], tops + 7)
    assert torch.equal(x[:, 1, 0, 7], lefts + 7)


def test_that_about_half_of_the_pictures_are_mirrored():
    x = augment(_ramp(400, 9), 3, np.arange(400), 8, flip=True)
    mirrored = (x[:, 1, 0, 0] > x[:, 1, 0, 7]).sum().item()
    assert 150 < mirrored < 250
    assert torch.equal((x[:, 1, 0, 0] - x[:, 1, 0, 7]).abs(), torch.full((400,), 7.0))


def test_that_augmentation_depends_on_the_picture_and_not_on_its_batch():
    ids = np.array([4, 9, 2])
    whole = augment(_ramp(3, 18), 11, ids, 16, flip=True)
    alone = augment(_ramp(1, 18), 11, ids[1:2], 16, flip=True)
    assert torch.equal(whole[1], alone[0])
    assert not torch.equal(whole, augment(_ramp(3, 18), 12, ids, 16, flip=True))


@pytest.mark.parametrize("size", [8, 16])
def test_that_the_train_view_is_cropped_from_nine_eighths_of_the_size(size):
    asked = []

    class _Asked(_Numbered):
        def fetch(self, ids_B, side):
            asked.append(side)
            return super().fetch(ids_B, side)

    feed = _feed(source=_Asked(), augmented=True, data=DataSpec(image_size=size, batch_size=4))
    assert next(feed.batches("search", 1)).x_BCHW.shape == (4, 3, size, size)
    assert asked == [size * 9 // 8]
