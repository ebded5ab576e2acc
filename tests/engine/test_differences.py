"""What differs between runs, in words."""

import pytest

from tests.engine.done_runs import config_of
from vpns_engine.differences import arm_labels, run_labels
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.sweep import control_of


def test_that_a_run_alone_is_named_by_its_method_and_prompt():
    assert run_labels([config_of()]) == ["VPNs, pad 2 px"]
    assert run_labels([]) == []


def test_that_only_what_differs_is_named():
    assert run_labels([config_of(seed=7), config_of(seed=9)]) == ["seed 7", "seed 9"]
    assert run_labels([config_of(), control_of(config_of())]) == ["VPNs, pad 2 px", "Control arm (no prompt)"]


def test_that_methods_come_first_and_seeds_with_them():
    labels = run_labels([config_of(seed=7), config_of(method="omp", seed=9)])
    assert labels == ["VPNs, pad 2 px, seed 7", "OMP (magnitude), seed 9"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"search_epochs": 99}, ("search epochs 30", "search epochs 99")),
        ({"model": {"weights": "none"}}, ("weights Pre-trained", "weights None (random)")),
        ({"model": {"architecture": "resnet18"}}, ("ResNet-20 (bundled)", "ResNet-18")),
        ({"mapping": {"kind": "ilm"}}, ("label mapping Frequency (FLM)", "label mapping Iterative (ILM)")),
        ({"optim": {"scores": {"lr": 0.5}}}, tuple(f"learning rate of Scores (search) {lr}" for lr in (0.001, 0.5))),
        ({"data": {"protocol": "paper"}}, ("protocol Held-out validation", "protocol As published")),
    ],
    ids=["epochs", "weights", "network", "mapping", "optimizer", "protocol"],
)
def test_that_a_setting_is_named_with_its_label_and_its_words(changes, words):
    assert tuple(run_labels([config_of(), config_of(**changes)])) == words


def test_that_settings_a_run_has_no_use_for_are_not_held_against_it():
    same = {"optim": {"search_prompt": {"lr": 0.5}, "scores": {"lr": 0.5}}}
    assert run_labels([config_of(), config_of(method="omp", **same)]) == ["VPNs, pad 2 px", "OMP (magnitude)"]


def test_that_a_prompt_is_named_by_its_size_and_its_own_settings_within_one_kind_only():
    ring, square = config_of(), config_of(prompt=PromptSpec(kind="fix", square=5))
    wider = config_of(prompt=PromptSpec(kind="pad", pad=3))
    assert run_labels([ring, wider, square]) == ["VPNs, pad 2 px", "VPNs, pad 3 px", "VPNs, fix 5 px"]


def test_that_other_sparsities_are_no_difference():
    assert run_labels([config_of(0.9), config_of(0.5)]) == ["VPNs, pad 2 px", "VPNs, pad 2 px"]


def test_that_a_name_tells_runs_apart_but_not_arms():
    named = [config_of(name="first"), config_of(name="second\n")]
    assert run_labels(named) == ["first", "second?"]
    assert arm_labels(named) == ["VPNs, pad 2 px", "VPNs, pad 2 px"]


def test_that_arms_say_their_method_always_and_their_seed_never():
    found = arm_labels([config_of(seed=7), config_of(seed=9, search_epochs=5)])
    assert found == ["VPNs, pad 2 px, search epochs 30", "VPNs, pad 2 px, search epochs 5"]
