"""A stop at any event, and a failure, keep what stands already and what was best."""

import pytest

from tests.engine.tiny_runs import make_pictures, run, run_with, tiny_config
from vpns_engine import events as kinds_of
from vpns_engine.artifacts import read_arrays
from vpns_engine.drive import Control


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


def _tuned(store, events):
    saved = [event for event in events if isinstance(event, kinds_of.LevelSaved) and event.phase == 3]
    return saved, read_arrays(store.path(saved[-1].state_path))


@pytest.mark.parametrize("protocol", ["held-out", "paper"])
def test_that_a_stop_after_the_tuning_was_saved_changes_nothing_in_it(pictures, tmp_path, protocol):
    config = tiny_config(pictures, search_epochs=1, finetune_epochs=2)
    config = config.model_copy(update={"data": config.data.model_copy(update={"protocol": protocol})})
    store, events = run(config, tmp_path / "whole")
    (whole,), arrays = _tuned(store, events)
    after = [
        e for e in events if e.seq >= whole.seq and isinstance(e, kinds_of.LevelSaved | kinds_of.Measuring | kinds_of.Tested)
    ]
    kinds = {(type(event), getattr(event, "stage", "")) for event in after}
    assert (kinds_of.Tested, "search") in kinds and (kinds_of.Measuring, "") in kinds
    for kind, stage in sorted(kinds, key=str):
        control = Control()

        def stop(event, kind=kind, stage=stage, control=control, seq=whole.seq):
            if event.seq >= seq and isinstance(event, kind) and getattr(event, "stage", "") == stage:
                control.stop()

        stopped, told = run_with(control, config, tmp_path / f"{kind.__name__}{stage}", stop)
        saved, kept = _tuned(stopped, told)
        assert [(event.epoch, event.complete) for event in saved] == [(whole.epoch, True)]
        assert kept.keys() == arrays.keys()
        assert all((kept[name] == arrays[name]).all() for name in arrays)


def test_that_a_stop_takes_effect_within_a_batch_of_the_test_too(pictures, tmp_path):
    control = Control()
    later = []

    def stop(event):
        if control.stopping:
            later.append(event)
        if isinstance(event, kinds_of.Measuring) and event.part == "test":
            control.stop()

    _, events = run_with(control, tiny_config(pictures), tmp_path, stop)
    assert [type(event) for event in later] == [kinds_of.RunEnded]
    assert not [event for event in events if isinstance(event, kinds_of.Tested)]


def test_that_a_run_that_fails_while_tuning_keeps_its_best_epoch(pictures, tmp_path, monkeypatch):
    from vpns_engine.training import phases

    real, calls = phases.half_step, []

    def broken(state, half, batch):
        result = real(state, half, batch)
        if "weights" in half.learns:
            calls.append(half)
        if len(calls) > per_epoch * 2:
            return type(result)(result.loss * float("nan"), result.logits_BT, result.correct, result.count)
        return result

    config = tiny_config(pictures, search_epochs=1, finetune_epochs=4)
    _, counted = run(config, tmp_path / "count")
    per_epoch = 2 * next(event.phases[3].iterations for event in counted if event.kind == "run-started")
    monkeypatch.setattr(phases, "half_step", broken)
    store, events = run(config, tmp_path / "broken")
    assert events[-1].status == "failed" and "no longer a number" in events[-1].text
    saved, _ = _tuned(store, events)
    assert [(event.epoch in (1, 2), event.complete) for event in saved] == [(True, False)]


@pytest.mark.parametrize("error", [RuntimeError("a fault of ours"), MemoryError()], ids=["fault", "memory"])
def test_that_a_fault_of_ours_while_tuning_loses_no_epoch_that_was_best(pictures, tmp_path, monkeypatch, error):
    from vpns_engine.training import phases

    real, ended = phases.half_step, []

    def broken(state, half, batch):
        if len(ended) == 2:
            raise error
        return real(state, half, batch)

    def count(event):
        if isinstance(event, kinds_of.EpochEnded) and event.phase == 3:
            ended.append(event)

    monkeypatch.setattr(phases, "half_step", broken)
    store, events = run(tiny_config(pictures, search_epochs=1, finetune_epochs=4), tmp_path, count)
    assert events[-1].status == "failed"
    saved, arrays = _tuned(store, events)
    best = max(ended, key=lambda event: (event.val_accuracy, -event.val_loss))
    assert [(event.epoch, event.complete) for event in saved] == [(best.epoch, False)] and arrays


def test_that_levels_are_independent_with_the_random_prompt_too(pictures, tmp_path):
    def states(sparsities, folder):
        config = tiny_config(pictures, search_epochs=1, finetune_epochs=1)
        prompt = config.prompt.as_kind("random")
        mask = config.mask.model_copy(update={"sparsities": sparsities})
        store, events = run(config.model_copy(update={"prompt": prompt, "mask": mask}), folder)
        return read_arrays(store.path([e for e in events if isinstance(e, kinds_of.LevelSaved)][-1].state_path))

    alone, second = states((0.9,), tmp_path / "one"), states((0.5, 0.9), tmp_path / "two")
    assert all((alone[name] == second[name]).all() for name in alone)
