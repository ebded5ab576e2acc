"""The element-wise rules of masked weights."""

import pytest
import torch

from vpns_engine.nn.masking import mask_of, masked, score_gradient

SCORES = torch.tensor([-0.5, -0.2, 0.0, 0.2, 0.3, float("nan")])


def test_that_a_mask_keeps_what_lies_strictly_above_the_threshold():
    assert mask_of(SCORES, 0.2).tolist() == mask_of(SCORES, float(torch.tensor(0.2))).tolist()
    assert mask_of(SCORES, float(torch.tensor(0.2))).tolist() == [True, False, False, False, True, True]


def test_that_a_threshold_of_zero_drops_the_zeros():
    assert mask_of(SCORES[:5], 0.0).tolist() == [True, True, False, True, True]


def test_that_masked_values_follow_the_mask_even_where_the_score_is_not_a_number():
    values = torch.arange(1.0, 7.0)
    out = torch.empty(6)
    for threshold in (0.0, float(torch.tensor(0.2)), 0.4, float("nan")):
        assert torch.equal(masked(values, SCORES, threshold, out), values * mask_of(SCORES, threshold))


def test_that_the_gradient_reaches_dropped_scores_too_and_none_at_zero():
    weight, gradient = torch.tensor([2.0, 2.0, 2.0, -2.0, 1.0, 1.0]), torch.full((6,), 3.0)
    expected = [-6.0, -6.0, 0.0, -6.0, 3.0]
    assert score_gradient(gradient, weight, SCORES)[:5].tolist() == expected


@pytest.mark.parametrize("count", [1, 7, (1 << 16) - 1, (1 << 16) + 3, 200_001])
def test_that_pieces_join_to_the_same_result_as_the_whole(count):
    torch.manual_seed(count)
    gradient, weight, score = torch.randn(3, count)
    assert torch.equal(score_gradient(gradient.clone(), weight, score), gradient * (torch.sign(score) * weight))


def test_that_a_gradient_in_another_memory_order_is_taken_as_it_is_meant():
    torch.manual_seed(0)
    weight, score, gradient = torch.randn(3, 4, 3, 2, 2)
    twisted = gradient.to(memory_format=torch.channels_last)
    assert torch.equal(score_gradient(twisted, weight, score), gradient * (torch.sign(score) * weight))
