"""A training state small enough to be stepped in milliseconds.

Shapes: B batch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.specs.optim import OptimGroups
from vpns_engine.specs.phase import Finetune, HalfStep, Rewind, Search
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.training.feeds import Batch, Feeds
from vpns_engine.training.phases import execute
from vpns_engine.training.state import TrainState

NUM_SOURCE, NUM_TARGET, SIDE = 7, 3, 8
PROMPTED = (HalfStep("vp", True, ("scores", "prompt")), HalfStep("train", False, ("scores",)))
TUNED = (HalfStep("vp", True, ("weights", "prompt")), HalfStep("train", False, ("weights",)))


@dataclass
class FewBatches:
    """A few random batches, the same in every pass."""

    count: int
    seed: int

    def __len__(self) -> int:
        return self.count

    def batches(self, _purpose, _epoch, first=0):
        """Give the pass."""
        generator = torch.Generator().manual_seed(self.seed)
        for number in range(self.count):
            x = torch.rand(4, 3, SIDE, SIDE, generator=generator)
            batch = Batch(x, torch.randint(NUM_TARGET, (4,), generator=generator), number)
            if number >= first:
                yield batch


def tiny_network() -> nn.Sequential:
    """Give a convolution, batch-norm and a classifier: 5 x 27 + 35 scored weights."""
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 5, 3, padding=1, bias=False),
        nn.BatchNorm2d(5),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(5, NUM_SOURCE),
    )


def tiny_state(*, prompt: PromptSpec | None = None, validation: bool = False, optim: OptimGroups | None = None) -> TrainState:
    """Give a state of 170 scored weights over two batches of each view."""
    spec = prompt or PromptSpec(kind="pad", canvas=SIDE, pad=1)
    return TrainState(
        network=SparseNetwork(tiny_network()),
        prompt=build_prompt(spec, SIDE, lambda: (1, 2)),
        feeds=Feeds(FewBatches(2, 1), FewBatches(2, 2), FewBatches(1, 3) if validation else None, FewBatches(1, 4)),
        optim=optim or OptimGroups(),
        num_source=NUM_SOURCE,
        num_target=NUM_TARGET,
        seed=7,
        device=torch.device("cpu"),
    )


def search(density: float = 0.5, epochs: int = 2) -> Search:
    """Give a search that learns scores and prompt."""
    return Search(0, density, epochs, PROMPTED)


def tune(density: float = 0.5, epochs: int = 2) -> Finetune:
    """Give a tuning that learns weights and prompt."""
    return Finetune(0, density, epochs, TUNED)


def rewound(state: TrainState, density: float = 0.5) -> TrainState:
    """Start a level with a fixed mapping."""
    do(Rewind(0, density), state)
    state.mapping_T = torch.arange(NUM_TARGET)
    return state


def do(phase, state):
    """Run a phase to its end and give its events."""
    return list(execute(0, phase, state))


def dense_copy(state: TrainState) -> dict[str, Tensor]:
    """Copy the dense weights and the rest of the network's state."""
    return state.network.plain_state(masked=False)
