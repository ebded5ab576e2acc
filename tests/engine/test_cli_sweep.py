"""Several seeds and the control arm from the command line, one run after another."""

import pytest

from tests.engine.done_runs import config_of, done_run
from vpns_engine import cli_sweep
from vpns_engine.cli import main
from vpns_engine.cli_options import UsageError
from vpns_engine.cli_sweep import sweep_of
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.sweep import Sweep, control_of


@pytest.fixture
def asked(monkeypatch):
    """Take the place of the training: each run is written as done, and its configuration noted."""
    configs, codes = [], []

    def run(config, runs, *, notes, known):  # noqa: ARG001
        configs.append(config)
        store = done_run(runs, config)
        for line in notes:
            store.log(line)
        return codes.pop(0) if codes else 0

    monkeypatch.setattr(cli_sweep, "run", run)
    return configs, codes


def _given(**options):
    return sweep_of({"prompt.canvas": "16", **options})


def _arms(configs):
    return [(config.method, config.seed) for config in configs]


def test_that_a_list_of_seeds_makes_a_run_each():
    sweep = _given(seed="7, 9,17")
    assert [config.seed for config in sweep.configs] == [7, 9, 17]
    assert len({config.model_copy(update={"seed": 0}).digest for config in sweep.configs}) == 1
    assert [config.seed for config in _given().configs] == [7]


def test_that_the_control_arm_stands_beside_each_seed():
    sweep = _given(seed="7,9", control=True)
    assert _arms(sweep.configs) == [("vpns", 7), ("control", 7), ("vpns", 9), ("control", 9)]
    control = sweep.configs[1]
    assert (control.prompt.kind, control.prompt.canvas) == ("none", 16) and not control.uses_prompt


def test_that_a_control_arm_needs_none_beside_it():
    for config in (config_of(method="control"), config_of(prompt=PromptSpec(kind="none"))):
        assert Sweep(config, (7,), control=True).configs == (config,)


def test_that_epochs_sets_both_stages_and_gives_way_to_an_option_of_its_own():
    assert [(c.search_epochs, c.finetune_epochs) for c in _given(epochs="3").configs] == [(3, 3)]
    assert [(c.search_epochs, c.finetune_epochs) for c in _given(epochs="3", search_epochs="5").configs] == [(5, 3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7,7", "--seed: seed 7 is listed more than once"),
        ("7,x", "Seed 'x': a whole number is needed"),
        ("7,-1", "Seed -1: at least 0"),
        (",".join(map(str, range(65))), "--seed: 65 seeds: at most 64"),
        ("", "Seed: a whole number is needed"),
    ],
)
def test_that_seeds_that_cannot_work_are_refused_before_anything_runs(text, said):
    with pytest.raises(UsageError) as refused:
        _given(seed=text)
    assert any(said in line for line in refused.value.lines), refused.value.lines


def test_that_the_runs_are_done_in_turn_and_summed_up(asked, tmp_path, capsys):
    configs, _ = asked
    words = ["run", "--preset", "digits", "--sparsity", "90", "--seed", "7,9", "--control", "--runs", str(tmp_path)]
    assert main(words) == 0
    assert _arms(configs) == [("vpns", 7), ("control", 7), ("vpns", 9), ("control", 9)]
    said = capsys.readouterr().out
    assert "Run 4 of 4: Control arm (no prompt), seed 9" in said
    assert "50.00 ± 0.00" in said and "+0.00 ± 0.00" in said


def test_that_what_is_done_is_taken_from_where_it_is_unless_it_is_wanted_again(asked, tmp_path, capsys):
    configs, _ = asked
    words = ["run", "--preset", "digits", "--runs", str(tmp_path)]
    assert main([*words, "--sparsity", "80,90"]) == 0
    assert main([*words, "--sparsity", "90,95,80"]) == 0
    assert [config.mask.sparsities for config in configs] == [(0.8, 0.9), (0.95,)]
    assert configs[1].dense == "none"
    assert "90 % sparsity: done already, in " in capsys.readouterr().out
    assert main([*words, "--sparsity", "90"]) == 0
    assert len(configs) == 2 and "nothing is left to do" in capsys.readouterr().out
    assert main([*words, "--sparsity", "90", "--again"]) == 0
    assert configs[2].mask.sparsities == (0.9,) and configs[2].dense == "mapped"


def test_that_a_stop_leaves_out_the_rest(asked, tmp_path):
    configs, codes = asked
    codes += [0, 130]
    assert main(["run", "--preset", "digits", "--seed", "1,2,3", "--runs", str(tmp_path)]) == 130
    assert [config.seed for config in configs] == [1, 2]


def test_that_a_run_that_fails_does_not_keep_the_others_from_being_done(asked, tmp_path):
    configs, codes = asked
    codes += [1, 0, 0]
    assert main(["run", "--preset", "digits", "--seed", "1,2,3", "--runs", str(tmp_path)]) == 1
    assert [config.seed for config in configs] == [1, 2, 3]


def test_that_the_summary_of_a_run_is_of_those_like_it(tmp_path, capsys):
    store = done_run(tmp_path, config_of(0.9, seed=7))
    done_run(tmp_path, control_of(config_of(0.9, seed=7)))
    done_run(tmp_path, config_of(0.9, search_epochs=99))
    assert main(["summary", store.folder.name, "--runs", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "30 + 20 epochs" in said and "99 + 20 epochs" not in said and "Control arm" in said
    assert main(["summary", "--runs", str(tmp_path)]) == 0
    assert "99 + 20 epochs" in capsys.readouterr().out


def test_that_a_summary_of_nothing_says_so(tmp_path, capsys):
    assert main(["summary", "--runs", str(tmp_path)]) == 0
    assert "no level was brought to its end" in capsys.readouterr().out
    assert main(["summary", "gone", "--runs", str(tmp_path)]) == 1
    assert "no run 'gone'" in capsys.readouterr().err
