"""The command line without a run: show, presets, exit codes."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.engine.saved_runs import MAPPING, saved_run
from vpns_engine import __version__
from vpns_engine.artifacts import read_mask
from vpns_engine.cli import main
from vpns_engine.specs.problems import config_from
from vpns_engine.store import RunStore


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    saved_run(folder, config_from({"name": "first", "mask": {"sparsities": [0.9, 0.95]}}))
    saved_run(folder, config_from({"name": "second", "method": "omp"}))
    return folder


def damaged_run(tmp_path):
    return saved_run(tmp_path, config_from({})).folder


def without_unused_rows(runs, number):
    """Count a saved state's mask by hand: 27 of the 37 classes of letters stand for no digit."""
    store = RunStore.open(next(path for path in runs.iterdir() if "first" in path.name))
    history = store.read().history
    path = store.path([saved for level in history.levels.values() for saved in level.saved][number].state_path)
    masks = {layer.name: read_mask(path, layer.name) for layer in history.started.layers}
    unused = masks["fc"][[row for row in range(37) if row not in MAPPING]]
    kept = sum(np.count_nonzero(mask) for mask in masks.values()) - np.count_nonzero(unused)
    return f"{kept / (272_624 - 27 * 64) * 100:.2f} %"


def test_that_a_run_of_a_newer_schema_is_refused_and_listed_as_such(tmp_path, capsys):
    folder = damaged_run(tmp_path)
    (folder / "run.json").write_text('{"schema_version": 2}')
    for words in (["show", str(folder)], ["export", str(folder), str(tmp_path / "out")]):
        assert main(words) == 1
        told = capsys.readouterr()
        assert "made by a newer VPNs Studio (schema version 2" in told.err and told.err.count("\n") == 1
    assert main(["show", "--runs", str(tmp_path)]) == 0
    assert "made by a newer version" in capsys.readouterr().out


def test_that_show_tells_levels_layers_and_the_mapping_by_name(runs, capsys):
    assert main(["show", "first", "--runs", str(runs)]) == 0
    shown = capsys.readouterr().out
    assert "finished" in shown and "VPNs, resnet20 (pretrained), digits 16 px, prompt pad 2 px on 16 px" in shown
    rows = [line.split() for line in shown.splitlines()]
    assert [
        "1",
        "90",
        "%",
        *["Mask", "now,", "untuned", "(epoch", "30", "of", "30)"],
        "50.00",
        "%",
        "25.00",
        "%",
        "75.00",
        "%",
        "50.00",
        "%",
        "27,263",
        "10.00",
        "%",
        *without_unused_rows(runs, 0).split(),
    ] in rows
    assert [
        "2",
        "95",
        "%",
        *["Tuned", "(epoch", "20", "of", "20)"],
        "50.00",
        "%",
        "25.00",
        "%",
        "75.00",
        "%",
        "50.00",
        "%",
        "13,632",
        "5.00",
        "%",
        *without_unused_rows(runs, 3).split(),
    ] in rows
    assert any(row[:5] == ["layer3.2.conv2", "64", "x", "64", "x"] for row in rows)
    assert ["0", "14", "s14", "20"] in rows
    assert "Damaged" not in shown


def test_that_show_without_a_run_lists_the_runs_newest_first(runs, capsys):
    assert main(["show", "--runs", str(runs)]) == 0
    shown = capsys.readouterr().out
    assert shown.index("second") < shown.index("first")
    assert "90% 95%" in shown


def test_that_a_folder_without_runs_says_so(tmp_path, capsys):
    assert main(["show", "--runs", str(tmp_path / "none")]) == 0
    assert "no runs in" in capsys.readouterr().out


def test_that_a_run_is_found_by_folder_by_a_part_of_its_name_and_as_latest(runs, capsys):
    folder = next(path for path in runs.iterdir() if "first" in path.name)
    for wanted in (str(folder), folder.name, "_first_"):
        assert main(["show", wanted, "--runs", str(runs)]) == 0
        assert capsys.readouterr().out.startswith(folder.name)
    assert main(["show", "latest", "--runs", str(runs)]) == 0
    assert "second" in capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize(("wanted", "reason"), [("nothing", "no run 'nothing'"), ("digits", "2 runs have 'digits'")])
def test_that_an_unknown_or_unclear_run_is_one_line_and_code_1(runs, capsys, wanted, reason):
    assert main(["show", wanted, "--runs", str(runs)]) == 1
    told = capsys.readouterr()
    assert told.out == "" and reason in told.err and told.err.count("\n") == 1


def test_that_an_export_beside_the_runs_is_not_taken_for_one(tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "config.json").write_text("{}")
    assert main(["show", "latest", "--runs", str(tmp_path)]) == 1
    assert main(["show", "--runs", str(tmp_path)]) == 0
    assert "no runs in" in capsys.readouterr().out


def test_that_events_cut_in_the_middle_of_a_line_are_shown_and_said(tmp_path, capsys):
    folder = damaged_run(tmp_path)
    events = folder / "events.jsonl"
    events.write_bytes(events.read_bytes()[:-40])
    assert main(["show", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "events.jsonl: 1 damaged line left out" in shown
    assert "27,263" in shown


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("config.json", b"{", "config.json cannot be read"),
        ("run.json", b"\xff\x00", "run.json cannot be read"),
        ("run.json", None, "run.json is not there"),
        ("config.json", None, "it has no config.json"),
        ("events.jsonl", None, "the start of the run is missing"),
        ("events.jsonl", b"\x00\n[]\n{}\n", "3 damaged lines left out"),
        ("artifacts/density_0.1/search.safetensors", b"short", "saved state of level 1: search.safetensors cannot be read"),
    ],
)
def test_that_a_damaged_folder_opens_and_says_what_is_damaged(tmp_path, capsys, name, content, said):
    folder = damaged_run(tmp_path)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    assert main(["show", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "Damaged:" in shown and said in shown


def test_that_a_class_name_cannot_move_the_cursor(tmp_path, capsys):
    folder = damaged_run(tmp_path)
    lines = (folder / "events.jsonl").read_text().splitlines()
    started = json.loads(lines[0]) | {"target_classes": ["\x1b[2Jevil", *list("123456789")]}
    (folder / "events.jsonl").write_text("\n".join([json.dumps(started), *lines[1:]]) + "\n")
    assert main(["show", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "?[2Jevil" in shown


def test_that_showing_does_not_import_torch(runs):
    code = f"import sys; from vpns_engine.cli import main; main(['show', 'first', '--runs', {str(runs)!r}]); "
    code += "sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_that_a_reader_who_goes_early_is_no_error(runs):
    command = f"{sys.executable} -m vpns_engine show first --runs {runs} | head -1"
    done = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True)
    assert done.stderr == "" and "first" in done.stdout


def test_that_presets_are_listed_by_the_word_that_run_takes(capsys):
    assert main(["presets"]) == 0
    assert capsys.readouterr().out.startswith("digits\n    Digits (offline demo). ")


def test_that_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"vpns {__version__}\n"


@pytest.mark.parametrize(
    "words", [[], ["dance"], ["run", "--bogus"], ["export", "latest"], ["run", "--preset", "a", "--config", "b"]]
)
def test_that_wrong_words_end_with_code_2(words, capsys):
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert "usage: vpns" in capsys.readouterr().err


def test_that_a_value_that_cannot_work_ends_with_code_2_before_torch_is_loaded(tmp_path):
    words = [sys.executable, "-X", "importtime", "-m", "vpns_engine", "run", "--pad", "9", "--runs", str(tmp_path / "runs")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "vpns: --pad: pad 9 px exceeds half the canvas (16 px): at most 8 px" in done.stderr
    assert "| torch" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_that_a_level_is_counted_from_one(runs, tmp_path, capsys):
    words = ["export", "first", str(tmp_path / "out"), "--runs", str(runs)]
    assert main([*words, "--level", "0"]) == 2
    assert main([*words, "--level", "3"]) == 1
    assert "there is no level 3: the run has 2" in capsys.readouterr().err


def test_that_an_export_without_a_place_is_one_line(runs, tmp_path, capsys):
    (tmp_path / "mine").write_text("")
    assert main(["export", "first", str(tmp_path), "--runs", str(runs)]) == 1
    assert capsys.readouterr().err == f"vpns: {tmp_path} is not empty: choose a new folder for the export\n"
