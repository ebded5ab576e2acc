"""Resize, cut and mirror for a whole batch, against PIL picture by picture.

Shapes: R side after resizing, S side of the window.
"""

import numpy as np
import pytest
import torch
from PIL import Image

from vpns_engine.training.transforms import Cuts, cut_out, drawn_cuts, resized, show, train_side, whole_picture

SHAPES = [(1, 1), (1, 7), (8, 8), (17, 90), (28, 28), (32, 32), (64, 64), (96, 41), (200, 150), (375, 500)]
SIZES = [8, 16, 32, 64, 224]


def _pictures(shape, count=4):
    """Give noise, black and white, a slope, and the noise of another seed: (count, H, W, 3)."""
    height, width = shape
    noise = np.random.default_rng(height * 1000 + width).integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    noise[1] = np.where(noise[1] > 127, 255, 0)
    noise[2] = (np.add.outer(np.arange(height), np.arange(width)) * 3 % 256)[..., None]
    return noise


def _by_pil(picture, cuts, place):
    """Resize, crop and mirror as the transforms of the spec do."""
    whole = Image.fromarray(picture).resize((cuts.side, cuts.side), Image.Resampling.BILINEAR)
    top, left = int(cuts.tops_B[place]), int(cuts.lefts_B[place])
    window = whole.crop((left, top, left + cuts.size, top + cuts.size))
    window = window.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if cuts.mirrored_B[place] else window
    return np.asarray(window).astype(int)


def _resampled(pictures, cuts):
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    out = torch.empty(len(pictures), 3, cuts.size, cuts.size)
    return (show(x, cuts, out) * 255).permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("shape", SHAPES)
def test_that_resampling_gives_the_pixels_of_pil(shape):
    pictures = _pictures(shape)
    for size in SIZES:
        for cuts in (
            drawn_cuts(5, np.arange(4), size, side=train_side(size), flip=True),
            whole_picture(4, size),
        ):
            found = _resampled(pictures, cuts)
            expected = np.stack([_by_pil(picture, cuts, place) for place, picture in enumerate(pictures)])
            gaps = np.abs(found - expected)
            assert gaps.max() < 2.01
            if shape[0] <= shape[1]:  # rows come first in tall pictures, for newer PILs
                assert (gaps[[0, 3]] > 0.5).mean() < 0.1


@pytest.mark.parametrize("shape", SHAPES)
def test_that_resizing_a_single_picture_gives_the_pixels_of_pil(shape):
    for picture in _pictures(shape):
        for size in SIZES:
            found = resized(torch.from_numpy(picture).permute(2, 0, 1), size).permute(1, 2, 0).numpy().astype(int)
            assert np.abs(found - _by_pil(picture, whole_picture(1, size), 0)).max() <= 2


def test_that_resampled_values_are_whole_levels_of_the_unit_range():
    x = _resampled(_pictures((32, 32)), whole_picture(4, 20))
    assert np.abs(x - x.round()).max() < 1e-4
    assert x.min() >= 0 and x.max() <= 255.001


def test_that_a_batch_in_many_pieces_is_the_batch_in_one():
    pictures = np.concatenate([_pictures((9, 13))] * 5)
    cuts = drawn_cuts(3, np.arange(20), 16, side=18, flip=True)
    whole = _resampled(pictures, cuts)
    for place in (0, 7, 8, 19):
        alone = _resampled(pictures[place : place + 1], cuts.at(np.array([place])))
        assert np.array_equal(whole[place], alone[0])


def _drawn(key, ids, size, *, flip=False):
    return drawn_cuts(key, ids, size, side=train_side(size), flip=flip)


def _ramp(count, side):
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return torch.stack([rows, columns, torch.zeros_like(rows)])[None].repeat(count, 1, 1, 1).float()


def test_that_a_crop_is_a_window_of_the_picture():
    x = cut_out(_ramp(50, 9), _drawn(3, np.arange(50), 8))
    assert x.shape == (50, 3, 8, 8)
    tops, lefts = x[:, 0, 0, 0], x[:, 1, 0, 0]
    assert set(tops.tolist()) == set(lefts.tolist()) == {0.0, 1.0}
    assert torch.equal(x[:, 0, 7, 0], tops + 7)
    assert torch.equal(x[:, 1, 0, 7], lefts + 7)


def test_that_about_half_of_the_pictures_are_mirrored():
    x = cut_out(_ramp(400, 9), _drawn(3, np.arange(400), 8, flip=True))
    mirrored = (x[:, 1, 0, 0] > x[:, 1, 0, 7]).sum().item()
    assert 150 < mirrored < 250
    assert torch.equal((x[:, 1, 0, 0] - x[:, 1, 0, 7]).abs(), torch.full((400,), 7.0))


def test_that_augmentation_depends_on_the_picture_and_not_on_its_batch():
    ids = np.array([4, 9, 2])
    whole = cut_out(_ramp(3, 18), _drawn(11, ids, 16, flip=True))
    alone = cut_out(_ramp(1, 18), _drawn(11, ids[1:2], 16, flip=True))
    assert torch.equal(whole[1], alone[0])
    assert not torch.equal(whole, cut_out(_ramp(3, 18), _drawn(12, ids, 16, flip=True)))


def test_that_whole_pictures_are_passed_on_as_they_are():
    x = _ramp(2, 9)
    assert cut_out(x, whole_picture(2, 9)) is x


def test_that_cuts_of_some_pictures_are_theirs():
    cuts = Cuts(9, 8, np.array([0, 1, 1]), np.array([1, 0, 1]), np.array([True, False, True]))
    some = cuts.at(np.array([2, 0]))
    assert (some.tops_B.tolist(), some.lefts_B.tolist(), some.mirrored_B.tolist()) == ([1, 0], [1, 1], [True, True])
    assert some.columns().tolist() == [[*range(8, 0, -1)], [*range(8, 0, -1)]]
