"""One half-step, and one evaluation."""

import pytest
import torch

from tests.engine.tiny_states import PROMPTED, SIDE, TUNED, dense_copy, rewound, search, tiny_state, tune
from vpns_engine.errors import EngineError
from vpns_engine.nn.normalization import normalize
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.training.steps import evaluate, evaluation_logits, half_step


def _ready(phase, density=0.5):
    state = rewound(tiny_state(), density)
    state.prepare(phase)
    state.network.train()
    batch = next(state.feeds.vp.batches("", 1))
    return state, batch


def _weights_of(state):
    return {name: value for name, value in dense_copy(state).items() if "running" not in name and "num_" not in name}


def _moved(before, after):
    return {name for name, value in after.items() if not torch.equal(before[name], value)}


def test_that_a_prompted_search_half_moves_scores_prompt_and_threshold_but_no_weight():
    state, batch = _ready(search())
    weights, scores, threshold = _weights_of(state), [s.clone() for s in state.network.scores], state.network.threshold
    half_step(state, PROMPTED[0], batch)
    assert _moved(weights, _weights_of(state)) == set()
    assert all(not torch.equal(score, before) for score, before in zip(state.network.scores, scores, strict=True))
    assert state.prompt.delta.ne(0).any()
    assert state.network.threshold != threshold
    assert sum(state.network.kept()) == state.network.num_scored - int(0.5 * state.network.num_scored)


def test_that_the_unprompted_half_leaves_the_prompt_where_it_is():
    state, batch = _ready(search())
    half_step(state, PROMPTED[0], batch)
    before = state.prompt.delta.clone()
    half_step(state, PROMPTED[1], batch)
    assert torch.equal(state.prompt.delta, before)
    assert state.prompt.delta.grad is None


def test_that_a_tuning_half_moves_every_weight_but_no_score_and_no_mask():
    state, batch = _ready(tune())
    weights, scores, masks = _weights_of(state), [s.clone() for s in state.network.scores], state.network.masks()
    half_step(state, TUNED[0], batch)
    # the classifier's unmapped rows move by decay alone
    assert _moved(weights, _weights_of(state)) == set(weights)
    assert all(torch.equal(score, before) for score, before in zip(state.network.scores, scores, strict=True))
    assert all(torch.equal(mask, before) for mask, before in zip(state.network.masks(), masks, strict=True))
    for item, mask in zip(state.network.scored, masks, strict=True):
        assert torch.equal(item.parameter, item.weight * mask)


def test_that_dropped_weights_decay_in_the_dense_weight():
    state, batch = _ready(tune(), 0.3)
    item, mask = state.network.scored[0], state.network.masks()[0]
    before = item.weight.clone()
    half_step(state, TUNED[1], batch)
    spec = state.optim.weights
    assert torch.allclose(item.weight[~mask], before[~mask] * (1 - spec.lr * spec.weight_decay), rtol=1e-6, atol=0)
    assert item.parameter[~mask].eq(0).all()


def test_that_scores_do_not_move_at_full_density():
    state, batch = _ready(search(1.0), 1.0)
    scores = [score.clone() for score in state.network.scores]
    half_step(state, PROMPTED[0], batch)
    assert all(torch.equal(score, before) for score, before in zip(state.network.scores, scores, strict=True))
    assert state.network.threshold is None


def test_that_batch_norm_statistics_move_in_both_halves_of_both_stages():
    for phase, halves in ((search(), PROMPTED), (tune(), TUNED)):
        state, batch = _ready(phase)
        for half in halves:
            before = state.network.network[1].running_mean.clone()
            half_step(state, half, batch)
            assert not torch.equal(state.network.network[1].running_mean, before)


def test_that_an_evaluation_leaves_mode_statistics_and_gradients_alone():
    state, batch = _ready(search())
    before = dense_copy(state)
    logits = evaluation_logits(state, batch, prompted=False)
    assert state.network.training
    assert _moved(before, dense_copy(state)) == set()
    assert not logits.requires_grad
    state.network.eval()
    evaluation_logits(state, batch, prompted=True)
    assert not state.network.training


def test_that_the_logits_are_those_of_the_mapped_source_classes():
    state, batch = _ready(search())
    state.mapping_T = torch.tensor([4, 0, 6])
    state.network.eval()
    whole = state.network(normalize(batch.x_BCHW))
    assert torch.equal(evaluation_logits(state, batch, prompted=False), whole[:, [4, 0, 6]])


def test_that_an_evaluation_is_over_every_image():
    state, _ = _ready(search())
    whole = evaluate(state, state.feeds.train, prompted=False)
    parts = [evaluation_logits(state, b, prompted=False).argmax(1) == b.y_B for b in state.feeds.train.batches("", 0)]
    assert whole.count == 8
    assert whole.accuracy == torch.cat(parts).float().mean().item()


def test_that_a_feed_without_a_readable_image_is_an_error_and_not_an_accuracy_of_zero():
    state, _ = _ready(search())
    state.feeds.train.count = 0
    with pytest.raises(EngineError, match="none of the images to measure with can be read"):
        evaluate(state, state.feeds.train, prompted=False)


def test_that_prompted_evaluations_agree_and_draw_no_place_of_a_random_prompt():
    state = rewound(tiny_state(prompt=PromptSpec(kind="random", canvas=SIDE + 4, square=3)))
    drawn = []
    state.prompt.next_offset = lambda: drawn.append(None) or (1, 2)
    assert evaluate(state, state.feeds.train, prompted=True) == evaluate(state, state.feeds.train, prompted=True)
    assert not drawn
    state.prompt(next(state.feeds.train.batches("", 0)).x_BCHW)
    assert len(drawn) == 1
