"""A batch in micro-batches: the same update with less memory at once."""

import pytest
import torch
from torch import nn

from tests.engine.tiny_states import NUM_SOURCE, NUM_TARGET, SIDE, rewound, tiny_network, tiny_state
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.specs.optim import OptimGroups, OptimSpec
from vpns_engine.specs.phase import Finetune, HalfStep, Search
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.training.feeds import Batch, Feeds
from vpns_engine.training.state import TrainState
from vpns_engine.training.steps import evaluation_logits, half_step, source_logits

BATCH = 7
SGD = OptimSpec(kind="sgd", lr=0.1)
HALVES = {
    "search, prompted": (Search, HalfStep("vp", True, ("scores", "prompt"))),
    "search, un-prompted": (Search, HalfStep("train", False, ("scores",))),
    "search, with a head": (Search, HalfStep("vp", True, ("scores", "head", "prompt"))),
    "tuning, prompted": (Finetune, HalfStep("vp", True, ("weights", "prompt"))),
    "tuning, un-prompted": (Finetune, HalfStep("train", False, ("weights",))),
    "tuning, with a head": (Finetune, HalfStep("vp", True, ("weights", "head", "prompt"))),
}
KINDS = ("pad", "fix", "random", "expand", "low_rank", "none")


def _plain_network():
    torch.manual_seed(3)
    layers = (nn.Conv2d(3, 5, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(20, NUM_SOURCE))
    return nn.Sequential(*layers)


class _Places:
    """A random prompt's places; each is another one."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return self.count % 4, (self.count * 3) % 4


def _state(kind, micro_batch, *, head=False):
    places = _Places()
    feeds = Feeds(_Batches(), _Batches(), None, _Batches())
    state = TrainState(
        network=SparseNetwork(_plain_network(), unscored=("4",) if head else ()),
        prompt=build_prompt(_prompt(kind), SIDE, places),
        feeds=feeds,
        optim=OptimGroups(scores=SGD, search_prompt=SGD, weights=SGD, finetune_prompt=SGD),
        num_source=NUM_SOURCE,
        num_target=NUM_TARGET,
        seed=7,
        device=torch.device("cpu"),
        micro_batch=micro_batch,
    )
    return rewound(state), places


def _prompt(kind) -> PromptSpec:
    options = {"pad": {"pad": 2}, "fix": {"square": 5}, "random": {"square": 5}}.get(kind, {})
    return PromptSpec.model_validate({"kind": kind, "canvas": SIDE + 4, **options})


class _Batches:
    """One batch, always."""

    def __len__(self):
        return 1

    def batches(self, _purpose, _epoch, _first=0):
        """Give it."""
        generator = torch.Generator().manual_seed(1)
        x = torch.rand(BATCH, 3, SIDE, SIDE, generator=generator)
        yield Batch(x, torch.randint(NUM_TARGET, (BATCH,), generator=generator))


def _learned(state):
    found = {f"prompt.{name}": value for name, value in state.prompt.learned().items()}
    found |= state.network.plain_state(masked=False)
    return found | {f"score {number}": score.clone() for number, score in enumerate(state.network.scores)}


def _start(kind, half_name):
    return _learned(_state(kind, 0, head="head" in HALVES[half_name][1].learns)[0]).values()


def _after(kind, micro_batch, half_name):
    phase, half = HALVES[half_name]
    state, places = _state(kind, micro_batch, head="head" in half.learns)
    state.prepare(phase(0, 0.5, 2, (half,)))
    state.network.train()
    (batch,) = state.feeds.vp.batches("", 1)
    result = half_step(state, half, batch)
    return _learned(state), result, state, places


@pytest.mark.parametrize("half_name", HALVES)
@pytest.mark.parametrize("kind", KINDS)
def test_that_an_update_does_not_depend_on_the_micro_batch(kind, half_name):
    whole, result, state, _ = _after(kind, 0, half_name)
    assert any(not torch.equal(value, before) for value, before in zip(whole.values(), _start(kind, half_name), strict=True))
    for micro_batch in (1, 2, 3, 6, 7, 100):
        cut, cut_result, cut_state, _ = _after(kind, micro_batch, half_name)
        assert max(float((cut[name] - value).abs().max()) for name, value in whole.items()) < 1e-6
        assert abs(cut_state.network.threshold - state.network.threshold) < 1e-6
        assert abs(float(cut_result.loss) - float(result.loss)) < 1e-6
        assert torch.allclose(cut_result.logits_BT, result.logits_BT, atol=1e-6)
        assert (cut_result.count, int(cut_result.correct)) == (BATCH, int(result.correct))


def test_that_a_moving_prompt_stands_at_one_place_for_the_whole_batch():
    for micro_batch in (0, 1, 3):
        *_, places = _after("random", micro_batch, "search, prompted")
        assert places.count == 1


def test_that_an_evaluation_is_cut_too_and_says_the_same():
    whole, _ = _state("random", 0)
    cut, places = _state("random", 2)
    seen = []
    cut.network.register_forward_pre_hook(lambda _module, inputs: seen.append(len(inputs[0])))
    (batch,) = whole.feeds.test.batches("", 0)
    for prompted in (True, False):
        logits = evaluation_logits(cut, batch, prompted=prompted)
        assert torch.allclose(logits, evaluation_logits(whole, batch, prompted=prompted), atol=1e-6)
    assert seen == [2, 2, 2, 1] * 2
    assert places.count == 0


def test_that_mapping_labels_draws_one_place_for_a_batch():
    cut, places = _state("random", 3)
    whole, _ = _state("random", 0)
    (batch,) = cut.feeds.train.batches("map", 1)
    logits = [source_logits(state, batch, prompted=True, fixed=False) for state in (cut, whole)]
    assert logits[0].shape == (BATCH, NUM_SOURCE)
    assert torch.allclose(*logits, atol=1e-6)
    assert places.count == 1


def test_that_micro_batches_are_of_about_one_size():
    state, _ = _state("pad", 6)
    seen = []
    state.network.register_forward_pre_hook(lambda _module, inputs: seen.append(len(inputs[0])))
    (batch,) = state.feeds.vp.batches("", 1)
    evaluation_logits(state, batch, prompted=False)
    assert seen == [4, 3]


def test_that_a_network_with_batch_norm_sees_the_smaller_batches():
    moved = []
    for micro_batch in (0, 2):
        state = rewound(tiny_state())
        state.micro_batch = micro_batch
        phase, half = HALVES["tuning, un-prompted"]
        state.prepare(phase(0, 0.5, 2, (half,)))
        state.network.train()
        half_step(state, half, next(state.feeds.train.batches("", 1)))
        moved.append(int(state.network.network[1].num_batches_tracked) - int(tiny_network()[1].num_batches_tracked))
    assert moved == [1, 2]
