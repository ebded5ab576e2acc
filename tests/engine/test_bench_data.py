"""The bench compares like with like: both ways show the same pictures."""

import numpy as np
import torch

from tests.bench_data import PilPictures, cifar_shaped, feeds_of, waiting_share
from vpns_engine.training.images import HeldImages

CPU = torch.device("cpu")


def test_that_the_views_of_the_bench_show_what_the_released_way_shows():
    pictures = cifar_shaped(12)
    _, vp = feeds_of(HeldImages(pictures), 12, 56, 4)
    theirs = PilPictures(pictures, 56, augmented=False)
    shown = torch.cat([batch.x_BCHW for batch in vp.batches("search", 1)])
    for x in shown:
        gaps = [float((x - theirs[index][0]).abs().max()) for index in range(12)]
        assert min(gaps) < 2.01 / 255
        assert sorted(gaps)[1] > 0.5
    assert len({int(np.argmin([float((x - theirs[i][0]).abs().max()) for i in range(12)])) for x in shown}) == 12


def test_that_the_train_views_have_one_shape():
    pictures = cifar_shaped(6)
    train, _ = feeds_of(HeldImages(pictures), 6, 56, 6)
    (batch,) = train.batches("search", 1)
    assert batch.x_BCHW.shape[1:] == PilPictures(pictures, 56, augmented=True)[0][0].shape == (3, 56, 56)


def test_that_the_share_of_waiting_is_a_share():
    feeds = feeds_of(HeldImages(cifar_shaped(8)), 8, 32, 4)
    seen = []
    share = waiting_share(lambda train, vp: seen.append(len(train.y_B) + len(vp.y_B)), feeds, CPU, rounds=3)
    assert 0 < share <= 1
    assert seen == [8] * 5
