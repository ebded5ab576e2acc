"""What each kind of phase does."""

from dataclasses import dataclass, replace

import pytest
import torch

from tests.engine.tiny_states import NUM_TARGET, PROMPTED, do, rewound, search, tiny_state, tune
from vpns_engine.errors import EngineError
from vpns_engine.events import EpochEnded, LabelsMapped, LevelSaved, PhaseEnded, PhaseStarted, StepDone
from vpns_engine.events import Tested as WasTested
from vpns_engine.specs.optim import OptimGroups, OptimSpec
from vpns_engine.specs.phase import Finetune, HalfStep, MapLabels, Score, Search
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.training.feeds import Batch, Feeds
from vpns_engine.training.phases import execute, interrupt
from vpns_engine.training.steps import evaluating


def _of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_that_a_phase_begins_and_ends_with_its_own_events():
    state = rewound(tiny_state())
    for phase in (MapLabels(0, 0.5), search(), tune()):
        events = list(execute(3, phase, state))
        assert isinstance(events[0], PhaseStarted) and isinstance(events[-1], PhaseEnded)
        assert events[0].phase == events[-1].phase == 3


def test_that_mapping_gives_each_target_class_a_source_of_its_own_and_counts_the_images():
    state = rewound(tiny_state())
    (mapped,) = _of(do(MapLabels(0, 0.5), state), LabelsMapped)
    assert len(set(mapped.sources)) == NUM_TARGET
    assert state.mapping_T.tolist() == list(mapped.sources)
    assert 0 < sum(mapped.counts) <= 8


def test_that_mapping_looks_at_the_masked_network_in_eval_mode_through_the_prompt():
    state = rewound(tiny_state())
    with torch.no_grad():
        state.prompt.delta.fill_(0.4)
    seen = []
    hook = state.network.register_forward_hook(lambda module, given, _out: seen.append((module.training, given[0])))
    do(MapLabels(0, 0.5), state)
    hook.remove()
    first = next(state.feeds.train.batches("map", 1))
    assert [training for training, _ in seen] == [False, False]
    assert torch.equal(seen[0][1], state.prompt(first.x_BCHW))


def test_that_an_epoch_tells_every_iteration_and_its_own_numbers():
    state = rewound(tiny_state(validation=True))
    events = do(search(epochs=2), state)
    assert [(event.epoch, event.step) for event in _of(events, StepDone)] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    epochs = _of(events, EpochEnded)
    assert [event.epoch for event in epochs] == [0, 1, 2]
    assert epochs[0].loss is None and epochs[0].kept
    last, steps = epochs[-1], _of(events, StepDone)[2:]
    assert last.loss_prompted == pytest.approx(sum(step.losses[0] for step in steps) / 2)
    assert last.loss == pytest.approx(sum(step.losses[1] for step in steps) / 2)
    assert last.kept == state.network.kept() and last.threshold == state.network.threshold
    assert last.val_accuracy is not None and last.val_accuracy_prompted is not None


def test_that_the_rate_moves_once_per_epoch():
    state = rewound(tiny_state())
    rates = [event.learning_rates["scores"] for event in _of(do(search(epochs=4), state), EpochEnded)[1:]]
    first = state.optim.scores.lr
    assert rates == pytest.approx([first, first * 0.8535534, first * 0.5, first * 0.1464466])


def test_that_a_tuning_chooses_its_best_validation_epoch():
    state = rewound(tiny_state(validation=True, optim=OptimGroups(weights=OptimSpec(kind="sgd", lr=0.5))))
    weights = {}
    events = []
    for event in execute(0, tune(epochs=6), state):
        events.append(event)
        if isinstance(event, EpochEnded):
            weights[event.epoch] = state.network.weights[1].clone()
    epochs = _of(events, EpochEnded)
    best = max(epochs, key=lambda event: (event.val_accuracy, -event.val_loss))
    (saved,) = _of(events, LevelSaved)
    assert saved.epoch == best.epoch
    assert torch.equal(state.network.weights[1], weights[best.epoch])


def test_that_of_equal_accuracies_the_lower_loss_is_chosen(monkeypatch):
    state = rewound(tiny_state(validation=True))
    losses = iter([0.9, 0.4, 0.7])

    def measured(state, feed, *, prompted, seen):
        whole = yield from evaluating(state, feed, prompted=prompted, seen=seen)
        if feed is state.feeds.validation and not prompted:
            return replace(whole, accuracy=0.5, loss=next(losses))
        return whole

    monkeypatch.setattr("vpns_engine.training.phases.evaluating", measured)
    (saved,) = _of(do(tune(epochs=3), state), LevelSaved)
    assert saved.epoch == 2


def test_that_without_validation_the_last_epoch_counts():
    state = rewound(tiny_state())
    events = do(tune(epochs=3), state)
    assert _of(events, LevelSaved)[0].epoch == 3
    assert all(event.val_accuracy is None for event in _of(events, EpochEnded))
    assert state.best is None


@dataclass
class _Told:
    """A feed that notes when it is read."""

    feed: object
    read: list

    def __len__(self):
        return len(self.feed)

    def batches(self, purpose, epoch, first=0):
        self.read.append(purpose)
        return self.feed.batches(purpose, epoch, first)


def test_that_the_test_split_is_read_only_after_the_level_is_chosen():
    state = rewound(tiny_state(validation=True))
    read = []
    state.feeds = Feeds(state.feeds.train, state.feeds.vp, state.feeds.validation, _Told(state.feeds.test, read))
    do(search(), state)
    for event in execute(0, tune(), state):
        if isinstance(event, LevelSaved):
            assert read == []
    assert read


def test_that_both_states_are_tested_with_and_without_the_prompt():
    state = rewound(tiny_state())
    do(search(), state)
    tested = _of(do(tune(), state), WasTested)
    assert [event.stage for event in tested] == ["search", "finetune"]
    assert all(event.accuracy_prompted is not None for event in tested)
    after = state.network.plain_state(masked=False)
    assert not torch.equal(after["0.weight"], state.found.weights["0.weight"])


def test_that_the_tuning_starts_from_the_searchs_last_epoch_and_keeps_its_mask():
    state = rewound(tiny_state(validation=True))
    do(search(), state)
    masks, delta = state.network.masks(), state.prompt.delta.clone()
    events = execute(0, tune(epochs=1), state)
    next(events)
    assert torch.equal(state.prompt.delta, delta)
    list(events)
    assert all(torch.equal(mask, before) for mask, before in zip(state.network.masks(), masks, strict=True))


def _updates(phase, state):
    count = [0]
    state.observe = lambda *_: count.__setitem__(0, count[0] + 1)
    do(phase, state)
    return count[0]


def test_that_the_control_arm_makes_the_same_number_of_updates_without_a_prompt():
    control = rewound(tiny_state(prompt=PromptSpec(kind="none", canvas=8)))
    halves = (HalfStep("vp", True, ("scores",)), HalfStep("train", False, ("scores",)))
    assert _updates(Search(0, 0.5, 2, halves), control) == _updates(search(epochs=2), rewound(tiny_state())) == 8
    assert set(control.optimizers) == {"scores"}
    assert control.prompt.delta.eq(0).all()
    events = do(Finetune(0, 0.5, 1, (HalfStep("vp", True, ("weights",)), HalfStep("train", False, ("weights",)))), control)
    assert all(event.accuracy_prompted is None for event in _of(events, WasTested))


def test_that_a_mask_can_be_set_by_magnitude_before_the_tuning():
    state = rewound(tiny_state())
    do(Score(0, 0.5, "magnitude"), state)
    sizes = torch.cat([weight.abs().flatten() for weight in state.network.weights])
    kept = torch.cat([mask.flatten() for mask in state.network.masks()])
    assert sizes[kept].min() > sizes[~kept].max()


@dataclass
class _Spoilt:
    """A feed whose second batch is not a number."""

    feed: object

    def __len__(self):
        return len(self.feed)

    def batches(self, purpose, epoch, _first=0):
        for number, batch in enumerate(self.feed.batches(purpose, epoch)):
            yield Batch(batch.x_BCHW * float("nan"), batch.y_B) if number else batch


def test_that_a_loss_that_is_no_number_says_where_and_what_to_do():
    state = rewound(tiny_state())
    state.feeds = Feeds(_Spoilt(state.feeds.train), state.feeds.vp, None, state.feeds.test)
    with pytest.raises(EngineError, match=r"no longer a number \(epoch 1, iteration 2\): take a lower learning rate"):
        do(search(), state)


def test_that_a_stopped_search_keeps_what_it_has():
    state = rewound(tiny_state())
    events = execute(0, search(epochs=5), state)
    while not isinstance(next(events), StepDone):
        pass
    events.close()
    (saved,) = interrupt(0, search(epochs=5), state)
    assert (saved.complete, saved.epoch) == (False, 0)
    for item, mask in zip(state.network.scored, state.network.masks(), strict=True):
        assert torch.equal(item.parameter, item.weight * mask)


def test_that_a_stopped_tuning_goes_back_to_its_best_epoch():
    state = rewound(tiny_state(validation=True))
    events, copies = execute(0, tune(epochs=5), state), {}
    for event in events:
        if isinstance(event, EpochEnded):
            copies[event.epoch] = (event, state.network.weights[0].clone())
        if isinstance(event, StepDone) and event.epoch == 4:
            break
    events.close()
    best = max((event for event, _ in copies.values()), key=lambda event: (event.val_accuracy, -event.val_loss))
    (saved,) = interrupt(0, tune(epochs=5), state)
    assert saved.epoch == best.epoch and not saved.complete
    assert torch.equal(state.network.weights[0], copies[best.epoch][1])


def test_that_a_stop_before_anything_was_learned_saves_nothing():
    state = tiny_state()
    assert list(interrupt(0, MapLabels(0, 0.5), state)) == []
    assert list(interrupt(0, search(), state)) == []


def test_that_what_learns_is_told_to_the_observer_half_by_half():
    state = rewound(tiny_state())
    seen = []
    state.observe = lambda phase, epoch, step, half, result: seen.append((phase.kind, epoch, step, half, result.count))
    do(search(epochs=1), state)
    assert seen == [("search", 1, step, half, 4) for step in (1, 2) for half in (0, 1)]
    assert len(PROMPTED) == 2
