"""The product of several values: which runs there are, which cannot be, and which would be the same."""

import pytest

from tests.engine.done_runs import config_of, done_run
from vpns_engine.cli import main
from vpns_engine.cli_options import UsageError
from vpns_engine.cli_product import combinations_of
from vpns_engine.errors import EngineError
from vpns_engine.levels import run_digest, states_of
from vpns_engine.specs.run import RunConfig
from vpns_engine.specs.sweep import maker_of, product


def runs_of(**axes):
    return product({place.replace("__", "."): values for place, values in axes.items()}, maker_of(config_of()), run_digest)


def test_that_every_choice_is_a_run_and_the_last_setting_changes_fastest():
    found = runs_of(seed=(7, 9), prompt__pad=(1, 2))
    assert [(run.config.seed, run.config.prompt.pad) for run in found] == [(7, 1), (7, 2), (9, 1), (9, 2)]
    assert all(run.wanted for run in found)
    usual = {"seed": config_of().seed, "prompt": config_of().prompt}
    assert all(run.config.model_copy(update=usual) == config_of() for run in found)


def test_that_no_values_are_the_configuration_itself():
    assert [run.config for run in runs_of()] == [config_of()]


def test_that_what_cannot_work_says_why_and_keeps_its_place():
    found = runs_of(prompt__pad=(4, 9, 8))
    assert [run.wanted for run in found] == [True, False, True]
    assert found[1].reason == "pad 9 px exceeds half the canvas (16 px): at most 8 px"
    assert found[1].problems[0].location == "prompt.pad" and found[1].config is None


def test_that_settings_without_effect_make_no_second_run():
    found = runs_of(method=("vpns", "omp", "control"), prompt__pad=(2, 4), optim__scores__lr=(0.1, 0.2))
    same = [run.same_as for run in found]
    assert same[:4] == [None] * 4, "VPNs learns a prompt and scores"
    assert same[4:8] == [None, 4, 4, 4], "OMP has neither"
    assert same[8:] == [None, None, 8, 9], "the control arm has scores alone"
    assert found[5].reason == "the same as run 5"


def test_that_a_control_arm_by_another_name_is_the_same_run():
    found = runs_of(method=("control", "vpns"), prompt__kind=("none", "pad"))
    assert [run.same_as for run in found] == [None, 0, 0, None]


def test_that_another_prompt_drops_what_the_first_had_of_its_own():
    found = runs_of(prompt__kind=("pad", "fix", "none"))
    assert [run.config.prompt.kind for run in found] == ["pad", "fix", "none"]


def test_that_the_base_may_lack_what_an_axis_gives():
    base = {"data": {"dataset": "folder"}}
    assert all(run.wanted for run in product({"data.folder": ("/a", "/b")}, maker_of(base), run_digest))
    assert base == {"data": {"dataset": "folder"}}


def test_that_too_many_are_refused_before_any_is_made():
    with pytest.raises(EngineError, match=r"1,000,000 runs: at most 500 at once"):
        product({"seed": range(1000), "threads": range(1000)}, lambda _choice: pytest.fail("made"), run_digest)


def test_that_a_run_digest_knows_what_decides_a_run_and_nothing_else():
    first = config_of(0.8, 0.9)
    for same in ({"name": "x"}, {"data": first.data.model_copy(update={"root": "/elsewhere"})}):
        assert run_digest(first.model_copy(update=same)) == run_digest(first)
    for other in ({"seed": 8}, {"dense": "none"}, {"search_epochs": 3}, {"method": "omp"}):
        assert run_digest(first.model_copy(update=other)) != run_digest(first)
    assert run_digest(config_of(0.8)) != run_digest(first)


def test_that_states_tell_what_is_done_in_part_and_not_at_all(tmp_path):
    store = done_run(tmp_path, config_of(0.8, 0.9))
    configs = [config_of(0.8, 0.9), config_of(0.9, 0.95), config_of(0.9, seed=8), config_of(0.9)]
    done = f"done already, in {store.folder.name}"
    assert list(states_of(configs, tmp_path)) == [done, "in part: 90 % done already", "to do", done]
    (store.folder / "config.json").write_text("{")
    assert list(states_of(configs, tmp_path)) == ["to do"] * 4


def _given(*over, **options):
    return combinations_of({"over": list(over), **options})


def test_that_settings_go_by_their_option_or_their_key():
    for word in ("pad", "--pad", "prompt.pad"):
        assert [run.config.prompt.pad for run in _given(f"{word}=1,2")] == [1, 2]
    assert [run.config.optim.scores.lr for run in _given("optim.scores.lr=0.1, 0.2")] == [0.1, 0.2]


def test_that_seeds_come_first_and_sparsities_make_a_run_each():
    found = _given("sparsity=80,99.9", seed="7,9")
    made = [(run.config.seed, run.config.mask.sparsities) for run in found]
    assert made == [(7, (0.8,)), (7, (0.999,)), (9, (0.8,)), (9, (0.999,))]
    assert _given("pad=1", **{"mask.sparsities": "80,90"})[0].config.mask.sparsities == (0.8, 0.9)


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ("pa=1", "no setting named 'pa'"),
        ("pad", "is not KEY=VALUE"),
        ("pad=", "is not KEY=VALUE"),
        ("pad=1,1", "has 1 more than once"),
        ("sparsity=x", "not a list of numbers"),
    ],
)
def test_that_what_cannot_be_understood_is_one_line(over, words):
    with pytest.raises(UsageError) as refused:
        _given(over)
    assert len(refused.value.lines) == 1 and words in refused.value.lines[0]


def test_that_a_setting_is_given_once():
    with pytest.raises(UsageError, match=r"prompt\.pad is given twice"):
        _given("pad=1,2", "prompt.pad=3")
    with pytest.raises(UsageError, match="seed is given twice"):
        _given("seed=1,2", seed="3")


def test_that_a_sweep_is_listed_with_what_is_done_and_what_cannot_be(tmp_path, capsys):
    store = done_run(tmp_path, RunConfig(method="omp"))
    words = ["sweep", "--over", "method=vpns,omp", "--over", "pad=2,9", "--list", "--runs", str(tmp_path)]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["run", "method", "prompt.pad", "state"]
    assert [line.split()[1:3] for line in lines[1:5]] == [["vpns", "2"], ["vpns", "9"], ["omp", "2"], ["omp", "9"]]
    assert lines[1].endswith("to do") and "cannot work: pad 9 px exceeds" in lines[2]
    assert lines[3].endswith(f"done already, in {store.folder.name}")
    assert lines[-1] == "2 runs; 2 left out"


def test_that_a_sweep_of_which_nothing_can_be_is_wrong_usage(tmp_path, capsys):
    assert main(["sweep", "--over", "pad=9,10", "--runs", str(tmp_path)]) == 2
    assert "--pad: pad 9 px exceeds half the canvas" in capsys.readouterr().err


def test_that_a_sweep_does_each_run_once_and_what_is_left_out_is_named(tmp_path, capsys, asked):
    words = ["sweep", "--over", "method=vpns,omp", "--over", "pad=2,4,9", "--seed", "7,9", "--runs", str(tmp_path)]
    assert main(words) == 0
    assert [(c.method, c.prompt.pad, c.seed) for c in asked] == [
        *[("vpns", 2, 7), ("vpns", 4, 7), ("omp", 2, 7)],
        *[("vpns", 2, 9), ("vpns", 4, 9), ("omp", 2, 9)],
    ]
    said = capsys.readouterr()
    assert "run 3 of 12 is left out (seed 7, method vpns, prompt.pad 9): pad 9 px exceeds" in said.err
    assert "Run 6 of 6: OMP (magnitude), seed 9" in said.out and "50.00 ± 0.00" in said.out
    asked.clear()
    assert main(words) == 0
    assert asked == [] and "done already, in" in capsys.readouterr().out


@pytest.fixture
def asked(monkeypatch):
    """Take the place of the training: each run is written as done, and its configuration noted."""
    from vpns_engine import cli_sweep

    configs = []

    def run(config, runs, **_more):
        configs.append(config)
        done_run(runs, config)
        return 0

    monkeypatch.setattr(cli_sweep, "run", run)
    return configs
