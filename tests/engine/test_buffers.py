"""Memory that batches use again."""

import torch

from vpns_engine.training.buffers import Buffers

CPU = torch.device("cpu")


def test_that_memory_is_used_again_once_nobody_holds_it():
    buffers = Buffers()
    first = buffers.take((4, 3, 8, 8), CPU)
    place = first.data_ptr()
    assert first.shape == (4, 3, 8, 8) and first.dtype == torch.float32 and first.is_contiguous()
    del first
    assert buffers.take((4, 3, 8, 8), CPU).data_ptr() == place
    assert buffers.take((2, 3, 8, 8), CPU).data_ptr() == place


def test_that_memory_is_left_alone_while_any_part_of_it_is_held():
    buffers = Buffers()
    view = buffers.take((4, 8), CPU).fill_(7)[1:2]
    later = [buffers.take((4, 8), CPU).fill_(1) for _ in range(10)]
    assert view.eq(7).all()
    assert len({tensor.data_ptr() for tensor in later}) == 10


def test_that_what_a_backward_pass_needs_is_held():
    buffers = Buffers()
    weight = torch.ones(8, requires_grad=True)
    loss = (buffers.take((8,), CPU).fill_(3) * weight).sum()
    buffers.take((8,), CPU).fill_(100)
    loss.backward()
    assert weight.grad.eq(3).all()


def test_that_memory_too_small_is_given_up_for_larger():
    buffers = Buffers()
    buffers.take((4,), CPU)
    assert buffers.take((400,), CPU).fill_(1).sum() == 400
