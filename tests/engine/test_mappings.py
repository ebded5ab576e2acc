"""The frequency label mapping."""

import pytest
import torch

from vpns_engine.errors import EngineError
from vpns_engine.nn.mappings import count_predictions, most_frequent


def test_that_predictions_are_counted_by_source_and_target():
    counts = count_predictions(torch.tensor([2, 2, 0]), torch.tensor([1, 1, 0]), 3, 2)
    assert counts.tolist() == [[1, 0], [0, 0], [0, 2]]


def test_that_the_largest_count_is_served_first():
    counts = torch.tensor([[5, 6], [4, 0], [0, 0]])
    assert most_frequent(counts).tolist() == [1, 0]


def test_that_ties_go_to_the_lowest_source_and_then_to_the_lowest_target():
    assert most_frequent(torch.full((4, 3), 2)).tolist() == [0, 1, 2]
    assert most_frequent(torch.tensor([[0, 0], [3, 3], [3, 3]])).tolist() == [1, 2]


def test_that_a_class_without_images_still_gets_a_source_of_its_own():
    counts = torch.zeros(4, 3, dtype=torch.int64)
    counts[0, 0] = 7
    counts[0, 2] = 5
    mapping = most_frequent(counts)
    assert mapping[0] == 0
    assert len(set(mapping.tolist())) == 3


def test_that_the_counts_given_are_left_as_they_are():
    counts = torch.tensor([[1, 2], [3, 4]])
    most_frequent(counts)
    assert counts.tolist() == [[1, 2], [3, 4]]


def test_that_fewer_source_than_target_classes_are_refused_with_both_numbers():
    with pytest.raises(EngineError, match=r"^3 target classes .* has 2$"):
        most_frequent(torch.zeros(2, 3, dtype=torch.int64))
