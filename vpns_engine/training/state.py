"""Everything a run changes: network, prompt, mapping, optimizers; the way back to the start of a level, and the last moment
at which everything was whole.

Shapes: T target classes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from vpns_engine.events import EpochEnded
from vpns_engine.nn.normalization import Normalization
from vpns_engine.nn.optim import build_optimizer, build_schedule
from vpns_engine.nn.prompts import VisualPrompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.predictions import Predictions
from vpns_engine.specs.optim import OptimGroups, OptimSpec
from vpns_engine.specs.phase import Finetune, Group, HalfStep, Phase, PhaseKind, Search
from vpns_engine.training.feeds import Feeds
from vpns_engine.training.place import Place
from vpns_engine.training.precision import PLAIN, Computing
from vpns_engine.training.randomness import PromptPlaces, device_numbers, key_of


@dataclass(frozen=True)
class Snapshot:
    """A copy of what a level has learned, on the CPU; `scores` is None where they cannot have moved."""

    weights: dict[str, Tensor]
    scores: list[Tensor] | None
    threshold: float | None
    prompt: dict[str, Tensor]
    epoch: int
    mapping_T: Tensor | None = None
    """Stays on the device: a mapping is replaced, never changed."""
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Moment:
    """A place in the plan, and what stood there of all that measuring moves, or that is small.

    The large things do not move between a moment and the next iteration: those of the state are the moment's.
    """

    place: Place
    mapping_T: Tensor | None
    counts: tuple[int, ...]
    epoch: int
    saved: bool
    prompt_places: Mapping[str, Any] | None
    """Where the random prompt's generator stands."""
    numbers: Tensor
    """torch's own generator."""
    device_numbers: Tensor | None
    """That of the accelerator."""


@dataclass(frozen=True)
class HalfResult:
    """What one half-step gave. Tensors stay on the device, detached."""

    loss: Tensor
    logits_BT: Tensor
    correct: Tensor
    count: int


class Keeper(Protocol):
    """Writes what a run leaves behind; gives paths relative to the run folder."""

    def keep_prompt(self, phase: Phase, epoch: int, prompt: VisualPrompt) -> str:
        """Write the prompt after an epoch."""

    def keep_masks(self, phase: Phase, epoch: int, network: SparseNetwork) -> str:
        """Write the masks after an epoch."""

    def keep_state(self, phase: Phase, state: "TrainState", epoch: int) -> str:
        """Write a level's whole state."""

    def keep_predictions(self, phase: Phase, stage: PhaseKind, predictions: Predictions, num_classes: int) -> str:
        """Write what a tested stage makes of each test image."""


Observer = Callable[[Phase, int, int, int, HalfResult], None]
"""Called after each half-step with phase, epoch and iteration (from 1), half (0 or 1) and result; for replays."""


@dataclass
class TrainState:
    """What the phases work on. Consistent whenever a phase yields."""

    network: SparseNetwork
    prompt: VisualPrompt
    feeds: Feeds
    optim: OptimGroups
    num_source: int
    num_target: int
    seed: int
    device: torch.device
    keeper: Keeper | None = None
    observe: Observer | None = None
    mapping_T: Tensor | None = None
    """Source class of each target class; None while not known. Given at the start it is that of every level."""
    counts: tuple[int, ...] = ()
    """Training images of each target class that were taken for its source class; empty where nobody counted."""
    optimizers: dict[Group, Optimizer] = field(default_factory=dict)
    schedules: list[LRScheduler] = field(default_factory=list)
    best: Snapshot | None = None
    """Best epoch of the running finetune phase so far (held-out protocol)."""
    best_epoch: EpochEnded | None = None
    found: Snapshot | None = None
    """The level's state at the end of its search, untuned."""
    epoch: int = 0
    """Epochs done in the running phase."""
    saved: bool = False
    """The running phase's whole result stands in a file."""
    places: PromptPlaces | None = None
    """Where the random prompt goes; starts anew with each level."""
    computing: Computing = PLAIN
    """How the network's passes are made."""
    micro_batch: int = 0
    """Images that go through the network at once; 0: the whole batch."""
    moment: Moment | None = None
    """The last whole one; None while an iteration is under way, and after one that failed."""
    aside: Snapshot | None = None
    """What the state goes back to, while another one is measured in its place."""

    def __post_init__(self) -> None:
        self._start = self.snapshot(0)

    @property
    def start(self) -> Snapshot:
        """Where every level starts."""
        return self._start

    def mark(self, place: Place) -> None:
        """Note that everything is whole, at this place of the plan."""
        self.moment = Moment(
            place,
            self.mapping_T,
            self.counts,
            self.epoch,
            self.saved,
            None if self.places is None else self.places.position,
            torch.get_rng_state(),
            device_numbers(self.device),
        )

    def unmark(self) -> None:
        """Note that what is large moves from here on."""
        self.moment = None

    @property
    def normalization(self) -> Normalization:
        """What the network wants done to its input, prompted or not."""
        return self.prompt.normalization

    def snapshot(self, epoch: int, *, scores: bool = True) -> Snapshot:
        """Copy what was learned; without the scores where they cannot move before the copy is used."""
        return Snapshot(
            {name: value.cpu() for name, value in self.network.plain_state(masked=False).items()},
            [score.detach().cpu().clone() for score in self.network.scores] if scores else None,
            self.network.threshold,
            self.prompt.learned(),
            epoch,
            self.mapping_T,
            self.counts,
        )

    @torch.no_grad()
    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a copy."""
        if snapshot.scores is not None:
            self.network.set_scores(snapshot.scores)
        self.network.threshold = snapshot.threshold
        self.network.load_plain_state(snapshot.weights)
        self.prompt.take(snapshot.prompt)
        self.mapping_T, self.counts = snapshot.mapping_T, snapshot.counts

    def rewind(self, density: float) -> None:
        """Restart a level: pre-trained weights and statistics, initial scores, zero prompt, threshold for the density."""
        self.restore(self._start)
        self.best = self.best_epoch = self.found = None
        self.epoch = 0
        if self.places is not None:
            self.places.restart()
        # dropout and the like draw from torch's own generator: a level must not depend on those before it
        torch.manual_seed(key_of(self.seed, "dropout"))
        self.network.set_density(density)

    def prepare(self, phase: Search | Finetune) -> None:
        """Make the phase's fresh optimizers and schedules, and let only what it learns take gradients."""
        self._open_gradients(phase.steps)
        for value in (*self.network.scores, *self.network.weights):
            value.grad = None  # the last stage's: half a gigabyte of VGG-16 that nobody reads any more
        learned = {group for half in phase.steps for group in half.learns}
        self.optimizers = {group: build_optimizer(self._spec(phase, group), self._values(group)) for group in learned}
        self.schedules = [
            build_schedule(self._spec(phase, group), optimizer, phase.epochs) for group, optimizer in self.optimizers.items()
        ]
        self.best = self.best_epoch = None
        self.epoch = 0
        self.saved = False

    def _spec(self, phase: Search | Finetune, group: Group) -> OptimSpec:
        match group:
            case "scores":
                return self.optim.scores
            case "weights" | "head":
                return self.optim.weights
            case "prompt":
                return self.optim.search_prompt if isinstance(phase, Search) else self.optim.finetune_prompt

    def _values(self, group: Group) -> list[Tensor]:
        match group:
            case "scores":
                return self.network.scores
            case "weights":
                return [*self.network.weights, *self.network.other_parameters()]
            case "head":
                return list(self.network.head_parameters())
            case "prompt":
                return list(self.prompt.parameters())

    def _open_gradients(self, steps: tuple[HalfStep, ...]) -> None:
        learned = {group for half in steps for group in half.learns}
        for item in self.network.scored:
            item.parameter.requires_grad_("scores" in learned or "weights" in learned)
        for parameter in self.network.other_parameters():
            parameter.requires_grad_("weights" in learned)
        for parameter in self.network.head_parameters():
            parameter.requires_grad_("weights" in learned or "head" in learned)
        self.prompt.requires_grad_("prompt" in learned)
