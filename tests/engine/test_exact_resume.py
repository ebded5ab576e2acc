"""A run that goes on from any of its moments ends with the same bits."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.engine.tiny_states import NUM_TARGET, SIDE, FewBatches, tiny_network
from vpns_engine.events import EpochEnded, LabelsMapped, LevelSaved, Measuring, PhaseEnded, StepDone
from vpns_engine.events import Tested as WasTested
from vpns_engine.history import RunHistory
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.plan import plan
from vpns_engine.specs.problems import config_from
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_engine.training.checkpoint import read_checkpoint, restore, write_checkpoint
from vpns_engine.training.content import Tensors
from vpns_engine.training.feeds import Feeds
from vpns_engine.training.keeper import prompt_arrays
from vpns_engine.training.phases import execute, interrupt
from vpns_engine.training.place import Place
from vpns_engine.training.randomness import PromptPlaces
from vpns_engine.training.state import TrainState

_SGD = {"kind": "sgd", "lr": 0.05, "schedule": "multistep"}
CASES = {
    "two levels, a ring, Adam": {"mask": {"sparsities": (0.5, 0.8)}},
    "a prompt that moves, labels mapped each epoch": {
        "prompt": {"kind": "random", "canvas": SIDE, "square": 3},
        "mapping": {"kind": "ilm"},
        "mask": {"sparsities": (0.4, 0.7)},
    },
    "as published: no validation": {"data": {"protocol": "paper"}, "mapping": {"kind": "ilm"}},
    "a new head, SGD in two steps": {
        "mapping": {"kind": "head"},
        "optim": {name: _SGD for name in ("scores", "search_prompt", "weights", "finetune_prompt")},
    },
    "low rank, labels drawn": {"prompt": {"kind": "low_rank", "canvas": SIDE, "rank": 2}, "mapping": {"kind": "rlm"}},
    "the largest weights, the dense network tuned": {"method": "omp", "dense": "tuned"},
    "weights at random": {"method": "random", "mask": {"sparsities": (0.6,)}},
    "the control arm, the dense network tuned": {"method": "control", "dense": "tuned", "mapping": {"kind": "ilm"}},
}


class _Dropped(nn.Sequential):
    """The tiny network with dropout, which draws from torch's generator at every pass."""

    def __init__(self) -> None:
        super().__init__(*tiny_network()[:-1], nn.Dropout(0.3), nn.Linear(5, 7))


@dataclass
class _Kept:
    """What a run would leave behind, in memory."""

    values: dict[str, Tensors] = field(default_factory=dict)

    def keep_prompt(self, phase, epoch, prompt):
        arrays = {name: torch.from_numpy(array.copy()) for name, array in prompt_arrays(prompt).items()}
        return self._keep(f"{phase.level}/{phase.kind}/prompt_{epoch}", arrays)

    def keep_masks(self, phase, epoch, network):
        return self._keep(f"{phase.level}/{phase.kind}/masks_{epoch}", dict(enumerate(network.masks())))

    def keep_state(self, phase, state, epoch):
        network = state.network
        arrays = {**network.plain_state(masked=False), "epoch": torch.tensor(epoch)}
        arrays |= {f"computed/{name}": value for name, value in network.plain_state(masked=True).items()}
        arrays |= {f"scores/{index}": score.clone() for index, score in enumerate(network.scores)}
        arrays |= {f"prompt/{name}": value for name, value in state.prompt.learned().items()}
        return self._keep(f"{phase.level}/{phase.kind}/state", arrays)

    def _keep(self, name, arrays):
        self.values[name] = arrays
        return name


def _config(changes) -> RunConfig:
    values = {"search_epochs": 1, "finetune_epochs": 2, "dense": "mapped", "mask": {"sparsities": (0.5,)}}
    return config_from(
        values
        | {"prompt": {"kind": "pad", "canvas": SIDE, "pad": 1}}
        | {name: change for name, change in changes.items() if name != "data"}
        | {"data": {"image_size": SIDE} | changes.get("data", {})}
    )


def _state(config: RunConfig, network: nn.Module) -> TrainState:
    head = ("5",) if config.mapping.kind == "head" else ()
    if head:
        torch.manual_seed(5)
        network[5] = nn.Linear(5, NUM_TARGET)
    places = PromptPlaces(5, config.effective_prompt.room)
    validation = None if config.data.protocol == "paper" else FewBatches(2, 3)
    return TrainState(
        network=SparseNetwork(network, head),
        prompt=build_prompt(config.effective_prompt, SIDE, places, 3),
        feeds=Feeds(FewBatches(2, 1), FewBatches(2, 2), validation, FewBatches(1, 4)),
        optim=config.optim,
        num_source=NUM_TARGET if head else 7,
        num_target=NUM_TARGET,
        seed=7,
        device=torch.device("cpu"),
        mapping_T=torch.arange(NUM_TARGET) if head else None,
        places=places,
        keeper=_Kept(),
    )


def _events(state: TrainState, config: RunConfig, here: Place, *, levels: int = 9):
    phases = plan(config)[here.phase :]
    last = phases[0].level + levels if phases else 0
    for index, phase in enumerate(phases, here.phase):
        if phase.level < last:
            yield from execute(index, phase, state, here if index == here.phase else None)


def _said(event):
    return event.model_dump(exclude={"seq", "time", "seconds"})


def _same(one: dict[str, Tensors], other: dict[str, Tensors]) -> bool:
    return all(
        one[name].keys() == other[name].keys()
        and all(torch.equal(value, other[name][entry]) for entry, value in one[name].items())
        for name in one
    )


@pytest.mark.parametrize(
    ("case", "network"), [*((case, tiny_network) for case in CASES), ("as published: no validation", _Dropped)]
)
def test_that_a_run_goes_on_from_each_of_its_moments_with_the_same_bits(tmp_path, case, network):
    config = _config(CASES[case])
    store = RunStore.create(tmp_path, config)
    whole, told, at = _state(config, network()), [], -1
    whole.mark(Place(phase=0))
    copies: dict[int, tuple[int, Path]] = {}
    moment = whole.moment
    for event in _events(whole, config, Place(phase=0)):
        told.append(event)
        if whole.moment is not moment:
            moment, at = whole.moment, len(told) - 1
        write_checkpoint(store, whole, at=at, told=0, broken=())
        copies[len(told)] = at, store.path("checkpoints/last.pt").rename(tmp_path / f"{len(told)}.pt")
    assert {type(event) for event in told} >= {StepDone, EpochEnded, Measuring, LevelSaved, WasTested, PhaseEnded}
    assert len({at for at, _ in copies.values()}) > 10
    for now, (at, path) in copies.items():
        found, state = read_checkpoint(path, config), _state(config, network())
        torch.manual_seed(now)  # another process stands elsewhere
        restore(found, state, plan(config))
        # to the end of its level: levels do not depend on each other
        went_on = list(_events(state, config, found.about.place, levels=1))
        coming = told[at + 1 :][: len(went_on)]
        assert len(coming) == len(went_on) and (went_on or at == len(told) - 1)
        assert [_said(event) for event in went_on] == [_said(event) for event in coming], (now, found.about.place)
        assert _same(state.keeper.values, whole.keeper.values), (now, found.about.place)
