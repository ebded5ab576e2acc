"""Every architecture of the catalogue, built and worked on: scores, threshold, both stages, export, sizes, classifier.

One small batch each, at the smallest size the network takes. Networks of more than 150 M weights are marked `big`.

Shapes: B batch, S image side.
"""

import importlib
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from tests import make_catalogue
from tests.catalogue_words import words_of
from vpns_engine.artifacts import BoolArray
from vpns_engine.catalogue import CatalogueEntry, catalogue
from vpns_engine.export.code import code_of
from vpns_engine.export.weights import folded
from vpns_engine.nn.classifier import replace_classifier
from vpns_engine.nn.models import blank_network, source_class_names
from vpns_engine.nn.normalization import normalization_of
from vpns_engine.nn.prompts import build_prompt
from vpns_engine.nn.sparse import SparseNetwork, scored_weights
from vpns_engine.specs.optim import OptimGroups, OptimSpec
from vpns_engine.specs.phase import Finetune, HalfStep, Search
from vpns_engine.specs.prompt import PadSpec
from vpns_engine.training.feeds import Batch, Feeds
from vpns_engine.training.state import TrainState
from vpns_engine.training.steps import half_step

NUM_TARGET, DENSITY = 3, 0.5
BIG = 150_000_000
SGD = OptimSpec(kind="sgd", lr=0.01, momentum=0, weight_decay=0)
FAST = OptimSpec(kind="sgd", lr=10, momentum=0, weight_decay=0)  # a step through many layers must not be lost in rounding
PROMPTED = {"search": HalfStep("vp", True, ("scores", "prompt")), "finetune": HalfStep("vp", True, ("weights", "prompt"))}


def _marked(name: str):
    return pytest.param(name, marks=pytest.mark.big) if catalogue()[name].num_weights > BIG else name


@dataclass
class Made:
    """One network with values, and what the catalogue says of it."""

    name: str
    entry: CatalogueEntry
    network: nn.Module

    @property
    def size(self) -> int:
        """Smallest side at which one image is enough to train on; below it, batch normalization leaves little but signs."""
        return max(self.entry.min_image_size, self.entry.one_pixel_size + 1)


@pytest.fixture(scope="module", autouse=True)
def _no_work_that_is_not_looked_at():
    """Leave out each layer's first values, which are overwritten, and the copy to restart a level from."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in dir(nn.init) if name.endswith("_") and not name.startswith("_")]:
            patch.setattr(nn.init, name, lambda tensor, *_args, **_words: tensor)
        patch.setattr(TrainState, "snapshot", lambda _state, _epoch: None)
        yield


@pytest.fixture(scope="module", params=[_marked(name) for name in make_catalogue.names()])
def made(request):
    """Build each architecture once; its values are drawn at once rather than layer by layer."""
    torch.set_num_threads(1)
    entry = catalogue()[request.param]
    return Made(request.param, entry, _with_values(blank_network(request.param, entry.num_source_classes)))


def _with_values(network: nn.Module) -> nn.Module:
    known = {name: buffer for name, buffer in network.named_buffers() if not buffer.is_meta}
    network.to_empty(device="cpu")
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name in known:
                value.copy_(known[name])
            elif name.endswith("running_var") or (value.ndim == 1 and name.endswith("weight")):
                value.fill_(1)
            elif value.ndim < 2:
                value.zero_()
            else:
                _draw(value.view(-1), (3 / value[0].numel()) ** 0.5)
    return network


def _draw(flat: torch.Tensor, bound: float) -> None:
    """Fill with numbers between -bound and bound; some repeat, which takes a fraction of the time."""
    numbers = _numbers()
    for piece in flat.split(len(numbers)):
        torch.mul(numbers[: len(piece)], bound, out=piece)


@cache
def _numbers() -> torch.Tensor:
    return 2 * torch.rand(3_000_017, generator=torch.Generator().manual_seed(5)) - 1


@dataclass
class Worked:
    """What came of working on a network."""

    num_scored: int
    kept: dict[str, int]
    """Kept weights at the start, and after a half-step of each stage."""
    losses: dict[str, float]
    moved: dict[str, set[str]]
    """What each half-step moved: scores, weights, prompt."""
    folded: dict[str, torch.Tensor]
    masks: dict[str, BoolArray]


@pytest.fixture(scope="module")
def worked(made):
    """Make one half-step of each stage and fold the masks in."""
    state = _state(made)
    generator = torch.Generator().manual_seed(1)
    y_B = torch.tensor([2]) if made.entry.fixed_size else torch.tensor([0, 2])
    batch = Batch(torch.rand(len(y_B), 3, made.size, made.size, generator=generator), y_B)
    kept, losses, moved = {}, {}, {}
    state.network.set_density(DENSITY)
    kept["start"] = sum(state.network.kept())
    for stage, half in PROMPTED.items():
        phase = Search(0, DENSITY, 1, (half,)) if stage == "search" else Finetune(0, DENSITY, 1, (half,))
        state.prepare(phase)
        state.network.train()
        before = _values(state)
        losses[stage] = float(half_step(state, half, batch).loss)
        moved[stage] = {group for group, value in _values(state).items() if not torch.equal(value, before[group])}
    masks = {item.name: mask.numpy() for item, mask in zip(state.network.scored, state.network.masks(), strict=True)}
    kept["end"] = sum(int(np.count_nonzero(mask)) for mask in masks.values())
    weights = {name: value.numpy() for name, value in state.network.plain_state(masked=False).items()}
    num_scored = state.network.num_scored
    del state  # some networks need gigabytes
    state_dict = folded(made.name, made.entry.num_source_classes, weights, masks)
    return Worked(num_scored, kept, losses, moved, state_dict, masks)


def _state(made: Made) -> TrainState:
    prompt = PadSpec(canvas=made.size, pad=1)
    return TrainState(
        network=SparseNetwork(made.network),
        prompt=build_prompt(prompt, made.size, lambda: (0, 0), normalization=normalization_of(made.name)),
        feeds=Feeds((), (), None, ()),
        optim=OptimGroups(scores=SGD, search_prompt=FAST, weights=SGD, finetune_prompt=FAST),
        num_source=made.entry.num_source_classes,
        num_target=NUM_TARGET,
        seed=7,
        device=torch.device("cpu"),
        mapping_T=torch.tensor([5, 0, 9]),
    )


def _values(state: TrainState) -> dict[str, torch.Tensor]:
    """Copy what learns, of the network its first layer."""
    first = state.network.scored[0]
    groups = {"scores": first.score, "weights": first.weight, "prompt": state.prompt.delta}
    return {name: value.detach().clone() for name, value in groups.items()}


def test_that_the_catalogue_knows_every_classifier_of_torchvision():
    assert set(catalogue()) == {"resnet20", *torchvision.models.list_models(torchvision.models)}


def test_that_the_catalogue_counts_the_network_as_built(made):
    layers = dict(made.network.named_modules())
    assert sum(parameter.numel() for _, _, parameter in scored_weights(made.network)) == made.entry.num_scored
    assert sum(parameter.numel() for parameter in made.network.parameters()) == made.entry.num_weights
    assert len(list(scored_weights(made.network))) == made.entry.num_layers
    values, parameters = made.network.state_dict(), dict(made.network.named_parameters())
    assert len(values) == made.entry.num_entries
    assert sum(value.nbytes for name, value in values.items() if name not in parameters) == made.entry.num_buffer_bytes
    assert layers[made.entry.classifier].weight.shape[:2] == (made.entry.num_source_classes, made.entry.num_features)


def test_that_the_catalogue_says_of_the_weights_what_torchvision_says(made):
    family, label = words_of(made.name)
    arguments = make_catalogue.arguments(made.name)
    found = {"label": label, "family": family, "arguments": arguments} | make_catalogue.weights_facts(made.name)
    entry = made.entry.model_dump()
    assert {name: list(entry[name]) if isinstance(entry[name], tuple) else entry[name] for name in found} == found
    assert len(source_class_names(made.name)) == made.entry.num_source_classes


def test_that_a_state_dict_holds_all_values_of_a_network(made):
    assert {name for name, _ in made.network.named_buffers()} <= made.network.state_dict().keys()


def test_that_the_threshold_keeps_the_asked_density(worked):
    wanted = worked.num_scored - int((1 - DENSITY) * worked.num_scored)
    for stage in ("start", "end"):
        # what ties with the threshold falls too
        assert wanted - 1e-4 * worked.num_scored <= worked.kept[stage] <= wanted


def test_that_a_half_step_of_each_stage_learns_what_it_should(worked):
    assert all(np.isfinite(loss) for loss in worked.losses.values())
    assert worked.moved == {"search": {"scores", "prompt"}, "finetune": {"weights", "prompt"}}


def test_that_the_exported_state_dict_loads_strictly_into_the_bare_network(made, worked):
    code = code_of(made.name)
    assert code.own_file or getattr(importlib.import_module(code.module), code.builder)
    pruned = made.network.state_dict()
    assert all(torch.equal(value, pruned[name]) for name, value in worked.folded.items())
    made.network.load_state_dict(worked.folded, strict=True)
    for layer, entry, _ in list(scored_weights(made.network))[:2]:
        assert not worked.folded[entry][torch.from_numpy(~worked.masks[layer])].any()


def test_that_the_sizes_are_where_the_network_starts_to_work(made):
    least, alone = made.entry.min_image_size, made.entry.one_pixel_size
    if made.entry.fixed_size:  # the half-steps were made at it
        assert not _trains_on(made.network, 2, least + 1)
        assert not _trains_on(made.network, 2, 2 * least)
        return
    assert _trains_on(made.network, 2, least)
    assert least == 8 or not _trains_on(made.network, 2, least - 1)
    assert not alone or not _trains_on(made.network, 1, alone)
    assert not alone or _trains_on(made.network, 1, alone + 1)


def _trains_on(network: nn.Module, count: int, size: int) -> bool:
    try:
        with torch.no_grad():
            network.train()(torch.rand(count, 3, size, size))
    except (RuntimeError, ValueError, AssertionError):
        return False
    return True


def test_that_a_new_classifier_makes_the_architecture_with_that_many_classes(made):
    old = made.network.get_submodule(made.entry.classifier)
    assert replace_classifier(made.network, made.name, NUM_TARGET, 1) == made.entry.classifier
    assert _shapes(made.network) == _shapes(blank_network(made.name, NUM_TARGET))
    parent, _, last = made.entry.classifier.rpartition(".")
    setattr(made.network.get_submodule(parent), last, old)


def _shapes(network: nn.Module) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in network.state_dict().items()}
