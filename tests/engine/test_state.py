"""What a run changes, and the way back."""

import pytest
import torch
from torch import nn

from tests.engine.tiny_states import dense_copy, do, rewound, search, tiny_state, tune
from vpns_engine.specs.phase import Rewind


def _same(state, other):
    return all(torch.equal(other[name], value) for name, value in dense_copy(state).items())


def test_that_a_rewind_restores_weights_statistics_scores_and_prompt():
    state = tiny_state()
    before, scores = dense_copy(state), [score.clone() for score in state.network.scores]
    rewound(state)
    do(search(), state)
    do(tune(), state)
    assert not _same(state, before)
    do(Rewind(1, 0.2), state)
    assert _same(state, before)
    assert all(torch.equal(score, first) for score, first in zip(state.network.scores, scores, strict=True))
    assert state.prompt.delta.eq(0).all()
    assert state.mapping_T is None and state.found is None and state.best is None
    kept, total = sum(state.network.kept()), state.network.num_scored
    assert kept == total - int(0.8 * total)


def test_that_levels_do_not_depend_on_each_other():
    alone, after = tiny_state(), tiny_state()
    for density in (0.7, 0.2):
        do(search(density), rewound(after, density))
    do(search(0.2), rewound(alone, 0.2))
    assert _same(after, dense_copy(alone))
    assert torch.equal(after.prompt.delta, alone.prompt.delta)
    assert after.network.threshold == alone.network.threshold


def test_that_a_snapshot_brings_everything_back_but_the_mapping():
    state = rewound(tiny_state())
    do(search(), state)
    snapshot, before, threshold = state.snapshot(2), dense_copy(state), state.network.threshold
    computed = state.network.plain_state(masked=True)
    do(tune(), state)
    state.network.set_threshold(None)
    state.restore(snapshot)
    assert _same(state, before)
    assert state.network.threshold == threshold
    assert all(torch.equal(value, computed[name]) for name, value in state.network.plain_state(masked=True).items())
    assert state.mapping_T is not None


def test_that_a_snapshot_is_not_moved_by_what_follows():
    state = rewound(tiny_state())
    snapshot = state.snapshot(0)
    copies = {name: value.clone() for name, value in snapshot.weights.items()}
    do(search(), state)
    do(tune(), state)
    assert all(torch.equal(snapshot.weights[name], value) for name, value in copies.items())
    assert all(value.eq(0).all() for value in snapshot.prompt.values())


def test_that_a_stage_keeps_no_gradients_of_the_one_before():
    state = rewound(tiny_state())
    do(search(), state)
    assert any(score.grad is not None for score in state.network.scores)
    do(tune(), state)
    assert all(score.grad is None for score in state.network.scores)
    assert any(weight.grad is not None for weight in state.network.weights)
    state.prepare(search())
    assert all(weight.grad is None for weight in state.network.weights)


@pytest.mark.parametrize(("phase", "groups"), [(search(), {"scores", "prompt"}), (tune(), {"weights", "prompt"})])
def test_that_each_stage_gets_fresh_optimizers_for_what_it_learns(phase, groups):
    state = rewound(tiny_state())
    state.prepare(phase)
    first = dict(state.optimizers)
    state.prepare(phase)
    assert set(state.optimizers) == groups
    assert all(state.optimizers[group] is not first[group] for group in groups)
    assert all(not optimizer.state for optimizer in state.optimizers.values())


def test_that_the_search_opens_no_bias_and_no_batch_norm_to_gradients():
    state = rewound(tiny_state())
    state.prepare(search())
    assert not any(parameter.requires_grad for parameter in state.network.other_parameters())
    state.prepare(tune())
    assert all(parameter.requires_grad for parameter in state.network.other_parameters())


def test_that_dropout_depends_on_the_seed_and_not_on_the_levels_before():
    found = []
    for draws in (0, 3):
        state = tiny_state()
        state.network.network[4] = nn.Sequential(nn.Flatten(), nn.Dropout())
        torch.rand(draws)
        do(Rewind(0, 0.5), state)
        state.network.train()
        found.append(state.network(torch.ones(4, 3, 8, 8)))
    assert torch.equal(*found)
    assert not torch.equal(found[0], state.network(torch.ones(4, 3, 8, 8)))
