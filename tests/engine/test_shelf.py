"""Pictures that are kept once decoded."""

import numpy as np
import torch

from vpns_engine.training.shelf import Shelf

CPU = torch.device("cpu")


def _pictures(*values):
    return torch.tensor(values, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 2, 4).contiguous()


def test_that_what_was_put_is_taken_in_any_order():
    shelf = Shelf(10, (2, 4), 10, CPU)
    shelf.put(np.array([7, 2]), _pictures(70, 20))
    shelf.put(np.array([9]), _pictures(90))
    assert shelf.has(np.array([2, 3, 9, 7])).tolist() == [True, False, True, True]
    assert shelf.take(np.array([9, 2, 7, 2]))[:, 0, 0, 0].tolist() == [90, 20, 70, 20]


def test_that_a_full_shelf_keeps_what_it_has():
    shelf = Shelf(10, (2, 4), 2, CPU)
    shelf.put(np.array([5, 6, 7]), _pictures(50, 60, 70))
    shelf.put(np.array([8]), _pictures(80))
    assert shelf.has(np.array([5, 6, 7, 8])).tolist() == [True, True, False, False]
    assert shelf.take(np.array([6, 5]))[:, 2, 1, 3].tolist() == [60, 50]


def test_that_a_picture_takes_one_place():
    shelf = Shelf(10, (2, 4), 3, CPU)
    shelf.put(np.array([5, 5]), _pictures(50, 50))
    shelf.put(np.array([5, 4]), _pictures(51, 40))
    shelf.put(np.array([3]), _pictures(30))
    assert shelf.take(np.array([5, 4, 3]))[:, 0, 0, 0].tolist() == [50, 40, 30]


def test_that_a_shelf_without_room_holds_nothing():
    shelf = Shelf(10, (2, 4), 0, CPU)
    shelf.put(np.array([1]), _pictures(10))
    assert not shelf.has(np.arange(10)).any() and shelf.nbytes == 0
