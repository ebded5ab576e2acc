"""Work on a batch by several threads."""

import threading

import pytest
import torch

from vpns_engine.training.parallel import in_pieces

CPU = torch.device("cpu")


@pytest.fixture
def three_threads():
    """Let torch compute with three threads for the test."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def _done(count, piece, device=CPU):
    told = []
    in_pieces(lambda here: told.append((here, threading.current_thread().name, torch.get_num_threads())), count, piece, device)
    return told


@pytest.mark.parametrize(("count", "piece"), [(0, 4), (1, 4), (4, 4), (5, 4), (9, 2)])
@pytest.mark.usefixtures("three_threads")
def test_that_every_picture_is_in_one_piece(count, piece):
    places = sorted(place for here, *_ in _done(count, piece) for place in range(count)[here])
    assert places == list(range(count))


@pytest.mark.usefixtures("three_threads")
def test_that_torch_computes_alone_in_each_thread_and_as_before_afterwards():
    told = _done(9, 2)
    assert {threads for *_, threads in told} == {1}
    assert all(name.startswith("pictures") for _, name, _ in told)
    assert torch.get_num_threads() == 3


@pytest.mark.usefixtures("three_threads")
def test_that_a_piece_that_fails_leaves_the_number_of_threads_alone():
    def fail(_here):
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        in_pieces(fail, 9, 2, CPU)
    assert torch.get_num_threads() == 3


@pytest.mark.usefixtures("three_threads")
def test_that_small_batches_and_accelerators_need_no_threads():
    here = threading.current_thread().name
    assert [name for _, name, _ in _done(4, 9)] == [here]
    assert [name for _, name, _ in _done(4, 2, torch.device("cuda"))] == [here, here]


def test_that_one_thread_stays_one():
    torch.set_num_threads(1)
    assert {name for _, name, _ in _done(9, 2)} == {threading.current_thread().name}
