"""From the command line's words to a configuration."""

import json
from pathlib import Path

import pytest

from vpns_engine.cli import _parser
from vpns_engine.cli_options import UsageError, build_config, flag_of, leaves
from vpns_engine.errors import EngineError
from vpns_engine.presets import preset_called
from vpns_engine.specs.run import RunConfig


def config_of(*words: str) -> RunConfig:
    return build_config(vars(_parser().parse_args(["run", *words])))


def test_that_without_options_the_defaults_run():
    assert config_of() == RunConfig()


def test_that_a_preset_is_found_by_its_key_and_by_its_name():
    expected = preset_called("digits").config
    assert config_of("--preset", "digits") == config_of("--preset", "Digits (offline demo)") == expected


def test_that_sparsities_are_given_in_percent_and_become_the_written_number():
    assert config_of("--sparsity", "90,99.9, 57").mask.sparsities == (0.9, 0.999, 0.57)


def test_that_options_reach_every_section():
    words = "--method control --prompt fix --canvas 20 --square 9 --seed 3 --search-epochs 2 --finetune-epochs 4 --device cpu "
    words += (
        "--protocol paper --flip --architecture resnet18 --weights none --image-size 20 --batch-size 8 --threads 2 --name mine"
    )
    config = config_of(*words.split())
    assert (config.method, config.prompt.kind, config.prompt.canvas, config.prompt.square) == ("control", "fix", 20, 9)
    assert (config.seed, config.search_epochs, config.finetune_epochs, config.device) == (3, 2, 4, "cpu")
    assert (config.data.protocol, config.data.flip, config.data.image_size, config.data.batch_size) == ("paper", True, 20, 8)
    assert (config.model.architecture, config.model.weights, config.threads, config.name) == ("resnet18", "none", 2, "mine")


def test_that_set_reaches_what_has_no_option_and_comes_last():
    config = config_of("--seed", "3", "--set", "optim.scores.lr=0.5", "--set", "seed=9", "--set", "mask.sparsities=0.5,0.6")
    assert (config.optim.scores.lr, config.seed, config.mask.sparsities) == (0.5, 9, (0.5, 0.6))


def test_that_a_run_can_be_repeated_from_its_config(tmp_path):
    before = config_of("--sparsity", "70", "--pad", "3")
    (tmp_path / "config.json").write_text(before.model_dump_json())
    assert config_of("--config", str(tmp_path / "config.json")) == config_of("--config", str(tmp_path)) == before
    assert config_of("--config", str(tmp_path), "--seed", "8") == before.model_copy(update={"seed": 8})


def test_that_a_named_folder_is_used_and_becomes_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    config = config_of("--folder", "pictures")
    assert (config.data.dataset, Path(config.data.folder)) == ("folder", tmp_path / "pictures")
    assert config_of("--weights-file", "w.pt").model.weights == "file"


def test_that_every_wrong_value_is_named_with_its_option():
    with pytest.raises(UsageError) as caught:
        config_of("--pad", "9", "--sparsity", "90,100", "--seed", "q")
    assert [line.split(":")[0] for line in caught.value.lines] == ["--pad", "--sparsity", "--seed"]
    assert "at most 8 px" in caught.value.lines[0]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--sparsity", "ninety"), "not a list of numbers"),
        (("--preset", "nothing"), "one of digits"),
        (("--set", "seed"), "is not KEY=VALUE"),
        (("--set", "prompt=3"), "no setting named 'prompt'"),
        (("--set", "prompt.nope=3"), "no setting named 'prompt.nope'"),
        (("--set", "optim.scores.lr=-1"), "optim.scores.lr: "),
        (("--device", "tpu"), "--device: "),
        (("--method", "vpn"), "--method: "),
    ],
)
def test_that_wrong_words_are_one_line(words, reason):
    with pytest.raises(UsageError) as caught:
        config_of(*words)
    assert len(caught.value.lines) == 1
    assert reason in caught.value.lines[0] and "\n" not in caught.value.lines[0]


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"a": NaN', "[" * 100_000])
def test_that_a_broken_configuration_file_is_one_line(tmp_path, text):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(EngineError) as caught:
        config_of("--config", str(tmp_path / "c.json"))
    assert "\n" not in str(caught.value)


def test_that_a_configuration_with_a_wrong_section_is_refused(tmp_path):
    (tmp_path / "c.json").write_text(json.dumps({"prompt": 5}))
    with pytest.raises(UsageError):
        config_of("--config", str(tmp_path / "c.json"), "--pad", "2")
    with pytest.raises(UsageError):
        config_of("--config", str(tmp_path / "c.json"))


def test_that_every_setting_has_its_own_option_or_belongs_to_an_optimizer():
    flags = {location: flag_of(location) for location, _ in leaves()}
    named = [flag for flag in flags.values() if flag]
    assert len(set(named)) == len(named)
    assert all(location.startswith("optim.") for location, flag in flags.items() if flag is None)


def test_that_help_tells_title_meaning_and_bounds_of_the_spec(capsys):
    with pytest.raises(SystemExit):
        _parser().parse_args(["run", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "Pad. Width of the ring (prompt 'pad'); at most half the canvas. (at least 0, at most 512, in px)" in shown
    assert "optim.scores.lr=0.001" in shown


def test_that_a_folder_of_an_unknown_user_is_a_folder_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert config_of("--folder", "~no-such-user/x").data.folder == str(tmp_path / "~no-such-user/x")
