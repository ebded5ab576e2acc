"""Optimizers and schedules."""

import pytest
import torch

from vpns_engine.nn.optim import build_optimizer, build_schedule, learning_rate
from vpns_engine.specs.optim import OptimSpec


def _rates(schedule, epochs):
    spec = OptimSpec(kind="sgd", lr=0.1, schedule=schedule)
    optimizer = build_optimizer(spec, [torch.zeros(1)])
    moved = build_schedule(spec, optimizer, epochs)
    rates = []
    for _ in range(epochs):
        rates.append(learning_rate(optimizer))
        optimizer.step()
        moved.step()
    return [*rates, learning_rate(optimizer)]


def test_that_sgd_adds_the_decay_to_the_gradient_and_keeps_momentum():
    value = torch.tensor([2.0])
    optimizer = build_optimizer(OptimSpec(kind="sgd", lr=0.1, momentum=0.5, weight_decay=0.01), [value])
    expected, speed = 2.0, 0.0
    for gradient in (1.0, -0.5, 0.25):
        value.grad = torch.tensor([gradient])
        optimizer.step()
        speed = 0.5 * speed + gradient + 0.01 * expected
        expected -= 0.1 * speed
        assert value.item() == pytest.approx(expected, rel=1e-6)


def test_that_adam_adds_the_decay_to_the_gradient_too():
    # without a gradient of its own, coupled decay moves a value by the whole rate
    value = torch.tensor([2.0])
    optimizer = build_optimizer(OptimSpec(kind="adam", lr=0.1, weight_decay=1e-4), [value])
    value.grad = torch.zeros(1)
    optimizer.step()
    assert value.item() == pytest.approx(1.9, abs=1e-4)


@pytest.mark.parametrize("kind", ["adam", "sgd"])
def test_that_a_value_without_a_gradient_is_left_alone(kind):
    values = [torch.ones(3), torch.ones(3)]
    optimizer = build_optimizer(OptimSpec(kind=kind, lr=0.1), values)
    values[0].grad = torch.ones(3)
    optimizer.step()
    assert values[0].ne(1).all()
    assert values[1].eq(1).all()


def test_that_the_cosine_reaches_zero_after_the_last_epoch():
    rates = _rates("cosine", 4)
    assert rates[0] == 0.1
    assert rates[2] == pytest.approx(0.05)
    assert rates[4] == pytest.approx(0, abs=1e-12)


def test_that_two_steps_fall_at_half_and_at_72_percent_and_both_where_they_meet():
    assert _rates("multistep", 10)[:8] == pytest.approx([0.1] * 5 + [0.01] * 2 + [0.001])
    assert _rates("multistep", 2)[1] == pytest.approx(0.001)
