"""A TrainState around a network, for what needs its way of preparing a phase."""

import torch

from tests.conformance.feeds import FixedFeed
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.specs.optim import OptimGroups
from vpns_engine.specs.phase import Finetune, HalfStep, Search
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.training.feeds import Feeds
from vpns_engine.training.state import TrainState

SEARCH = Search(0, 0.5, 1, (HalfStep("vp", True, ("scores", "prompt")), HalfStep("train", False, ("scores",))))
TUNE = Finetune(0, 0.5, 1, (HalfStep("vp", True, ("weights", "prompt")), HalfStep("train", False, ("weights",))))


def state_around(network: SparseNetwork) -> TrainState:
    """Give a state without data."""
    empty = FixedFeed(torch.empty(0, 3, 8, 8), torch.empty(0, dtype=torch.int64), 1)
    return TrainState(
        network=network,
        prompt=build_prompt(PromptSpec(), 16, lambda: (0, 0)),
        feeds=Feeds(train=empty, vp=empty, validation=None, test=empty),
        optim=OptimGroups(),
        num_source=1,
        num_target=1,
        seed=0,
        device=torch.device("cpu"),
    )
