"""Label mappings over whole runs: iterative, random, and a new head in place of the mapping."""

import itertools
import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.engine.tiny_runs import CLASSES, make_pictures, run, run_with, tiny_config
from tests.engine.tiny_states import NUM_TARGET, PROMPTED, TUNED, do, rewound, tiny_network, tiny_state
from vpns_engine.artifacts import read_arrays, read_state_info
from vpns_engine.catalogue import catalogue
from vpns_engine.cli_show import show
from vpns_engine.density import densities_of_run
from vpns_engine.drive import Control
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, LabelsMapped, LevelSaved, Measuring, RunStarted, StepDone
from vpns_engine.export import export_run
from vpns_engine.forecast import forecast
from vpns_engine.nn.mappings import draw_sources
from vpns_engine.nn.models import blank_network
from vpns_engine.nn.sparse import SparseNetwork, scored_weights
from vpns_engine.plan import plan
from vpns_engine.specs.phase import DENSE, Finetune, HalfStep, MapLabels, Rewind, Search
from vpns_engine.specs.phase import Test as Testing
from vpns_engine.specs.run import RunConfig
from vpns_engine.store import RunStore
from vpns_engine.training.phases import execute, interrupt
from vpns_engine.training.state import TrainState

METHODS = ("vpns", "control", "omp", "random")


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures") / "set")


def planned(kind, method="vpns", dense="none"):
    return plan(RunConfig(method=method, mapping={"kind": kind}, dense=dense))


# the plan


@pytest.mark.parametrize("method", METHODS)
def test_that_only_the_iterative_mapping_is_found_anew_at_each_epoch(method):
    for kind, expected in (("flm", None), ("rlm", None), ("ilm", MapLabels(0, 0.1, rule="ilm"))):
        phases = planned(kind, method)
        assert [phase.rule for phase in phases if isinstance(phase, MapLabels)] == [kind]
        assert {phase.remap for phase in phases if isinstance(phase, Search | Finetune)} == {expected}


def test_that_a_new_head_is_mapped_by_nobody_and_learns_in_both_stages():
    start, search, tune = planned("head")
    assert start == Rewind(0, 0.1)
    assert search.steps == (HalfStep("vp", True, ("scores", "head", "prompt")), HalfStep("train", False, ("scores", "head")))
    assert [half.learns for half in tune.steps] == [("weights", "prompt"), ("weights",)]


def test_that_the_dense_reference_maps_as_the_levels_do():
    ilm = planned("ilm", dense="tuned")
    assert ilm[1] == ilm[3].remap == MapLabels(DENSE, 1.0, prompted=False, rule="ilm")
    assert planned("rlm", dense="mapped")[1].rule == "rlm"
    assert planned("head", dense="mapped") == planned("head")
    tuned = planned("head", dense="tuned")
    assert [type(phase) for phase in tuned[:2]] == [Rewind, Finetune] and tuned[2:] == planned("head")
    assert not any(isinstance(phase, Testing) for phase in tuned)


# random


def test_that_random_sources_are_distinct_and_depend_on_the_seed_alone():
    drawn = draw_sources(1000, 100, 5)
    assert len(set(drawn.tolist())) == 100 and int(drawn.min()) >= 0 and int(drawn.max()) < 1000
    assert torch.equal(drawn, draw_sources(1000, 100, 5)) and not torch.equal(drawn, draw_sources(1000, 100, 6))
    assert sorted(draw_sources(4, 4, 1).tolist()) == [0, 1, 2, 3]
    with pytest.raises(EngineError, match=r"^3 target classes .* has 2$"):
        draw_sources(2, 3, 1)


def test_that_a_random_mapping_looks_at_no_image_and_is_the_same_for_every_level():
    state = rewound(tiny_state())
    state.feeds.train.batches = None  # anyone who asks fails
    found = []
    for level, density in enumerate((0.5, 0.1)):
        do(Rewind(level, density), state)
        (mapped,) = of(do(MapLabels(level, density, rule="rlm"), state), LabelsMapped)
        assert len(set(mapped.sources)) == NUM_TARGET and mapped.counts == ()
        found.append(mapped.sources)
    assert found[0] == found[1] == tuple(state.mapping_T.tolist())


# iterative


def ilm(kind, epochs=2, steps=PROMPTED):
    return kind(0, 0.5, epochs, steps, MapLabels(0, 0.5, rule="ilm"))


def mapped_again(state, phase):
    """Run a phase and give its mappings with what was in force before each of them."""
    return of(do(phase, state), LabelsMapped)


def test_that_the_iterative_mapping_is_told_at_the_start_of_each_epoch():
    state = tiny_state(validation=True)
    do(Rewind(0, 0.5), state)
    assert [event.epoch for event in mapped_again(state, MapLabels(0, 0.5, rule="ilm"))] == [0]
    events = do(ilm(Search), state)
    shown = [(type(e).__name__, e.epoch) for e in events if isinstance(e, LabelsMapped | StepDone | EpochEnded)]
    epoch = [("LabelsMapped", 1), ("StepDone", 1), ("StepDone", 1), ("EpochEnded", 1)]
    assert shown == [("EpochEnded", 0), *epoch, *((name, 2) for name, _ in epoch)]
    looked = [event.done for event in of(events, Measuring) if event.part == "mapping"]
    assert looked == [0.5, 1.0, 0.5, 1.0]
    assert [event.epoch for event in mapped_again(state, ilm(Finetune, steps=TUNED))][:2] == [1, 2]


def test_that_the_iterative_mapping_is_that_of_the_network_as_it_is_then():
    state = rewound(tiny_state())
    with torch.no_grad():  # everything is taken for source class 4, then 5, ...
        state.network.network[-1].bias[4] = 50.0
    (first, *_) = mapped_again(state, ilm(Search, epochs=1))
    counts = dict(zip(first.sources, first.counts, strict=True))
    assert 4 in counts and counts[4] == max(first.counts) > 0
    with torch.no_grad():
        state.network.network[-1].bias[5] = 500.0
    (second, *_) = mapped_again(state, ilm(Search, epochs=1))
    assert 5 in second.sources and first.sources != second.sources
    assert state.mapping_T.tolist() == list(second.sources) and state.counts == second.counts


def test_that_until_a_mapping_is_found_anew_the_one_before_stays():
    state = rewound(tiny_state())
    for event in execute(0, ilm(Search), state):
        assert state.mapping_T is not None and len(state.mapping_T) == NUM_TARGET
        if isinstance(event, Measuring) and event.part == "mapping":
            break
    assert state.mapping_T.tolist() == list(range(NUM_TARGET))
    (saved,) = of(interrupt(0, ilm(Search), state), LevelSaved)
    assert not saved.complete


def test_that_going_back_to_the_best_epoch_takes_its_mapping_and_tells_it():
    state = rewound(tiny_state(validation=True))
    phase = ilm(Finetune, epochs=3, steps=TUNED)
    told: list[LabelsMapped] = []
    for event in execute(0, phase, state):
        if isinstance(event, LabelsMapped):
            told.append(event)
            if event.epoch < 3 and len(told) < 3:  # make the epochs' mappings differ, and the first epoch the best
                state.network.network[-1].bias.data[4 + event.epoch] = 50.0 * event.epoch
        if isinstance(event, EpochEnded) and event.epoch == 1:
            state.best_epoch = event.model_copy(update={"val_accuracy": 2.0})
        if isinstance(event, LevelSaved):
            saved = event
            break
    assert saved.epoch == 1 and [event.epoch for event in told] == [1, 2, 3, 1]
    assert told[3].sources == told[0].sources != told[2].sources and told[3].counts == told[0].counts
    assert state.mapping_T.tolist() == list(told[0].sources)


def test_that_the_untuned_state_is_tested_with_its_own_mapping(pictures, tmp_path):
    store, events = run(tiny_config(pictures, mapping={"kind": "ilm"}, search_epochs=2, finetune_epochs=2), tmp_path)
    mapped = of(events, LabelsMapped)
    assert [event.epoch for event in mapped][:5] == [0, 1, 2, 1, 2]
    found, tuned = of(events, LevelSaved)
    assert read_state_info(store.path(found.state_path)).mapping == mapped[2].sources
    level = store.read().history.levels[0]
    assert read_state_info(store.path(tuned.state_path)).mapping == level.sources == mapped[-1].sources
    assert level.counts == mapped[-1].counts and sum(level.counts) <= 12


def test_that_the_iterative_mapping_is_the_same_in_a_second_run(pictures, tmp_path):
    config = tiny_config(pictures, mapping={"kind": "ilm"}, search_epochs=2)
    first, second = (of(run(config, tmp_path / name)[1], LabelsMapped) for name in "ab")
    assert [event.sources for event in first] == [event.sources for event in second]


def test_that_a_stop_while_mapping_anew_keeps_what_was_found(pictures, tmp_path):
    control = Control()

    def watch(event):
        if isinstance(event, Measuring) and event.part == "mapping":
            control.stop()

    store, events = run_with(control, tiny_config(pictures, mapping={"kind": "ilm"}), tmp_path, watch)
    assert events[-1].status == "stopped"
    (saved,) = of(events, LevelSaved)
    assert len(read_state_info(store.path(saved.state_path)).mapping) == len(CLASSES)


# a class without images


@pytest.mark.parametrize("kind", ["flm", "ilm", "rlm"])
def test_that_a_class_without_images_gets_a_source_of_its_own(kind):
    class OneClass:
        def __len__(self):
            return 1

        def batches(self, _purpose, _epoch, _first=0):
            batch = next(state.feeds.vp.batches("", 0))
            yield type(batch)(batch.x_BCHW, torch.zeros_like(batch.y_B))

    state = tiny_state()
    do(Rewind(0, 0.5), state)
    state.feeds = type(state.feeds)(OneClass(), state.feeds.vp, None, state.feeds.test)
    (mapped,) = of(do(MapLabels(0, 0.5, rule=kind), state), LabelsMapped)
    assert len(set(mapped.sources)) == NUM_TARGET
    if kind != "rlm":
        assert mapped.counts[0] > 0 and mapped.counts[1:] == (0, 0)


# a new head


def headed() -> TrainState:
    """Give a tiny state whose last layer is new: one output for each class."""
    network = tiny_network()
    network[-1] = torch.nn.Linear(5, NUM_TARGET)
    plain = tiny_state()
    return TrainState(
        network=SparseNetwork(network, ("5",)),
        prompt=plain.prompt,
        feeds=plain.feeds,
        optim=plain.optim,
        num_source=NUM_TARGET,
        num_target=NUM_TARGET,
        seed=7,
        device=plain.device,
        mapping_T=torch.arange(NUM_TARGET),
    )


HEAD_SEARCH = Search(0, 0.5, 1, tuple(HalfStep(h.view, h.prompted, (*h.learns, "head")) for h in PROMPTED))


def test_that_a_head_is_neither_scored_nor_pruned():
    network = headed().network
    assert [layer.name for layer in network.layers] == ["0"] and network.num_scored == 5 * 27
    assert [tuple(p.shape) for p in network.head_parameters()] == [(NUM_TARGET, 5), (NUM_TARGET,)]
    assert len(SparseNetwork(tiny_network()).layers) == 2
    network.set_density(0.1)
    assert network.network[-1].weight.ne(0).all()


def test_that_a_head_learns_in_the_search_while_the_other_weights_stand_still():
    state = headed()
    do(Rewind(0, 0.5), state)
    before = state.network.plain_state(masked=False)
    do(HEAD_SEARCH, state)
    after = state.network.plain_state(masked=False)
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert {"5.weight", "5.bias"} <= moved and not moved & {"0.weight", "1.weight", "1.bias"}
    assert state.optimizers["head"].param_groups[0]["lr"] == pytest.approx(0, abs=1e-9)  # cosine, at its end
    assert type(state.optimizers["head"]).__name__ == "SGD"  # the weights' optimizer


def test_that_each_level_starts_with_the_same_head():
    state = headed()
    do(Rewind(0, 0.5), state)
    before = state.network.plain_state(masked=False)
    do(HEAD_SEARCH, state)
    do(Finetune(0, 0.5, 1, TUNED), state)
    do(Rewind(1, 0.1), state)
    assert torch.equal(state.network.plain_state(masked=False)["5.weight"], before["5.weight"])
    assert state.mapping_T.tolist() == list(range(NUM_TARGET))


@pytest.mark.parametrize("method", METHODS)
def test_that_a_run_with_a_head_goes_through_to_an_export(method, pictures, tmp_path):
    config = tiny_config(pictures, mapping={"kind": "head"}, method=method)
    store, events = run(config, tmp_path / "runs")
    assert events[-1].status == "finished", events[-1].text
    (started,) = of(events, RunStarted)
    assert started.source_classes == started.target_classes == CLASSES
    assert "fc" not in {layer.name for layer in started.layers} and not of(events, LabelsMapped)
    saved = of(events, LevelSaved)[-1]
    info, arrays = read_state_info(store.path(saved.state_path)), read_arrays(store.path(saved.state_path))
    assert info.mapping == (0, 1, 2) and arrays["weights/fc.weight"].shape == (3, 64) and "scores/fc" not in arrays
    store = RunStore.open(store.folder)
    for density in densities_of_run(store, store.read().history).values():
        assert density.without_unused_rows == density.share == pytest.approx(0.5, abs=1e-3)
    exported = export_run(store, tmp_path / "out")
    labels = json.loads((exported.folder / "labels.json").read_text())
    assert (labels["num_outputs"], labels["mapping"]) == (3, "head")
    card = (exported.folder / "README.md").read_text()
    assert "A new linear classifier" in card and "and the new classifier are not pruned" in card
    assert "Label mapping" not in show(store.folder)


def test_that_more_classes_than_the_network_has_need_a_head(tmp_path):
    folder = tmp_path / "set"
    generator = np.random.default_rng(0)
    for number, part in itertools.product(range(38), ("train", "val")):
        place = folder / part / f"class {number:02d}"
        place.mkdir(parents=True)
        for index in range(2):
            Image.fromarray(generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(place / f"{index}.png")
    data = {"batch_size": 38, "protocol": "paper"}
    _, events = run(tiny_config(folder, data=data), tmp_path / "a")
    assert events[-1].status == "failed" and "38 target classes" in events[-1].text
    _, events = run(tiny_config(folder, data=data, mapping={"kind": "head"}), tmp_path / "b")
    assert events[-1].status == "finished", events[-1].text


@pytest.mark.parametrize("kind", ["ilm", "rlm", "head"])
def test_that_a_run_goes_on_from_a_state_of_any_mapping(kind, pictures, tmp_path):
    store, events = run(tiny_config(pictures, mapping={"kind": kind}), tmp_path / "a")
    saved = of(events, LevelSaved)[0]
    start = str(store.path(saved.state_path))
    again, events = run(tiny_config(pictures, mapping={"kind": kind}, start_from=start), tmp_path / "b")
    assert events[-1].status == "finished", events[-1].text
    told = [event.sources for event in of(events, LabelsMapped)]
    before = read_state_info(store.path(saved.state_path)).mapping
    assert told[:1] == ([] if kind == "head" else [before])
    state = read_state_info(again.path(of(events, LevelSaved)[-1].state_path))
    assert state.mapping == (told[-1] if told else before)


@pytest.mark.parametrize("architecture", ["resnet20", "resnet18", "vgg16_bn", "squeezenet1_1"])
def test_that_the_forecast_counts_a_head_as_the_network_does(architecture):
    config = RunConfig.model_validate({"mapping": {"kind": "head"}, "model": {"architecture": architecture}})
    network = blank_network(architecture, catalogue()[architecture].num_source_classes)
    head = catalogue()[architecture].classifier
    scored = sum(parameter.numel() for name, _, parameter in scored_weights(network) if name != head)
    assert forecast(config, 10).num_scored == scored
