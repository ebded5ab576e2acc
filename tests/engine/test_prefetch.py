"""Work that is begun before it is needed."""

import pytest

from vpns_engine.training.prefetch import begun_ahead


def _works(count, told):
    def begin(number):
        told.append(f"begin {number}")
        return lambda: told.append(f"wait {number}") or number

    return (begin(number) for number in range(count))


@pytest.mark.parametrize("ahead", [0, 1, 2, 9])
def test_that_results_come_in_order_and_all_of_them(ahead):
    assert list(begun_ahead(_works(5, []), ahead)) == [0, 1, 2, 3, 4]
    assert list(begun_ahead(_works(0, []), ahead)) == []


def test_that_so_many_are_under_way_while_one_is_used():
    told = []
    results = begun_ahead(_works(5, told), 2)
    next(results)
    assert told == ["begin 0", "begin 1", "begin 2", "wait 0"]
    next(results)
    assert told[4:] == ["begin 3", "wait 1"]


def test_that_nothing_is_begun_ahead_where_nothing_is_asked_for():
    told = []
    list(begun_ahead(_works(2, told), 0))
    assert told == ["begin 0", "wait 0", "begin 1", "wait 1"]
