"""A configuration as a command line, and back."""

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpns_engine import cli_line
from vpns_engine.cli import _parser
from vpns_engine.cli_line import command_line, quoted
from vpns_engine.cli_sweep import sweep_of
from vpns_engine.presets import all_presets
from vpns_engine.specs.problems import validate
from vpns_engine.specs.prompt import PromptSpec
from vpns_engine.specs.run import RunConfig


def back(line):
    """Give the sweep that a line makes."""
    program, command, *words = shlex.split(line)
    assert (program, command) == ("vpns", "run")
    return sweep_of(vars(_parser().parse_args(["run", *words])))


def config_of(values) -> RunConfig:
    found = validate(values)
    assert isinstance(found, RunConfig), found
    return found


def test_that_the_defaults_need_no_option():
    assert command_line(RunConfig()) == "vpns run"


@pytest.mark.parametrize("preset", all_presets(), ids=lambda preset: preset.key)
def test_that_every_preset_comes_back(preset):
    config = config_of({**preset.values, "data": {"folder": "/images", **preset.values.get("data", {})}})
    assert back(command_line(config)).config == config


def test_that_a_preset_makes_the_line_short():
    config = config_of({**next(p.values for p in all_presets() if p.key == "paper-resnet50-tiny-imagenet"), "seed": 9})
    assert command_line(config) == "vpns run --preset paper-resnet50-tiny-imagenet --seed 9"


def test_that_sparsities_are_written_in_percent():
    config = config_of({"mask": {"sparsities": [0.57, 0.999, 0.123456789]}})
    assert command_line(config) == "vpns run --sparsity 57,99.9,12.3456789"


def test_that_seeds_and_the_control_arm_are_kept():
    sweep = back(command_line(RunConfig(), seeds=(7, 9, 17), control=True))
    assert (sweep.config, sweep.seeds, sweep.control) == (RunConfig(), (7, 9, 17), True)


_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
_PATHS = st.one_of(_TEXTS, _TEXTS.map(lambda text: "/" + text), st.just("~/x"), st.just("-x"), st.just("/a b/c"))
_SHARES = st.one_of(st.floats(0, 1, exclude_max=True), st.integers(0, 999).map(lambda number: number / 1000))
_OPTIMIZER = st.fixed_dictionaries({}, optional={"lr": st.floats(1e-12, 10), "kind": st.sampled_from(["adam", "sgd"])})
_PROMPT = st.fixed_dictionaries(
    {"kind": st.sampled_from(list(PromptSpec.kinds()))}, optional={"canvas": st.integers(16, 64), "pad": st.integers(0, 8)}
)
_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "name": _TEXTS,
        "method": st.sampled_from(["vpns", "control", "omp", "random"]),
        "data": st.fixed_dictionaries(
            {},
            optional={
                "dataset": st.sampled_from(["digits", "folder", "cifar10"]),
                "folder": _PATHS,
                "root": _PATHS,
                "flip": st.booleans(),
                "batch_size": st.integers(1, 4096),
                "validation_share": st.floats(1e-9, 0.5),
            },
        ),
        "model": st.fixed_dictionaries(
            {}, optional={"weights": st.sampled_from(["pretrained", "none", "file"]), "weights_file": _PATHS}
        ),
        "prompt": _PROMPT,
        "mask": st.fixed_dictionaries({"sparsities": st.lists(_SHARES, unique=True, max_size=4)}),
        "dense": st.sampled_from(["none", "mapped", "tuned"]),
        "optim": st.fixed_dictionaries(
            {},
            optional={
                "scores": _OPTIMIZER,
                "weights": st.fixed_dictionaries({}, optional={"weight_decay": st.floats(0, 1)}),
            },
        ),
        "seed": st.integers(0, 2**31 - 1),
        "device": st.sampled_from(["auto", "cpu", "mps", "cuda", "cuda:3"]),
        "threads": st.integers(0, 256),
        "start_from": _PATHS,
    },
)


@settings(max_examples=150, deadline=None)
@given(_VALUES)
def test_that_any_configuration_comes_back(values):
    config = validate(values)
    if isinstance(config, RunConfig):
        assert back(command_line(config)).config == config


@pytest.mark.parametrize("word", ["plain", "two words", "a'b", 'a"b', "$HOME `x` \\", "", "-x"])
def test_that_a_shell_gives_back_each_word(word):
    shown = subprocess.run(["/bin/sh", "-c", f"printf %s {quoted([word])}"], capture_output=True, text=True, check=True)
    assert shown.stdout == word


def test_that_windows_has_its_own_way_to_quote(monkeypatch):
    monkeypatch.setattr(cli_line.sys, "platform", "win32")
    assert quoted(["--name", "two words"]) == '--name "two words"'
