"""The whole demo from a terminal, at few epochs: run, stop, show, export, and the exported example on its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vpns_engine.artifacts import read_array
from vpns_engine.store import RunLibrary, RunStore

ROOT = Path(__file__).parents[2]


def vpns(*words: str, runs: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command(*words, runs=runs), capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def command(*words: str, runs: Path) -> list[str]:
    return [sys.executable, "-m", "vpns_engine", *words, "--runs", str(runs)]


def only_run(runs: Path) -> RunStore:
    (folder,) = RunLibrary(runs).runs()
    return RunStore.open(folder)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    words = "run --preset digits --search-epochs 2 --finetune-epochs 3 --threads 1 --sparsity 90,80 --canvas 20 --seed 9"
    told = vpns(*words.split(), runs=folder).stdout
    assert f"finished: {only_run(folder).folder}" in told
    assert "  epoch 2/3  " in told and "\r" not in told
    return folder


def test_that_the_run_can_be_shown(runs):
    shown = vpns("show", "latest", runs=runs).stdout
    assert "272,624 scored weights" in shown and "Damaged" not in shown
    assert shown.count(" Tuned (") == 2 and shown.count(" Mask now, untuned (") == 2


@pytest.fixture(scope="module")
def exported(runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports") / "digits"
    told = vpns("export", "latest", str(folder), "--level", "1", runs=runs).stdout
    assert "re-read in a fresh process: the same logits" in told
    assert "27,263 of 272,624 scored weights kept; density 10.000 % in the file" in told
    return folder


def test_that_the_metrics_are_those_of_the_run(runs, exported):
    metrics = json.loads((exported / "metrics.json").read_text())
    level = only_run(runs).read().history.levels[0]
    assert metrics["test"]["accuracy"] == level.test("finetune").accuracy
    assert metrics["chosen_epoch"] == level.saved[-1].epoch
    assert metrics["layers"][0]["name"] == "conv1"


def test_that_the_exported_example_classifies_on_its_own(runs, exported, tmp_path):
    images = read_array(only_run(runs).path("artifacts/samples.safetensors"), "images")
    Image.fromarray(np.ascontiguousarray(images[0].transpose(1, 2, 0))).resize((90, 70)).save(tmp_path / "digit.png")
    shown = subprocess.run(
        [sys.executable, "-B", "example.py", str(tmp_path / "digit.png")],
        cwd=exported,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split(":")[0] for line in shown.stdout.splitlines()] == ["without prompt", "with prompt"]


def test_that_a_second_export_to_the_same_place_is_refused_and_the_first_stays(runs, exported):
    before = sorted(exported.iterdir())
    done = vpns("export", "latest", str(exported), runs=runs, code=1)
    assert done.stderr == f"vpns: {exported} is not empty: choose a new folder for the export\n"
    assert sorted(exported.iterdir()) == before


def test_that_the_config_in_an_export_repeats_the_run(runs, exported, tmp_path):
    vpns("run", "--config", str(exported), "--finetune-epochs", "1", "--sparsity", "90", runs=tmp_path)
    again, first = only_run(tmp_path), only_run(runs)
    assert again.config.prompt == first.config.prompt and again.config.seed == 9
    masks = [read_array(store.path("artifacts/density_0.1/search/state.safetensors"), "masks/fc") for store in (again, first)]
    np.testing.assert_array_equal(*masks)


def stop_when_told(runs: Path, line: str, *words: str) -> tuple[int, str, str]:
    """Start a run, press Ctrl-C once when it has written `line`, and wait for its end."""
    process = subprocess.Popen(
        command("run", "--preset", "digits", "--threads", "1", *words, runs=runs),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    told = ""
    for text in process.stdout:
        told += text
        if text.startswith(line):
            process.send_signal(signal.SIGINT)
            break
    rest, errors = process.communicate(timeout=120)
    return process.returncode, told + rest, errors


def test_that_ctrl_c_in_the_search_keeps_the_mask_for_an_untuned_export(tmp_path):
    code, told, errors = stop_when_told(tmp_path / "runs", "  epoch 1/500", "--search-epochs", "500")
    assert code == 130 and "stopped: " in told
    assert "the result so far is kept" in errors and "Traceback" not in errors
    store = only_run(tmp_path / "runs")
    assert store.read_info().status == "stopped"
    assert not store.read().history.levels[0].saved[-1].complete
    vpns("export", store.folder.name, str(tmp_path / "out"), runs=tmp_path / "runs")
    card = (tmp_path / "out" / "README.md").read_text()
    assert "**UNTUNED.**" in card and "stopped before that phase was complete" in card


def test_that_ctrl_c_in_the_tuning_keeps_its_best_epoch(tmp_path):
    words = ("--search-epochs", "1", "--finetune-epochs", "500")
    code, _, _ = stop_when_told(tmp_path / "runs", "  epoch 2/500", *words)
    assert code == 130
    saved = only_run(tmp_path / "runs").read().history.levels[0].saved
    assert [item.complete for item in saved] == [True, False]
    assert saved[-1].epoch >= 1
    vpns("export", "latest", str(tmp_path / "out"), runs=tmp_path / "runs")
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (metrics["stage"], metrics["tuned"], metrics["complete"], metrics["test"]) == ("finetune", True, False, None)


def test_that_a_run_that_cannot_work_is_one_line_and_code_1(tmp_path):
    done = vpns("run", "--folder", str(tmp_path / "nowhere"), runs=tmp_path / "runs", code=1)
    assert done.stderr.startswith("vpns: ") and done.stderr.count("\n") == 1
    assert only_run(tmp_path / "runs").read_info().status == "failed"
    vpns("show", "latest", runs=tmp_path / "runs")


def test_that_a_folder_of_runs_that_cannot_be_made_is_one_line_and_code_1(tmp_path):
    (tmp_path / "file").write_text("")
    done = vpns("run", "--preset", "digits", runs=tmp_path / "file" / "runs", code=1)
    assert done.stderr.startswith("vpns: ") and done.stderr.count("\n") == 1
