"""Batches of the two views."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vpns_engine.datasets import Part
from vpns_engine.specs.data import DataSpec
from vpns_engine.training.feeds import ImageFeed
from vpns_engine.training.images import ImageSource


class _Numbered(ImageSource):
    """Pictures whose every value is their id; ids in `broken` cannot be read."""

    def __init__(self, broken=()):
        super().__init__()
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


class _Watched(_Numbered):
    """Tells when batches are begun and when they are waited for."""

    ahead = 2

    def __init__(self):
        super().__init__()
        self.told = []

    def begin(self, ids_B, cuts):
        number = len([word for word in self.told if word.startswith("begin")])
        self.told.append(f"begin {number}")
        wait = super().begin(ids_B, cuts)

        def finish():
            self.told.append(f"wait {number}")
            return wait()

        return finish


def test_that_the_coming_batches_are_begun_before_one_is_waited_for():
    source = _Watched()
    passes = _feed(count=20, source=source).batches("search", 1)
    next(passes)
    assert source.told == ["begin 0", "begin 1", "begin 2", "wait 0"]
    assert len(list(passes)) == 4
    assert source.told[4:] == ["begin 3", "wait 1", "begin 4", "wait 2", "wait 3", "wait 4"]


def test_that_batches_do_not_depend_on_how_many_are_begun_ahead():
    watched, plain = _feed(count=20, source=_Watched()), _feed(count=20)
    assert _ids(watched) == _ids(plain)


def test_that_a_batch_is_not_overwritten_while_somebody_holds_it():
    feed = _feed(count=40, shuffled=False)
    kept = [batch.x_BCHW[:1, :1, :1, :1].detach() for batch in feed.batches("search", 1)]
    assert [round(float(x) * 255) for x in kept] == list(range(5, 45, 4))


@pytest.mark.parametrize("source", [_Numbered, _Watched])
@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_that_a_pass_can_be_begun_at_any_of_its_batches(source, first):
    whole, rest = (list(_feed(source=source()).batches("search", 1, start)) for start in (0, first))
    assert [batch.number for batch in rest] == [0, 1, 2][first:]
    assert [batch.y_B.tolist() for batch in rest] == [batch.y_B.tolist() for batch in whole[first:]]
    assert all(torch.equal(one.x_BCHW, other.x_BCHW) for one, other in zip(rest, whole[first:], strict=True))


def test_that_batches_that_are_left_out_keep_their_numbers():
    feed = _feed(source=_Numbered(broken=(5, 6, 7, 8)), shuffled=False)
    assert [batch.number for batch in feed.batches("search", 1)] == [1, 2]
    assert [batch.y_B.tolist() for batch in feed.batches("search", 1, 2)] == [[2, 0]]
