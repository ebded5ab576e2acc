import numpy as np
import pytest
import torch

from vpns_engine.errors import EngineError
from vpns_engine.training.feeds import Batch
from vpns_engine.training.seen import Seen, best_classes, together


def batch_of(ids, labels=None):
    labels = labels if labels is not None else [0] * len(ids)
    return Batch(torch.zeros(len(ids), 3, 2, 2), torch.tensor(labels), ids_B=np.array(ids))


def test_that_of_equal_logits_the_first_class_is_best_as_argmax_has_it():
    logits = torch.tensor([[1.0, 3, 3, 0, 3, 2, 2], [0.0] * 7, [5.0, 1, 2, 3, 4, 5, 6]])
    classes, chances = best_classes(logits)
    assert classes.tolist() == [[1, 2, 4, 5, 6], [0, 1, 2, 3, 4], [6, 0, 5, 4, 3]]
    assert torch.equal(classes[:, 0], logits.argmax(1))
    assert torch.allclose(chances, logits.softmax(1).gather(1, classes))


def test_that_fewer_classes_than_five_are_all_kept():
    classes, chances = best_classes(torch.tensor([[0.0, 1.0]]))
    assert classes.tolist() == [[1, 0]] and chances.sum() == pytest.approx(1)


def test_that_what_is_no_number_is_held_for_likely_nowhere():
    _, chances = best_classes(torch.tensor([[float("nan"), 0, 1], [float("inf"), 0, 1]]))
    assert torch.isfinite(chances).all() and (chances == 0).all()


def test_that_an_image_that_one_of_two_passes_could_not_read_is_left_out():
    plain, prompted = Seen(), Seen()
    plain.add(batch_of([3, 5], [0, 1]), torch.tensor([[2.0, 1], [1.0, 2]]))
    plain.add(batch_of([8], [1]), torch.tensor([[0.0, 9]]))
    prompted.add(batch_of([5, 8], [1, 1]), torch.tensor([[7.0, 0], [0.0, 9]]))
    found = together(plain, prompted)
    assert found.ids_N.tolist() == [5, 8] and found.labels_N.tolist() == [1, 1]
    assert found.views["plain"].best_N.tolist() == [1, 1] and found.views["prompted"].best_N.tolist() == [0, 1]


def test_that_passes_without_a_common_image_are_refused():
    plain, prompted = Seen(), Seen()
    plain.add(batch_of([3]), torch.zeros(1, 2))
    prompted.add(batch_of([4]), torch.zeros(1, 2))
    with pytest.raises(EngineError, match="went away while they were measured"):
        together(plain, prompted)
