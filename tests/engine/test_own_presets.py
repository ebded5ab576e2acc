"""Presets of one's own: kept, renamed, removed, and safe from damage."""

import json

import pytest

from vpns_engine.cli import main
from vpns_engine.cli_options import build_config
from vpns_engine.errors import EngineError
from vpns_engine.presets import (
    MAX_OWN,
    all_presets,
    own_presets,
    preset_called,
    remove_preset,
    rename_preset,
    save_preset,
)
from vpns_engine.specs.run import RunConfig


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VPNS_CONFIG", str(tmp_path))
    return tmp_path


def names():
    return [preset.name for preset in own_presets()]


def test_that_settings_are_kept_under_a_name_and_come_back():
    config = RunConfig(seed=3, name="mine")
    made = save_preset("  My   digits ", config)
    assert (made.name, made.key) == ("My digits", "own-my-digits")
    assert preset_called("my DIGITS").config == preset_called("own-my-digits").config == config
    assert build_config({"preset": "My digits"}) == config


def test_that_a_name_that_is_there_is_replaced_in_its_place():
    for seed, name in enumerate(("one", "two", "ONE")):
        save_preset(name, RunConfig(seed=seed))
    assert names() == ["ONE", "two"]
    assert own_presets()[0].config.seed == 2


def test_that_names_in_any_script_have_keys_of_their_own():
    keys = [save_preset(name, RunConfig()).key for name in ("数字", "!!!", "???", "a/b", "a b")]
    assert len(set(keys)) == 5 and all(key.startswith("own-") for key in keys)
    assert len(own_presets()) == 5


def test_that_a_preset_is_renamed_and_removed():
    key = save_preset("one", RunConfig()).key
    save_preset("two", RunConfig(seed=2))
    rename_preset(key, "three")
    assert names() == ["three", "two"]
    with pytest.raises(EngineError, match="there is a preset 'TWO' already"):
        rename_preset(key, "TWO")
    rename_preset(key, "THREE")
    remove_preset(key)
    assert names() == ["two"]
    for act in (lambda: remove_preset(key), lambda: rename_preset(key, "x")):
        with pytest.raises(EngineError, match="there is no preset"):
            act()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "needs a name"),
        (" \t", "needs a name"),
        ("x" * 81, "at most 80 letters"),
        ("a\x1b[2J", "cannot be used"),
        ("Digits (offline demo)", "is a preset of the program"),
        ("DIGITS", "is a preset of the program"),
    ],
)
def test_that_a_name_that_cannot_be_used_is_refused_in_words(name, words, folder):
    with pytest.raises(EngineError, match=words) as refused:
        save_preset(name, RunConfig())
    assert "\n" not in str(refused.value)
    assert not (folder / "presets.json").exists()


def test_that_there_is_an_end_to_them(folder):
    values = [{"key": f"own-{n}", "name": str(n), "about": "", "values": {}} for n in range(MAX_OWN)]
    (folder / "presets.json").write_text(json.dumps({"presets": values}))
    with pytest.raises(EngineError, match="201 presets: at most 200"):
        save_preset("one more", RunConfig())
    assert len(own_presets()) == MAX_OWN


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"presets": {}}', "[" * 50_000, "\x00"])
def test_that_a_damaged_file_is_told_and_kept_when_the_next_preset_is_saved(folder, text):
    (folder / "presets.json").write_text(text)
    told = []
    assert own_presets(told.append) == ()
    assert len(told) == 1 and "damaged" in told[0] and "\n" not in told[0]
    save_preset("new", RunConfig())
    assert names() == ["new"]
    assert [path.read_text() for path in folder.glob("presets.damaged-*.json")] == [text]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"values": {"seed": -1}}, "'two': Seed -1: at least 0"),
        ({"values": {"prompt": {"pad": [[]]}}}, "'two': Pad"),
        ({"key": "digits"}, "preset 2 of 3 is none"),
        ({"key": "../../x"}, "preset 2 of 3 is none"),
        ({"name": ""}, "preset 2 of 3 is none"),
        ({"values": 3}, "preset 2 of 3 is none"),
    ],
)
def test_that_a_damaged_preset_is_left_out_and_the_others_stay(folder, change, words):
    for name in ("one", "two", "three"):
        save_preset(name, RunConfig())
    path = folder / "presets.json"
    values = json.loads(path.read_text())
    values["presets"][1] |= change
    path.write_text(json.dumps(values))
    told = []
    assert [preset.name for preset in own_presets(told.append)] == ["one", "three"]
    assert len(told) == 1 and words in told[0]
    remove_preset("own-one")
    assert names() == ["three"]
    assert len(list(folder.glob("presets.damaged-*.json"))) == 1


def test_that_a_change_that_fails_changes_nothing(folder):
    save_preset("one", RunConfig())
    before = (folder / "presets.json").read_bytes()
    with pytest.raises(EngineError):
        remove_preset("own-none")
    assert (folder / "presets.json").read_bytes() == before


def test_that_the_command_line_lists_and_takes_them(folder, capsys):
    save_preset("mine", RunConfig(seed=123))
    assert main(["presets"]) == 0
    assert "own-mine\n    mine. A preset of your own." in capsys.readouterr().out
    assert main(["sweep", "--preset", "mine", "--over", "pad=1", "--list", "--runs", str(folder)]) == 0
    assert "to do" in capsys.readouterr().out
    (folder / "presets.json").write_text("{")
    assert main(["presets"]) == 0
    said = capsys.readouterr()
    assert "damaged" in said.err and said.out.count("\n") == 2 * len(all_presets())
