"""The exact global threshold, against a plain selection."""

import math

import pytest
import torch

from vpns_engine.nn.threshold import ThresholdSearch
from vpns_engine.specs.masks import num_dropped


def _exact(scores, k):
    values = torch.cat([score.reshape(-1).abs() for score in scores])
    return float(values.kthvalue(k).values)


def _random(seed, dtype=torch.float32, sizes=((40, 25), (70_000,), (17,))):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(size, generator=generator, dtype=dtype) for size in sizes]


def _same(found, expected):
    return found == expected or (math.isnan(found) and math.isnan(expected))


@pytest.mark.parametrize(
    ("density", "total", "k"), [(0.8, 10, 1), (0.2, 10, 8), (0.1, 100, 90), (1.0, 100, 0), (0.995, 100, 0)]
)
def test_that_k_is_cut_in_double_precision(density, total, k):
    # 1 - 0.8 is 0.19999999999999996
    assert num_dropped(density, total) == k


def test_that_a_search_for_nothing_is_a_misuse():
    with pytest.raises(ValueError, match="at least 1"):
        ThresholdSearch(0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("step", [0.0, 1e-4, 1e-2, 1.0])
def test_that_the_threshold_is_exact_after_every_move(dtype, share, step):
    scores = _random(1, dtype)
    search = ThresholdSearch(int(share * sum(score.numel() for score in scores)))
    generator = torch.Generator().manual_seed(2)
    for _ in range(12):
        assert search.find(scores).threshold == _exact(scores, search.k)
        for score in scores:
            score.add_(torch.randn(score.shape, generator=generator, dtype=dtype), alpha=step)


@pytest.mark.parametrize("k", [1, 70_000 + 1000 + 17])
def test_that_the_smallest_and_the_largest_score_can_be_the_threshold(k):
    scores = _random(3)
    search = ThresholdSearch(k)
    for shift in (0.0, 0.01, -0.01, 0.5):
        scores[1].add_(shift)
        assert search.find(scores).threshold == _exact(scores, k)


@pytest.mark.parametrize("steps", [2, 5, 64])
def test_that_ties_do_not_matter(steps):
    scores = [(score * steps).round() / steps for score in _random(4)]
    search = ThresholdSearch(30_000)
    for shift in (0.0, 1 / steps, -2 / steps, 1e-3):
        scores[0].add_(shift)
        assert search.find(scores).threshold == _exact(scores, search.k)


def test_that_equal_scores_are_their_own_threshold():
    scores = [torch.full((1000,), -0.25), torch.full((2, 3), 0.25)]
    search = ThresholdSearch(500)
    for value in (0.25, 0.25, 3.0, 0.0):
        for score in scores:
            score.fill_(value)
        assert search.find(scores).threshold == value


def test_that_a_huge_jump_is_followed():
    scores = _random(5)
    search = ThresholdSearch(50_000)
    for factor in (1.0, 1e6, 1e-12, 1e20, 1.0):
        for score in scores:
            score.mul_(factor)
        assert search.find(scores).threshold == _exact(scores, search.k)


def test_that_the_smallest_numbers_there_are_are_told_apart():
    scores = [torch.arange(1, 2001, dtype=torch.float32) * 1e-44, torch.zeros(3)]
    search = ThresholdSearch(700)
    for _ in range(3):
        assert search.find(scores).threshold == _exact(scores, 700)


def test_that_nan_counts_as_larger_than_everything():
    scores = _random(6)
    scores[0][:10] = float("nan")
    total = sum(score.numel() for score in scores)
    for k in (1, total // 2, total - 250, total - 249, total):
        search = ThresholdSearch(k)
        for _ in range(3):
            assert _same(search.find(scores).threshold, _exact(scores, k))


def test_that_scores_which_become_nan_are_followed():
    scores = _random(7)
    search = ThresholdSearch(60_000)
    for row in range(0, 40, 10):
        assert _same(search.find(scores).threshold, _exact(scores, search.k))
        scores[0][row : row + 10] = float("nan")
    scores[1].fill_(float("nan"))
    assert math.isnan(search.find(scores).threshold)
    for score in scores:
        score.fill_(2.0)
    assert search.find(scores).threshold == 2.0


def test_that_it_stays_exact_over_many_steps():
    scores = _random(8, sizes=((5000,), (300, 20)))
    search = ThresholdSearch(9900)
    generator = torch.Generator().manual_seed(9)
    for step in range(300):
        for score in scores:
            score.mul_(1 - 1e-3).add_(torch.randn(score.shape, generator=generator), alpha=1e-3 if step % 50 else 0.3)
        assert search.find(scores).threshold == _exact(scores, search.k)


def test_that_the_scores_are_left_as_they_are():
    scores, copies = _random(10), _random(10)
    search = ThresholdSearch(1000)
    for _ in range(3):
        search.find(scores)
    assert all(torch.equal(score, copy) for score, copy in zip(scores, copies, strict=True))
