"""Several runs together: mean, sample standard deviation, difference to the control arm."""

from statistics import mean, stdev

import pytest

from tests.engine.done_runs import config_of, done_run
from vpns_engine.cli_results import summaries
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.sweep import control_of
from vpns_engine.summary import Spread, collect, families, title_of

MEASURED = {7: 0.80, 9: 0.84, 17: 0.79}
CONTROL = {7: 0.78, 9: 0.83, 17: 0.74}


def _constant(value):
    return lambda _density, _stage: value


def _write(runs, config, accuracies):
    for seed, accuracy in accuracies.items():
        done_run(runs, config.model_copy(update={"seed": seed}), _constant(accuracy))


def _lines(runs, number=0):
    return families(collect(runs))[number].lines


def _line(lines, arm, state):
    return next(line for line in lines if line.arm.startswith(arm) and line.state == state)


def test_that_seeds_are_summed_up_by_mean_and_sample_standard_deviation(tmp_path):
    _write(tmp_path, config_of(0.9), MEASURED)
    line = _line(_lines(tmp_path), "VPNs", "Tuned")
    assert line.seeds == (7, 9, 17) and line.density == 0.1
    assert line.plain.mean == pytest.approx(mean(MEASURED.values()))
    assert line.plain.deviation == pytest.approx(stdev(MEASURED.values()))
    assert line.prompted.mean == pytest.approx(mean(MEASURED.values()) + 0.1)
    assert line.gain is None


def test_that_one_seed_has_no_spread():
    assert Spread.of([0.5]) == Spread(0.5, None, 1)
    assert Spread.of([0.5]).text() == "50.00"
    assert Spread.of([0.5, 0.6]).text(signed=True) == "+55.00 ± 7.07"
    assert Spread.of([]) is None


def test_that_the_control_arm_is_subtracted_seed_by_seed(tmp_path):
    _write(tmp_path, config_of(0.9), MEASURED)
    _write(tmp_path, control_of(config_of(0.9)), {seed: CONTROL[seed] for seed in (7, 17)})
    lines = _lines(tmp_path)
    line = _line(lines, "VPNs", "Tuned")
    differences = [MEASURED[seed] - CONTROL[seed] for seed in (7, 17)]
    assert (line.gain.count, line.gain.mean) == (2, pytest.approx(mean(differences)))
    assert line.gain.deviation == pytest.approx(stdev(differences))
    assert line.gain_prompted.mean == pytest.approx(mean(differences) + 0.1)
    assert line.cells[-2].endswith("(2 of 3 seeds)")
    control = _line(lines, "Control arm", "Tuned")
    assert (control.seeds, control.gain, control.prompted) == ((7, 17), None, None)


def test_that_levels_of_several_runs_are_one_table(tmp_path):
    done_run(tmp_path, config_of(0.9, seed=7), _constant(0.7))
    done_run(tmp_path, config_of(0.8, seed=7, dense="none"), _constant(0.8))
    done_run(tmp_path, config_of(0.8, 0.9, seed=9), _constant(0.9))
    tuned = [line for line in _lines(tmp_path) if line.state == "Tuned"]
    assert [(line.density, line.seeds) for line in tuned] == [(0.2, (7, 9)), (0.1, (7, 9))]
    assert tuned[0].plain.mean == pytest.approx(0.85)


def test_that_before_tuning_and_the_dense_reference_are_told(tmp_path):
    def accuracy(_density, stage):
        return {"search": 0.3, "finetune": 0.8, "dense map": 0.5, "dense finetune": 0.95}[stage]

    done_run(tmp_path, config_of(0.9, dense="tuned"), accuracy)
    found = [(line.cells[0], line.state, line.plain.mean) for line in _lines(tmp_path)]
    assert found == [
        ("0 %", "Dense, mapped", 0.5),
        ("0 %", "Dense, tuned", 0.95),
        ("90 %", "Mask now, untuned", 0.3),
        ("90 %", "Tuned", 0.8),
    ]


def test_that_methods_and_prompts_are_arms_and_other_settings_other_families(tmp_path):
    done_run(tmp_path, config_of(0.9))
    done_run(tmp_path, config_of(0.9, prompt=PromptSpec(kind="fix", square=5)))
    done_run(tmp_path, config_of(0.9, method="omp"))
    done_run(tmp_path, control_of(config_of(0.9)))
    done_run(tmp_path, config_of(0.9, search_epochs=99))
    found = families(collect(tmp_path))
    assert len(found) == 2 and "99 + 20 epochs" in found[0].title
    arms = [line.arm for line in found[1].lines if line.state == "Tuned"]
    assert arms == ["OMP (magnitude)", "VPNs, fix 5 px", "VPNs, pad 2 px", "Control arm (no prompt)"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mapping": {"kind": "ilm"}}, "label mapping ilm"),
        ({"model": {"weights": "none"}}, "random weights"),
        ({"model": {"weights": "file", "weights_file": "mine/own.pth"}}, "weights own.pth"),
        ({"start_from": "elsewhere/state.safetensors"}, "a saved state and 20 epochs"),
    ],
    ids=["mapping", "random", "file", "start"],
)
def test_that_the_titles_of_families_tell_them_apart(changes, words):
    usual = title_of(config_of())
    assert title_of(config_of(**changes)) != usual
    assert words in title_of(config_of(**changes)) and words not in usual


def test_that_of_two_runs_that_are_the_same_the_newest_counts(tmp_path):
    done_run(tmp_path, config_of(0.9, name="first"), _constant(0.1))
    done_run(tmp_path, config_of(0.9, name="second"), _constant(0.2))
    line = _line(_lines(tmp_path), "VPNs", "Tuned")
    assert (line.seeds, line.plain.mean) == ((7,), 0.2)


def test_that_a_stopped_level_is_left_out(tmp_path):
    done_run(tmp_path, config_of(0.8, 0.9), levels=1)
    assert {line.density for line in _lines(tmp_path)} == {None, 0.2}


def test_that_nothing_measured_is_no_table(tmp_path):
    done_run(tmp_path, config_of(0.9, dense="none"), levels=0)
    assert families(collect(tmp_path)) == ()
    assert summaries(()) == ""


def test_that_the_terminal_shows_mean_and_spread(tmp_path):
    _write(tmp_path, config_of(0.9), MEASURED)
    _write(tmp_path, control_of(config_of(0.9)), CONTROL)
    text = summaries(families(collect(tmp_path)))
    (line,) = [line for line in text.splitlines() if line.lstrip().startswith("90 %") and "VPNs" in line and "Tuned" in line]
    assert "91.00 ± 2.65" in line and "7, 9, 17" in line and "+2.67 ± 2.08" in line
