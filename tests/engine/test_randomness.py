"""Random choices that depend on what they are for."""

import numpy as np

from vpns_engine.training.randomness import key_of, order_of, uniform


def test_that_a_key_names_its_parts():
    assert key_of(7, "train", "search", 1) == key_of(7, "train", "search", 1)
    keys = {key_of(7, "train", "search", 1), key_of(7, "vp", "search", 1), key_of(7, "train", "search", 2), key_of(8, "train")}
    assert len(keys) == 4
    assert all(0 <= key < 2**63 for key in keys)


def test_that_a_key_is_the_same_on_every_machine():
    assert key_of(7, "train", "search", 1) == 8025497104960256289


def test_that_an_order_holds_every_place_once():
    order = order_of(key_of("a"), 100)
    assert sorted(order.tolist()) == list(range(100))
    assert not np.array_equal(order, order_of(key_of("b"), 100))


def test_that_a_draw_depends_on_key_id_and_stream_alone():
    ids = np.arange(1000)
    whole = uniform(5, ids, 0)
    assert np.array_equal(whole[[3, 700]], uniform(5, np.array([3, 700]), 0))
    assert not np.array_equal(whole, uniform(5, ids, 1))
    assert not np.array_equal(whole, uniform(6, ids, 0))


def test_that_draws_fill_the_unit_interval_evenly():
    draws = uniform(key_of("even"), np.arange(20_000), 2)
    assert draws.min() >= 0 and draws.max() < 1
    counts, _ = np.histogram(draws, bins=10, range=(0, 1))
    assert counts.min() > 1800 and counts.max() < 2200
