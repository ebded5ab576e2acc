"""From a config to the plan of phases."""

from dataclasses import replace

import pytest

from vpns_engine.plan import plan
from vpns_engine.specs.masks import MaskSpec
from vpns_engine.specs.phase import DENSE, PHASE_LABELS, Finetune, HalfStep, MapLabels, Rewind, Score, Test, epochs_of
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.run import RunConfig

METHODS = ("vpns", "control", "omp", "random")


def _plan(method, *, dense="none", **changes):
    return plan(RunConfig(method=method, search_epochs=3, finetune_epochs=2, dense=dense, **changes))


def test_that_vpns_learns_the_prompt_in_the_first_half_steps_only():
    start, mapping, search, tune = _plan("vpns")
    assert (start, mapping) == (Rewind(0, 0.1), MapLabels(0, 0.1))
    assert search.steps == (HalfStep("vp", True, ("scores", "prompt")), HalfStep("train", False, ("scores",)))
    assert tune.steps == (HalfStep("vp", True, ("weights", "prompt")), HalfStep("train", False, ("weights",)))
    assert (search.epochs, tune.epochs) == (3, 2)


def test_that_the_control_arm_is_vpns_without_a_prompt_to_learn():
    none = PromptSpec(kind="none")
    assert _plan("control") == _plan("vpns", prompt=none) == _plan("control", prompt=none)
    views = [[(step.view, step.prompted) for step in phase.steps] for phase in _plan("vpns")[2:]]
    assert [[(step.view, step.prompted) for step in phase.steps] for phase in _plan("control")[2:]] == views
    assert not any("prompt" in step.learns for phase in _plan("control")[2:] for step in phase.steps)


@pytest.mark.parametrize(("method", "criterion"), [("omp", "magnitude"), ("random", "random")])
def test_that_a_method_without_a_search_scores_before_it_maps(method, criterion):
    start, score, mapping, tune = _plan(method)
    assert (start, score, mapping) == (Rewind(0, 0.1), Score(0, 0.1, criterion), MapLabels(0, 0.1))
    assert all(step.learns == ("weights",) for step in tune.steps)


def test_that_every_method_makes_as_many_updates_of_the_network():
    counts = {sum(epochs_of(phase) * len(phase.steps) for phase in _plan(method) if epochs_of(phase)) for method in METHODS}
    assert counts == {(3 + 2) * 2}


@pytest.mark.parametrize("method", METHODS)
def test_that_every_level_is_the_plan_of_its_density_alone(method):
    several = _plan(method, mask=MaskSpec(sparsities=(0.9, 0.0, 0.95)))
    assert len(several) == 12
    for level, (sparsity, density) in enumerate([(0.9, 0.1), (0.0, 1.0), (0.95, 0.05)]):
        alone = _plan(method, mask=MaskSpec(sparsities=(sparsity,)))
        assert several[4 * level : 4 * level + 4] == tuple(replace(phase, level=level) for phase in alone)
        assert {phase.density for phase in several[4 * level : 4 * level + 4]} == {density}


def test_that_every_kind_of_phase_has_words_for_a_person():
    plans = [_plan("vpns", start_from="state.safetensors"), *(_plan(method, dense="mapped") for method in METHODS)]
    assert {phase.kind for phases in plans for phase in phases} == set(PHASE_LABELS)


@pytest.mark.parametrize("method", METHODS)
def test_that_the_dense_reference_comes_before_the_levels_and_changes_none(method):
    mapped = (Rewind(DENSE, 1.0), MapLabels(DENSE, 1.0, prompted=False), Test(DENSE, 1.0))
    assert _plan(method, dense="mapped") == (*mapped, *_plan(method))
    tuned = _plan(method, dense="tuned")
    assert (tuned[:3], tuned[4:]) == (mapped, _plan(method))


def test_that_a_tuned_dense_reference_makes_as_many_updates_as_a_level_and_sees_no_prompt():
    tune = _plan("vpns", dense="tuned")[3]
    assert isinstance(tune, Finetune) and tune.epochs == 3 + 2
    assert tune.steps == (HalfStep("vp", False, ("weights",)), HalfStep("train", False, ("weights",)))


def test_that_a_run_from_a_saved_state_has_no_dense_reference_of_its_own():
    assert not any(phase.level == DENSE for phase in _plan("vpns", dense="tuned", start_from="state.safetensors"))
