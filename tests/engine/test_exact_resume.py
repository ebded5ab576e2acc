"""A run that goes on from any of its moments ends with the same bits."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from tests.engine.tiny_runs import make_pictures, tiny_config
from tests.engine.tiny_states import NUM_TARGET, SIDE, FewBatches, tiny_network
from vpns_engine.errors import EngineError
from vpns_engine.events import (
    EpochEnded,
    LabelsMapped,
    LevelSaved,
    Measuring,
    Message,
    PhaseEnded,
    Preparing,
    StepDone,
)
from vpns_engine.events import Tested as WasTested
from vpns_engine.history import RunHistory
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.plan import plan
from vpns_engine.specs.problems import config_from
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_engine.training.checkpoint import read_checkpoint, restore, resume_point, write_checkpoint
from vpns_engine.training.content import Tensors
from vpns_engine.training.feeds import Feeds
from vpns_engine.training.image_files import FileImages
from vpns_engine.training.keeper import prompt_arrays
from vpns_engine.training.phases import execute, interrupt
from vpns_engine.training.place import Place
from vpns_engine.training.randomness import PromptPlaces, order_of
from vpns_engine.training.run import Run
from vpns_engine.training.state import TrainState
from vpns_engine.training.transforms import drawn_cuts

_SGD = {"kind": "sgd", "lr": 0.05, "schedule": "multistep"}
CASES = {
    "two levels, a ring, Adam": {"mask": {"sparsities": (0.5, 0.8)}},
    "a prompt that moves, labels mapped each epoch": {
        "prompt": {"kind": "random", "canvas": SIDE, "square": 3},
        "mapping": {"kind": "ilm"},
        "mask": {"sparsities": (0.4, 0.7)},
        # at this rate the mapping changes from epoch to epoch, and a tuning goes back to one before
        "optim": {"weights": {"kind": "sgd", "lr": 3.0}},
    },
    "as published: no validation": {"data": {"protocol": "paper"}, "mapping": {"kind": "ilm"}},
    "a new head, SGD in two steps": {
        "mapping": {"kind": "head"},
        "optim": dict.fromkeys(("scores", "search_prompt", "weights", "finetune_prompt"), _SGD),
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

    def keep_predictions(self, phase, stage, predictions, num_classes):
        arrays = {"labels": predictions.labels_N, "ids": predictions.ids_N, "num_classes": np.array(num_classes)}
        for name, view in predictions.views.items():
            arrays |= {f"{name}/classes": view.classes_Nk, f"{name}/confidences": view.confidences_Nk}
        return self._keep(f"{phase.level}/{stage}/predictions", {name: torch.from_numpy(a) for name, a in arrays.items()})

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
    mapped = [event.epoch for event in told if isinstance(event, LabelsMapped) and event.phase == 6]
    assert mapped == [1, 2, 1] or "moves" not in case
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


@dataclass
class _Failing(FewBatches):
    """Batches, the second of which cannot be had."""

    def batches(self, purpose, epoch, first=0):
        for batch in super().batches(purpose, epoch, first):
            if batch.number == 1 and purpose == "finetune":
                raise OSError("the disk is gone")
            yield batch


def _until_it_fails(state, config, error):
    moments = []
    with pytest.raises(error):
        for _ in _events(state, config, Place(phase=0)):
            moments.append(state.moment)
    return moments[-1]


def test_that_a_run_whose_images_are_lost_can_go_on_from_the_batch_before(tmp_path):
    config = _config({})
    store, whole, failed = RunStore.create(tmp_path, config), _state(config, tiny_network()), _state(config, tiny_network())
    told = list(_events(whole, config, Place(phase=0)))
    failed.feeds = Feeds(_Failing(2, 1), failed.feeds.vp, failed.feeds.validation, failed.feeds.test)
    failed.mark(Place(phase=0))
    last = _until_it_fails(failed, config, OSError)
    assert failed.moment is last and (last.place.epoch, last.place.step) == (1, 1)
    write_checkpoint(store, failed, at=0, told=0, broken=())
    found, state = read_checkpoint(store.path("checkpoints/last.pt"), config), _state(config, tiny_network())
    restore(found, state, plan(config))
    went_on = list(_events(state, config, found.about.place))
    assert [_said(event) for event in went_on] == [_said(event) for event in told[-len(went_on) :]]
    assert _same(state.keeper.values, whole.keeper.values)


def test_that_an_iteration_that_failed_is_no_moment_to_go_on_from():
    config = _config({"optim": {"weights": {"kind": "sgd", "lr": 10, "weight_decay": 1}}, "finetune_epochs": 200})
    state = _state(config, tiny_network())
    state.mark(Place(phase=0))
    assert _until_it_fails(state, config, EngineError) is not None
    assert state.moment is None


@pytest.mark.parametrize("kind", ["search", "finetune"])
def test_that_a_stop_leaves_no_moment_but_what_was_written_before_it(tmp_path, kind):
    config = _config({"search_epochs": 3, "finetune_epochs": 4})
    store, whole, stopped = RunStore.create(tmp_path, config), _state(config, tiny_network()), _state(config, tiny_network())
    told = list(_events(whole, config, Place(phase=0)))
    stopped.mark(Place(phase=0))
    events = _events(stopped, config, Place(phase=0))
    phases = plan(config)
    number = -1
    for event in events:
        number += 1
        if isinstance(event, StepDone) and phases[event.phase].kind == kind and (event.epoch, event.step) == (3, 1):
            break
    write_checkpoint(store, stopped, at=number, told=0, broken=())
    events.close()
    (saved,) = [kept for kept in interrupt(event.phase, phases[event.phase], stopped) if isinstance(kept, LevelSaved)]
    assert not saved.complete and stopped.moment is None
    found, state = read_checkpoint(store.path("checkpoints/last.pt"), config), _state(config, tiny_network())
    restore(found, state, phases)
    assert [_said(event) for event in _events(state, config, found.about.place)] == [_said(e) for e in told[number + 1 :]]
    assert _same(state.keeper.values, whole.keeper.values)


def test_that_a_mapping_that_is_found_anew_and_stays_the_same_is_not_told_twice():
    state = _state(_config({}), tiny_network())
    state.mapping_T = torch.arange(NUM_TARGET)
    state.best = state.snapshot(1)
    state.mapping_T = torch.arange(NUM_TARGET)
    tuning = next(phase for phase in plan(_config({})) if phase.kind == "finetune")
    assert not [event for event in interrupt(0, tuning, state) if isinstance(event, LabelsMapped)]
    state.saved, state.mapping_T = False, torch.arange(NUM_TARGET).flip(0)
    assert [event.sources for event in interrupt(0, tuning, state) if isinstance(event, LabelsMapped)] == [(0, 1, 2)]


def test_that_a_run_over_files_goes_on_within_its_passes_with_the_same_bits(tmp_path):
    pictures = make_pictures(tmp_path / "pictures")
    (pictures / "train" / "red" / "red_1.png").write_bytes(b"broken")
    # one picture in a batch: the views leave out different batches
    config = tiny_config(pictures, data={"batch_size": 1, "flip": True}, prompt={"kind": "random", "square": 3})
    store = RunStore.create(tmp_path / "runs", config)
    run, told, moments = Run(config, store), [], {}
    for number, event in enumerate(run.events()):
        told.append(event.model_copy(update={"seq": number}))
        kind = _worth_going_on_from(event, run)
        if kind and kind not in moments:
            run.checkpoint(number)
            moments[kind] = number
            shutil.copytree(store.folder, tmp_path / f"moment {number}")
    run.close()
    steps = [event for event in told if isinstance(event, StepDone) and event.losses]
    assert len(steps) == 2 * 11 and len(moments) == 6
    for number in moments.values():
        history = RunHistory()
        for event in told[: number + 1]:
            history.apply(event)
        _check_going_on(RunStore.open(tmp_path / f"moment {number}"), history, told, store)


def _worth_going_on_from(event, run):
    """Name a moment amid a pass: an iteration after one view, and not yet the other, left the broken picture out."""
    match event:
        case StepDone() if event.losses:
            batches = run.state.moment.place.batches
            return f"iteration of {event.phase}" if batches["train"] != batches["vp"] else ""
        case StepDone() if event.step == 7:
            return f"mapping of {event.phase}"
        case Measuring():
            return f"{event.part} of {event.phase}"
    return ""


def _check_going_on(store, history, told, whole):
    point = resume_point(store, history)
    assert point.damage == ()
    run = Run(store.config, store, resume=point)
    went_on = [event for event in run.events() if not isinstance(event, Preparing | Message)]
    run.close()
    coming = [event for event in told[point.at + 1 :] if not isinstance(event, Message)]
    assert [_said(event) for event in went_on] == [_said(event) for event in coming], point.place
    for path in (whole.folder / "artifacts").rglob("*.safetensors"):
        assert (store.folder / path.relative_to(whole.folder)).read_bytes() == path.read_bytes(), (path, point.place)


@pytest.mark.parametrize("room", [None, 0, 5 * 3 * 18 * 18])
def test_that_pictures_kept_in_memory_have_the_bits_they_had_when_they_were_read(tmp_path, room):
    generator, paths = np.random.default_rng(3), []
    for number in range(16):
        height, width = ((20, 30), (9, 7), (18, 18), (33, 41))[number % 4]
        paths.append(str(tmp_path / f"{number}.jpg"))
        Image.fromarray(generator.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(paths[-1])
    kept = FileImages(paths, warn=print, room=room)
    for key in range(4):
        ids = order_of(key, 16)[:12]
        cuts = drawn_cuts(key, ids, 16, side=18, flip=True)
        read = FileImages(paths, warn=print, room=0)
        (one, places), (other, its) = kept.begin(ids, cuts)(), read.begin(ids, cuts)()
        assert torch.equal(one, other) and places.tolist() == its.tolist() == list(range(12))
        read.close()
    kept.close()
